/*
 * Fields by a table. Ignorant of what they mean.
 */
#include "server/fields.h"

#include "parse/waybill.h"
#include "server/check.h"
#include "server/params.h"

enum { LABEL = 200 };

/* v against "open|closed". */
static bool is_word(struct slice v, const char *words)
{
	struct slice rest = slice_str(words);

	while (rest.n > 0) {
		const char *bar = slice_find(rest, '|');
		struct slice word =
			slice_take(&rest, bar == NULL ? rest.n : (size_t)(bar - rest.p));

		if (slice_eq(v, word))
			return true;
		(void)slice_take(&rest, 1);
	}
	return false;
}

static int check_switch(const char *name, struct slice *v, struct err *e)
{
	if (is_word(*v, "true|1|yes|on"))
		*v = SLICE("true");
	else if (is_word(*v, "false|0|no|off"))
		*v = SLICE("false");
	else
		return err_set(e, ERR_INPUT, "field \"%s\" must be true or false", name);
	return 0;
}

static int check_limit(const struct field_rule *f, struct slice v, struct err *e)
{
	uint64_t n = 0;

	if (check_id(f->name, v, e) < 0)
		return -1;
	for (size_t i = 0; i < v.n; i++)
		n = n * 10 + (uint64_t)(v.p[i] - '0');
	if (n == 0 || n > f->max)
		return err_set(e, ERR_INPUT, "field \"%s\" must be from 1 to %u", f->name,
			       f->max);
	return 0;
}

static int check(const struct field_rule *f, struct arena *a, struct slice *v,
		 struct err *e)
{
	switch (f->kind) {
	case FIELD_BY:
	case FIELD_LABEL:
		return check_label(f->name, *v, LABEL, e);
	case FIELD_ID:
		return check_id(f->name, *v, e);
	case FIELD_LIMIT:
		return check_limit(f, *v, e);
	case FIELD_TIME:
		return check_time(f->name, *v, e);
	case FIELD_SWITCH:
		return check_switch(f->name, v, e);
	case FIELD_WORD:
		if (is_word(*v, f->words))
			return 0;
		return err_set(e, ERR_INPUT, "field \"%s\" must be one of %s", f->name,
			       f->words);
	case FIELD_NUMBER:
		if (waybill_number_normalise(*v, a, v, e) == 0)
			return 0;
		return err_prefix(e, "field \"%s\"", f->name);
	}
	return -1;
}

int fields_read(const struct request *req, const struct field_rule *f, size_t n,
		struct slice *v, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct params p;

	if (params_read(req, &p, res) < 0 || params_scalars(&p, SLICE(""), res) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		v[i] = params_get(&p, slice_str(f[i].name));
		if (v[i].p == NULL &&
		    request_query(req, slice_str(f[i].name), &v[i], &e) < 0)
			break;
		if (v[i].n == 0)
			v[i] = (struct slice){ NULL, 0 };
		if (f[i].kind == FIELD_BY)
			v[i] = request_actor(req, v[i]);
		if (v[i].p != NULL && check(&f[i], req->arena, &v[i], &e) < 0)
			break;
	}
	if (e.kind == ERR_NONE)
		return 0;
	response_failure(res, "bad_field", &e);
	return -1;
}
