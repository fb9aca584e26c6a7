/*
 * What handlers share: a statement whose answer is passed through.
 */
#include "server/handle.h"

#include "server/health.h"
#include "server/log.h"
#include "server/router.h"

void handle_failure(struct handle_env *env, const struct err *e, struct response *res)
{
	bool away = db_socket(env->db) < 0;

	if (away && (e->kind == ERR_TRANSIENT || e->kind == ERR_UNCERTAIN))
		health_note(env->slots, false);
	if (!away && e->kind == ERR_TRANSIENT) {
		/* A lock, a deadlock or a time-out: this request's trouble, not the
		 * host's. */
		response_error(
			res, 503, "busy",
			"the database is busy with the same parcels just now; nothing "
			"was changed; try again in a moment");
		response_field(res, "Retry-After", SLICE("2"));
	} else if (e->kind == ERR_INPUT) {
		/* PostgreSQL's words are for the log. */
		response_error(res, 400, "bad_value",
			       "one of the values cannot be read; nothing was changed");
	} else {
		response_failure(res, "bad_value", e);
	}
}

unsigned handle_status(struct slice text)
{
	unsigned code = 0;

	for (size_t i = 0; i < text.n && i < 3; i++)
		code = code * 10 + (unsigned)(text.p[i] - '0');
	return code;
}

static void answer(struct handle_env *env, struct db_read *read, enum stmt_id id,
		   const struct slice *params, size_t n_params, struct request *req,
		   struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct stmt_result r;

	if (db_read_run(read, env->db, id, params, n_params, req->arena, &r, &e) < 0) {
		log_line(e.kind == ERR_INPUT ? LOG_INFO : LOG_ERROR, "%s %.*s: %s",
			 req->route->name, (int)req->id.n, req->id.p, e.text);
		handle_failure(env, &e, res);
		return;
	}
	/* What a standby answers tells nothing of the database. */
	if (read == NULL)
		health_note(env->slots, true);
	if (r.rows != 1 || r.columns != 2) {
		log_line(LOG_ERROR, "%s %.*s: the statement gave %zu rows of %zu columns",
			 req->route->name, (int)req->id.n, req->id.p, r.rows, r.columns);
		response_error(res, 500, "internal_error",
			       "something went wrong on the server; the log names it "
			       "under this request's id");
		return;
	}
	response_json(res, handle_status(stmt_value(&r, 0, 0)), stmt_value(&r, 0, 1));
}

void handle_stmt(struct handle_env *env, enum stmt_id id, const struct slice *params,
		 size_t n_params, struct request *req, struct response *res)
{
	answer(env, NULL, id, params, n_params, req, res);
}

void handle_stmt_read(struct handle_env *env, enum stmt_id id, const struct slice *params,
		      size_t n_params, struct request *req, struct response *res)
{
	answer(env, env->read, id, params, n_params, req, res);
}
