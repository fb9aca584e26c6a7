/*
 * What handlers share: a statement whose answer is passed through.
 */
#include "server/handle.h"

#include "server/health.h"
#include "server/log.h"
#include "server/router.h"

void handle_stmt(struct handle_env *env, enum stmt_id id, const struct slice *params,
		 size_t n_params, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct stmt_result r;
	struct slice status;
	unsigned code = 0;

	if (stmt_run(env->db, id, params, n_params, req->arena, &r, &e) < 0) {
		if (e.kind == ERR_TRANSIENT || e.kind == ERR_UNCERTAIN)
			health_note(env->slots, false);
		log_line(e.kind == ERR_INPUT ? LOG_INFO : LOG_ERROR, "%s %.*s: %s",
			 req->route->name, (int)req->id.n, req->id.p, e.text);
		response_failure(res, "bad_value", &e);
		return;
	}
	health_note(env->slots, true);
	if (r.rows != 1 || r.columns != 2) {
		response_error(res, 404, "not_found", "there is no such thing");
		return;
	}
	status = stmt_value(&r, 0, 0);
	for (size_t i = 0; i < status.n && i < 3; i++)
		code = code * 10 + (unsigned)(status.p[i] - '0');
	response_json(res, code, stmt_value(&r, 0, 1));
}
