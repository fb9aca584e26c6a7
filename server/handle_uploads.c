/*
 * Uploads that are there: their list, one's state, and what may still be done about it.
 */
#include "server/check.h"
#include "server/handle.h"
#include "server/log.h"
#include "server/params.h"

enum { LABEL = 100, SEARCH = 200, LIMIT_MAX = 200 };

/* "" is as good as absent. */
static int query(struct request *req, struct slice name, struct slice *v, struct err *e)
{
	if (request_query(req, name, v, e) < 0)
		return -1;
	if (v->n == 0)
		v->p = NULL;
	return 0;
}

static int check_limit(struct slice *v, struct err *e)
{
	unsigned long n;

	if (v->p == NULL)
		*v = SLICE("50");
	if (check_id("limit", *v, e) < 0)
		return -1;
	n = strtoul(v->p, NULL, 10);
	return n > 0 && n <= LIMIT_MAX
		       ? 0
		       : err_set(e, ERR_INPUT, "field \"limit\" must be 1 to %d",
				 (int)LIMIT_MAX);
}

static int check_state(struct slice v, struct err *e)
{
	static const struct slice states[] = {
		SLICE_INIT("queued"), SLICE_INIT("processing"), SLICE_INIT("completed"),
		SLICE_INIT("failed"), SLICE_INIT("cancelled")
	};

	for (size_t i = 0; v.p != NULL && i < sizeof(states) / sizeof(states[0]); i++)
		if (slice_eq(v, states[i]))
			return 0;
	return v.p == NULL ? 0
			   : err_set(e, ERR_INPUT,
				     "field \"state\" must be queued, processing, "
				     "completed, failed or cancelled");
}

void handle_upload_list(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct slice v[4];

	if (query(req, SLICE("limit"), &v[0], &e) < 0 ||
	    query(req, SLICE("cursor"), &v[1], &e) < 0 ||
	    query(req, SLICE("state"), &v[2], &e) < 0 ||
	    query(req, SLICE("q"), &v[3], &e) < 0 || check_limit(&v[0], &e) < 0 ||
	    check_id("cursor", v[1], &e) < 0 || check_state(v[2], &e) < 0 ||
	    check_label("q", v[3], SEARCH, &e) < 0)
		response_failure(res, "bad_field", &e);
	else
		handle_stmt(env, STMT_UPLOAD_LIST, v, 4, req, res);
}

/* The id or key in the path; false with the answer written. */
static bool upload_named(const struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };

	if (check_label("upload", req->segment[0], 255, &e) == 0)
		return true;
	response_failure(res, "bad_field", &e);
	return false;
}

void handle_upload_get(struct handle_env *env, struct request *req, struct response *res)
{
	if (upload_named(req, res))
		handle_stmt(env, STMT_UPLOAD_GET, req->segment, 1, req, res);
}

/* The upload, and who wants something done about it: v[2]. */
static bool action(const struct request *req, struct slice v[2], struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct params p;

	if (!upload_named(req, res) || params_read(req, &p, res) < 0)
		return false;
	v[0] = req->segment[0];
	v[1] = request_actor(req, params_get(&p, SLICE("by")));
	if (check_label("by", v[1], LABEL, &e) == 0)
		return true;
	response_failure(res, "bad_field", &e);
	return false;
}

void handle_upload_cancel(struct handle_env *env, struct request *req,
			  struct response *res)
{
	struct slice v[2];

	if (action(req, v, res))
		handle_stmt(env, STMT_UPLOAD_CANCEL, v, 2, req, res);
}

void handle_upload_retry(struct handle_env *env, struct request *req,
			 struct response *res)
{
	struct slice v[2];

	if (action(req, v, res))
		handle_stmt(env, STMT_UPLOAD_RETRY, v, 2, req, res);
}

/* As long as a large upload takes. */
static int undo_begin(struct handle_env *env, struct request *req, struct err *e)
{
	struct slice more[2] = { arena_printf(req->arena, "%u",
					      (unsigned)env->cfg->task_timeout),
				 SLICE("64MB") };
	struct stmt_result r;

	db_patience(env->db, env->cfg->task_timeout);
	if (stmt_run(env->db, STMT_BEGIN, NULL, 0, req->arena, &r, e) < 0)
		return -1;
	return stmt_run(env->db, STMT_LONG_WORK, more, 2, req->arena, &r, e);
}

void handle_upload_undo(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct stmt_result r;
	struct slice v[2];

	if (!action(req, v, res))
		return;
	if (undo_begin(env, req, &e) == 0)
		handle_stmt(env, STMT_UPLOAD_UNDO, v, 2, req, res);
	if (e.kind == ERR_NONE && res->status == 200 &&
	    stmt_run(env->db, STMT_COMMIT, NULL, 0, req->arena, &r, &e) == 0)
		return;
	if (e.kind != ERR_NONE) {
		log_line(LOG_ERROR, "upload_undo %.*s: %s", (int)req->id.n, req->id.p,
			 e.text);
		handle_failure(env, &e, res);
	}
}
