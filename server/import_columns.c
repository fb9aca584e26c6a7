/*
 * The choice of columns, and its memory. Ignorant of what is in the columns.
 */
#include "server/import_columns.h"

#include "parse/json_write.h"
#include "server/log.h"
#include "server/stmt.h"

enum { CHOICE_JSON = 256 * 1024 };

/* Adding to a choice is for whoever has just made it. */
static struct column_choice *choice_of(struct import_options *o, struct arena *a)
{
	struct column_choice *c = arena_alloc(a, sizeof(*c));

	if (c != NULL && o->columns != NULL)
		*c = *o->columns;
	return c;
}

int import_columns_option(struct import_options *o, struct slice text, struct arena *a,
			  struct err *e)
{
	struct column_choice *c;

	if (text.n == 0)
		return 0;
	if (slice_eq_nocase(text, SLICE("automatic"))) {
		o->columns_automatic = true;
	} else {
		c = choice_of(o, a);
		if (c == NULL)
			return err_set(e, ERR_LIMIT, "columns: too much is chosen");
		if (column_choice_add(c, text, a, e) < 0)
			return -1;
		o->columns = c;
	}
	if (o->columns_automatic && o->columns != NULL)
		return err_set(e, ERR_INPUT,
			       "columns: choose some, or \"automatic\", not both");
	return 0;
}

static int put_columns(const struct import_options *o, struct buf *b, struct err *e)
{
	if (o->columns == NULL && !o->columns_automatic)
		return 0;
	if (json_write_key(b, SLICE("columns"), e) < 0)
		return -1;
	return o->columns == NULL ? json_write_string(b, SLICE("automatic"), e)
				  : column_choice_json(o->columns, b, e);
}

struct slice import_columns_reading(const struct import_options *o, struct arena *a)
{
	struct slice json = { NULL, 0 };
	struct err e = { 0 };
	struct buf b;

	buf_init(&b, CHOICE_JSON);
	if (json_write_object(&b, &e) == 0 &&
	    (o->sheet.n == 0 || (json_write_key(&b, SLICE("sheet"), &e) == 0 &&
				 json_write_string(&b, o->sheet, &e) == 0)) &&
	    put_columns(o, &b, &e) == 0 && json_write_object_end(&b, &e) == 0)
		json = arena_dup(a, buf_slice(&b));
	buf_release(&b);
	return json;
}

/* The keys of a file's first rows as a JSON array. */
static int keys_json(struct table *t, struct slice sheet, struct buf *b, struct err *e)
{
	char key[COLUMNS_KEYS][SHA256_HEX];
	size_t n;

	if (columns_keys(t, sheet, key, &n, e) < 0 || json_write_array(b, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (json_write_string(b, slice_str(key[i]), e) < 0)
			return -1;
	return json_write_array_end(b, e);
}

/* What is remembered for one of the file's first rows. 1 with r, 0 nothing, -1. */
static int recall(struct db *db, struct table *t, struct slice sheet, struct arena *a,
		  struct stmt_result *r, struct err *e)
{
	struct slice keys;
	struct buf b;
	int rc = -1;

	buf_init(&b, CHOICE_JSON);
	if (keys_json(t, sheet, &b, e) == 0) {
		keys = buf_slice(&b);
		rc = stmt_run(db, STMT_COLUMNS_RECALL, &keys, 1, a, r, e);
	}
	buf_release(&b);
	return rc < 0 ? -1 : r->rows > 0;
}

/* Finds the columns as they were chosen before: 1, or 0 when they do not fit any more. */
static int find_recalled(struct table *t, struct slice sheet, const struct stmt_result *r,
			 struct arena *a, struct columns *c_r, struct slice *sheet_r,
			 struct import_chosen *chosen_r)
{
	struct column_choice *choice = arena_alloc(a, sizeof(*choice));
	struct err e = { 0 };

	if (choice == NULL || column_choice_add(choice, stmt_value(r, 0, 1), a, &e) < 0 ||
	    columns_find_chosen(t, sheet, choice, a, c_r, sheet_r, &e) < 0) {
		log_line(LOG_DEBUG, "columns chosen before: %s", e.text);
		return 0;
	}
	/* What names the most fields may be another row or sheet than the one meant. */
	if (!slice_eq(slice_str(c_r->key), stmt_value(r, 0, 0)))
		return 0;
	*chosen_r = (struct import_chosen){ choice->n, stmt_value(r, 0, 2),
					    stmt_value(r, 0, 3) };
	return 1;
}

int import_columns_find(struct db *db, struct table *t, const struct import_options *o,
			struct arena *a, struct columns *c_r, struct slice *sheet_r,
			struct import_chosen *chosen_r, struct err *e)
{
	struct stmt_result r;
	int known = 0;

	*chosen_r = (struct import_chosen){ o->columns == NULL ? 0 : o->columns->n,
					    { NULL, 0 },
					    { NULL, 0 } };
	if (chosen_r->n == 0 && !o->columns_automatic) {
		known = recall(db, t, o->sheet, a, &r, e);
		if (known < 0)
			return -1;
	}
	if (known > 0 && find_recalled(t, o->sheet, &r, a, c_r, sheet_r, chosen_r) > 0)
		return 0;
	return columns_find_chosen(t, o->sheet, o->columns, a, c_r, sheet_r, e);
}

int import_columns_json(const struct columns *c, struct buf *b, struct err *e)
{
	buf_drop(b, b->n);
	if (json_write_object(b, e) < 0)
		return -1;
	for (enum field f = 0; f < FIELD_COUNT; f++)
		if (f != FIELD_WAYBILL_NUMBER && c->of[f] >= 0 &&
		    (json_write_key(b, slice_str(field_name(f)), e) < 0 ||
		     json_write_string(b, c->column[c->of[f]].heading, e) < 0))
			return -1;
	return json_write_object_end(b, e);
}

static int remember(struct db *db, const struct import_options *o,
		    const struct columns *c, struct arena *a, struct err *e)
{
	struct slice by = o->uploaded_by;
	struct stmt_result r;
	struct buf b;
	int rc = -1;

	buf_init(&b, CHOICE_JSON);
	if (column_choice_json(o->columns, &b, e) == 0) {
		const struct slice v[3] = { slice_str(c->key), buf_slice(&b),
					    by.n > 0 ? by : (struct slice){ NULL, 0 } };

		rc = stmt_run(db, STMT_COLUMNS_REMEMBER, v, 3, a, &r, e);
	}
	buf_release(&b);
	return rc;
}

int import_columns_keep(struct db *db, const struct import_options *o,
			const struct columns *c, struct arena *a, struct err *e)
{
	struct slice key = slice_str(c->key);
	struct stmt_result r;

	if (o->columns != NULL && o->columns->n > 0)
		return remember(db, o, c, a, e);
	return o->columns_automatic ? stmt_run(db, STMT_COLUMNS_FORGET, &key, 1, a, &r, e)
				    : 0;
}
