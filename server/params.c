/*
 * Reading small bodies into named fields. Ignorant of what the fields mean.
 */
#include "server/params.h"

static void refuse(struct params *p, const char *text, struct slice name)
{
	if (p->fault.kind == ERR_NONE)
		(void)err_set(&p->fault, ERR_INPUT, "field \"%.*s\" %s",
			      (int)(name.n < 64 ? name.n : 64), name.p, text);
}

static void add(struct params *p, struct slice name, struct slice value, bool nested)
{
	for (size_t i = 0; i < p->n; i++)
		if (slice_eq(p->item[i].name, name)) {
			refuse(p, "is given twice", name);
			return;
		}
	if (p->n == PARAMS_MAX) {
		refuse(p, "is one too many", name);
		return;
	}
	p->item[p->n].name = name;
	p->item[p->n].value = value;
	p->item[p->n].nested = nested;
	p->n++;
}

/* An array or object as the JSON text it was written in. j stands behind its opening
 * token, whose text begins at `from`. */
static int nested(struct json *j, const char *from, struct slice *value_r, struct err *e)
{
	if (json_leave(j, e) < 0)
		return -1;
	*value_r = (struct slice){ from, (size_t)(j->rest.p - from) };
	return 0;
}

static int member(struct json *j, struct slice name, struct params *p, struct err *e)
{
	struct json_token t;

	if (json_next(j, &t, e) < 0)
		return -1;
	switch (t.kind) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		if (nested(j, j->rest.p - 1, &t.text, e) < 0)
			return -1;
		add(p, name, t.text, true);
		break;
	case JSON_TRUE:
		add(p, name, SLICE("true"), false);
		break;
	case JSON_FALSE:
		add(p, name, SLICE("false"), false);
		break;
	case JSON_NULL:
		add(p, name, (struct slice){ NULL, 0 }, false);
		break;
	default:
		add(p, name, t.text, false);
		break;
	}
	return 0;
}

int params_object(struct json *j, struct params *p, struct err *e)
{
	struct json_token t;

	while (json_next(j, &t, e) == 0)
		if (t.kind == JSON_OBJECT_END)
			return 0;
		else if (member(j, t.text, p, e) < 0)
			return -1;
	return -1;
}

static int read_json(const struct request *r, struct params *p, struct err *e)
{
	struct json j;
	struct json_token t;

	json_init(&j, buf_slice(&r->body.mem), r->arena);
	if (json_next(&j, &t, e) < 0)
		return -1;
	if (t.kind != JSON_OBJECT)
		return err_set(e, ERR_INPUT, "the body must be a JSON object");
	return params_object(&j, p, e) < 0 ? -1 : json_next(&j, &t, e);
}

static int read_form(const struct request *r, struct params *p, struct err *e)
{
	struct slice rest = buf_slice(&r->body.mem), name, value;
	int got;

	while ((got = url_pair_next(&rest, r->arena, &name, &value, e)) == PARSE_MORE)
		add(p, name, value, false);
	return got < 0 ? -1 : 0;
}

int params_read(const struct request *r, struct params *p, struct response *res)
{
	struct slice type = request_media_type(r);
	struct err e = { .kind = ERR_NONE };
	int got;

	p->n = 0;
	p->fault.kind = ERR_NONE;
	if (r->body.size == 0)
		return 0;
	if (slice_eq_nocase(type, SLICE("application/json"))) {
		got = read_json(r, p, &e);
	} else if (slice_eq_nocase(type, SLICE("application/x-www-form-urlencoded"))) {
		got = read_form(r, p, &e);
	} else {
		response_error(res, 415, "unsupported_media_type",
			       "send the fields as application/json or as "
			       "application/x-www-form-urlencoded");
		return -1;
	}
	if (got == 0 && p->fault.kind != ERR_NONE) {
		e = p->fault;
		got = -1;
	}
	if (got < 0)
		response_failure(res, "bad_body", &e);
	return got;
}

struct slice params_get(const struct params *p, struct slice name)
{
	for (size_t i = 0; i < p->n; i++)
		if (slice_eq(p->item[i].name, name))
			return p->item[i].value;
	return (struct slice){ NULL, 0 };
}

int params_flat(const struct params *p, struct slice but, struct err *e)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->item[i].nested && !slice_eq(p->item[i].name, but))
			return err_set(
				e, ERR_INPUT,
				"field \"%.*s\" must be a text, not a list or an object",
				(int)(p->item[i].name.n < 64 ? p->item[i].name.n : 64),
				p->item[i].name.p);
	return 0;
}

int params_scalars(const struct params *p, struct slice but, struct response *res)
{
	struct err e = { .kind = ERR_NONE };

	if (params_flat(p, but, &e) == 0)
		return 0;
	response_failure(res, "bad_field", &e);
	return -1;
}
