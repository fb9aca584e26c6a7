/*
 * Batch sessions: what a station works in, from its beginning to its lists.
 */
#include "server/check.h"
#include "server/fields.h"
#include "server/handle.h"
#include "server/params.h"

enum { LABEL = 100, LIST_MAX = 500, PAGE_MAX = 1000 };

/* JSON sends an array, a form "1,2": the statement reads an array. */
static struct slice uploads_json(struct slice v, struct arena *a)
{
	if (v.n == 0 || v.p[0] == '[')
		return v;
	return arena_printf(a, "[%.*s]", (int)v.n, v.p);
}

static int check_uploads(struct slice v, struct err *e)
{
	for (size_t i = 0; i < v.n; i++)
		if (strchr("[]0123456789, \t\r\n", v.p[i]) == NULL)
			return err_set(
				e, ERR_INPUT,
				"field \"uploads\" must be a list of uploads' numbers");
	return 0;
}

static int check_ready(struct slice v, struct err *e)
{
	if (v.n == 0 || slice_eq(v, SLICE("true")) || slice_eq(v, SLICE("false")))
		return 0;
	return err_set(e, ERR_INPUT, "field \"batch_ready\" must be true or false");
}

static int check_key(struct slice v, struct err *e)
{
	return v.n == 0 ? 0 : check_uuid("session_key", v, e);
}

void handle_session_create(struct handle_env *env, struct request *req,
			   struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct slice v[5];
	struct params p;

	if (params_read(req, &p, res) < 0 ||
	    params_scalars(&p, SLICE("uploads"), res) < 0)
		return;
	v[0] = params_get(&p, SLICE("scanned_by"));
	if (v[0].n == 0)
		v[0] = req->user.name;
	v[1] = params_get(&p, SLICE("station"));
	v[2] = uploads_json(params_get(&p, SLICE("uploads")), req->arena);
	v[3] = params_get(&p, SLICE("batch_ready"));
	v[4] = params_get(&p, SLICE("session_key"));
	if (check_label("scanned_by", v[0], LABEL, &e) < 0 ||
	    check_label("station", v[1], LABEL, &e) < 0 || check_uploads(v[2], &e) < 0 ||
	    check_ready(v[3], &e) < 0 || check_key(v[4], &e) < 0) {
		response_failure(res, "bad_field", &e);
		return;
	}
	if (v[3].n == 0)
		v[3] = (struct slice){ NULL, 0 };
	handle_stmt(env, STMT_SESSION_CREATE, v, 5, req, res);
}

int handle_session_id(const struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct slice id = req->segment[0];

	if (check_id("id", id, &e) == 0)
		return 0;
	response_error(res, 404, "session_not_found", "there is no session \"%.*s\"",
		       (int)(id.n < 40 ? id.n : 40), id.p);
	return -1;
}

/* A statement about the session of the path: its id, then the fields. */
static void about(struct handle_env *env, enum stmt_id id, const struct field_rule *f,
		  size_t n, struct request *req, struct response *res)
{
	struct slice v[8] = { req->segment[0] };

	if (handle_session_id(req, res) == 0 && fields_read(req, f, n, v + 1, res) == 0)
		handle_stmt(env, id, v, n + 1, req, res);
}

void handle_session_get(struct handle_env *env, struct request *req, struct response *res)
{
	static const struct field_rule fields[] = {
		{ .name = "since", .kind = FIELD_ID },
		{ .name = "breakdown", .kind = FIELD_SWITCH },
	};

	about(env, STMT_SESSION_GET, fields, 2, req, res);
}

void handle_session_list(struct handle_env *env, struct request *req,
			 struct response *res)
{
	static const struct field_rule fields[] = {
		{ .name = "state",
		  .kind = FIELD_WORD,
		  .words = "open|dispatched|cancelled" },
		{ .name = "station", .kind = FIELD_LABEL },
		{ .name = "scanned_by", .kind = FIELD_LABEL },
		{ .name = "from", .kind = FIELD_TIME },
		{ .name = "to", .kind = FIELD_TIME },
		{ .name = "q", .kind = FIELD_LABEL },
		{ .name = "limit", .kind = FIELD_LIMIT, .max = LIST_MAX },
		{ .name = "cursor", .kind = FIELD_ID },
	};
	struct slice v[8];

	if (fields_read(req, fields, 8, v, res) == 0)
		handle_stmt(env, STMT_SESSION_LIST, v, 8, req, res);
}

void handle_session_missing(struct handle_env *env, struct request *req,
			    struct response *res)
{
	static const struct field_rule fields[] = {
		{ .name = "limit", .kind = FIELD_LIMIT, .max = PAGE_MAX },
		{ .name = "cursor", .kind = FIELD_ID },
	};

	about(env, STMT_SESSION_MISSING, fields, 2, req, res);
}

void handle_session_scans(struct handle_env *env, struct request *req,
			  struct response *res)
{
	static const struct field_rule fields[] = {
		{ .name = "result",
		  .kind = FIELD_WORD,
		  .words = "valid|duplicate|not_found|on_hold|already_dispatched|"
			   "wrong_status|session_closed|invalid" },
		{ .name = "limit", .kind = FIELD_LIMIT, .max = PAGE_MAX },
		{ .name = "cursor", .kind = FIELD_ID },
		{ .name = "order", .kind = FIELD_WORD, .words = "newest|oldest" },
	};

	about(env, STMT_SESSION_SCANS, fields, 4, req, res);
}

void handle_session_cancel(struct handle_env *env, struct request *req,
			   struct response *res)
{
	static const struct field_rule fields[] = {
		{ .name = "by", .kind = FIELD_BY },
		{ .name = "reason", .kind = FIELD_LABEL },
	};

	about(env, STMT_SESSION_CANCEL, fields, 2, req, res);
}

void handle_session_resume(struct handle_env *env, struct request *req,
			   struct response *res)
{
	static const struct field_rule fields[] = { { .name = "by",
						      .kind = FIELD_LABEL } };

	about(env, STMT_SESSION_RESUME, fields, 1, req, res);
}
