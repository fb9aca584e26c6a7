/*
 * Columns as a person chose them. Ignorant of files: whether the headings are there,
 * columns says.
 */
#include "parse/column_choice.h"

#include "parse/json_token.h"
#include "parse/json_write.h"
#include "parse/text.h"

static int field_find(struct slice name, enum field *field_r, struct err *e)
{
	for (int f = 0; f <= FIELD_EXTRA; f++)
		if (slice_eq_nocase(name, slice_str(field_name((enum field)f)))) {
			*field_r = (enum field)f;
			return 0;
		}
	return err_set(e, ERR_INPUT, "columns: \"%.*s\" is no field",
		       name.n < 64 ? (int)name.n : 64, name.p);
}

/* Remarks are joined, and any number of columns may be kept out. */
static bool is_repeatable(enum field f)
{
	return f == FIELD_REMARKS || f == FIELD_EXTRA;
}

static int add(struct column_choice *c, struct slice name, struct slice heading,
	       struct arena *a, struct err *e)
{
	enum field field = FIELD_EXTRA;

	heading = text_trim(heading);
	if (field_find(slice_trim(name), &field, e) < 0)
		return -1;
	if (heading.n == 0 || heading.n > COLUMN_CHOICE_HEADING)
		return err_set(e, ERR_INPUT,
			       "columns: say which heading %s is, as in %s=Heading",
			       field_name(field), field_name(field));
	for (size_t i = 0; i < c->n; i++) {
		if (slice_eq(c->item[i].heading, heading))
			return err_set(e, ERR_INPUT,
				       "columns: heading \"%.*s\" is chosen twice",
				       heading.n < 64 ? (int)heading.n : 64, heading.p);
		if (c->item[i].field == field && !is_repeatable(field))
			return err_set(e, ERR_INPUT, "columns: field %s is chosen twice",
				       field_name(field));
	}
	if (c->n == COLUMN_CHOICE_MAX)
		return err_set(e, ERR_LIMIT, "columns: more than %d are chosen",
			       (int)COLUMN_CHOICE_MAX);
	heading = arena_dup(a, heading);
	if (heading.p == NULL)
		return err_set(e, ERR_LIMIT, "columns: too much is chosen");
	c->item[c->n].field = field;
	c->item[c->n++].heading = heading;
	return 0;
}

static int add_pair(struct column_choice *c, struct slice pair, struct arena *a,
		    struct err *e)
{
	struct slice name = slice_split(&pair, '=');

	return add(c, name, pair, a, e);
}

static int no_json(struct err *e)
{
	return err_set(
		e, ERR_INPUT,
		"columns: send field=heading, or a JSON object of fields and their "
		"headings");
}

/* The strings of an array whose opening token was read; without a name each is a pair. */
static int add_array(struct column_choice *c, struct json *j, const struct slice *name,
		     struct arena *a, struct err *e)
{
	struct json_token t;

	for (;;) {
		if (json_next(j, &t, e) < 0)
			return -1;
		if (t.kind == JSON_ARRAY_END)
			return 0;
		if (t.kind != JSON_STRING)
			return no_json(e);
		if ((name != NULL ? add(c, *name, t.text, a, e)
				  : add_pair(c, t.text, a, e)) < 0)
			return -1;
	}
}

static int add_object(struct column_choice *c, struct json *j, struct arena *a,
		      struct err *e)
{
	struct json_token key, t;

	for (;;) {
		if (json_next(j, &key, e) < 0)
			return -1;
		if (key.kind == JSON_OBJECT_END)
			return 0;
		if (json_next(j, &t, e) < 0)
			return -1;
		if (t.kind == JSON_ARRAY) {
			if (add_array(c, j, &key.text, a, e) < 0)
				return -1;
		} else if (t.kind != JSON_STRING) {
			return no_json(e);
		} else if (add(c, key.text, t.text, a, e) < 0) {
			return -1;
		}
	}
}

int column_choice_add(struct column_choice *c, struct slice text, struct arena *a,
		      struct err *e)
{
	struct err bad = { 0 };
	struct json_token t;
	struct json j;
	int rc;

	text = text_trim(text);
	if (!slice_starts(text, SLICE("{")) && !slice_starts(text, SLICE("[")))
		return add_pair(c, text, a, e);
	json_init(&j, text, a);
	rc = json_next(&j, &t, &bad);
	if (rc == 0)
		rc = t.kind == JSON_OBJECT ? add_object(c, &j, a, e)
					   : add_array(c, &j, NULL, a, e);
	if (rc == 0)
		rc = json_next(&j, &t, &bad);
	if (rc < 0 && e->kind == ERR_NONE)
		return no_json(e);
	return rc;
}

int column_choice_json(const struct column_choice *c, struct buf *b, struct err *e)
{
	char pair[32 + COLUMN_CHOICE_HEADING];

	if (json_write_array(b, e) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		(void)snprintf(pair, sizeof(pair), "%s=%.*s",
			       field_name(c->item[i].field), (int)c->item[i].heading.n,
			       c->item[i].heading.p);
		if (json_write_string(b, slice_str(pair), e) < 0)
			return -1;
	}
	return json_write_array_end(b, e);
}

size_t column_choice_find(const struct column_choice *c, struct slice heading)
{
	size_t alike = c->n;

	for (size_t i = c->n; i-- > 0;) {
		if (slice_eq(c->item[i].heading, heading))
			return i;
		if (slice_eq_nocase(c->item[i].heading, heading))
			alike = i;
	}
	return alike;
}
