/*
 * Batch sessions: what a station works in.
 */
#include "server/check.h"
#include "server/handle.h"
#include "server/params.h"

enum { LABEL = 100 };

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

void handle_session_create(struct handle_env *env, struct request *req,
			   struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct slice v[3];
	struct params p;

	if (params_read(req, &p, res) < 0 ||
	    params_scalars(&p, SLICE("uploads"), res) < 0)
		return;
	v[0] = params_get(&p, SLICE("scanned_by"));
	if (v[0].n == 0)
		v[0] = req->user.name;
	v[1] = params_get(&p, SLICE("station"));
	v[2] = uploads_json(params_get(&p, SLICE("uploads")), req->arena);
	if (check_label("scanned_by", v[0], LABEL, &e) < 0 ||
	    check_label("station", v[1], LABEL, &e) < 0 || check_uploads(v[2], &e) < 0) {
		response_failure(res, "bad_field", &e);
		return;
	}
	handle_stmt(env, STMT_SESSION_CREATE, v, 3, req, res);
}

void handle_session_get(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };

	if (check_id("id", req->segment[0], &e) < 0)
		response_error(res, 404, "session_not_found",
			       "there is no session \"%.*s\"",
			       (int)(req->segment[0].n < 40 ? req->segment[0].n : 40),
			       req->segment[0].p);
	else
		handle_stmt(env, STMT_SESSION_GET, req->segment, 1, req, res);
}
