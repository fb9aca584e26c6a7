/*
 * The dispatch of a session: always a task. How long it takes is known only once it has
 * the session's lock, which waits for an import that holds one of its parcels as well; a
 * fork and a connection (some 20 ms) are nothing beside what a dispatch is for, and one
 * way is easier to trust than two.
 */
#include "server/check.h"
#include "server/fields.h"
#include "server/handle.h"
#include "server/log.h"

#include <inttypes.h>

enum { HOLD_MISSING, DRY_RUN, BY, FIELDS };

/* The columns of session_dispatch.sql. */
enum { STATUS, BODY, SETTLE, ALREADY };

/* One statement in a transaction that may take as long as a task. */
static int run_long(struct handle_env *env, enum stmt_id id, const struct slice *v,
		    size_t n, struct arena *a, struct stmt_result *r, struct err *e)
{
	struct slice more[2] = { arena_printf(a, "%" PRIu32, env->cfg->task_timeout),
				 SLICE("64MB") };
	struct err ignored = { .kind = ERR_NONE };
	struct stmt_result none;

	if (stmt_run(env->db, STMT_BEGIN, NULL, 0, a, &none, e) == 0 &&
	    stmt_run(env->db, STMT_LONG_WORK, more, 2, a, &none, e) == 0 &&
	    stmt_run(env->db, id, v, n, a, r, e) == 0 &&
	    stmt_run(env->db, STMT_COMMIT, NULL, 0, a, &none, e) == 0)
		return r->rows == 1 ? 0
				    : err_set(e, ERR_INTERNAL,
					      "the statement gave %zu rows", r->rows);
	if (stmt_run(env->db, STMT_ROLLBACK, NULL, 0, a, &none, &ignored) < 0)
		log_line(LOG_DEBUG, "rollback: %s", ignored.text);
	return -1;
}

static unsigned code(struct slice s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n && i < 3; i++)
		n = n * 10 + (unsigned)(s.p[i] - '0');
	return n;
}

static int dispatch(struct handle_env *env, struct request *req, const struct slice v[4],
		    struct stmt_result *r, struct err *e)
{
	struct slice settle[2] = { v[0] };

	db_patience(env->db, env->cfg->task_timeout);
	if (run_long(env, STMT_SESSION_DISPATCH, v, 4, req->arena, r, e) < 0)
		return -1;
	if (!slice_eq(stmt_value(r, 0, SETTLE), SLICE("t")))
		return 0;
	settle[1] = stmt_value(r, 0, ALREADY);
	return run_long(env, STMT_SESSION_SETTLE, settle, 2, req->arena, r, e);
}

void handle_session_dispatch(struct handle_env *env, struct request *req,
			     struct response *res)
{
	static const struct field_rule fields[FIELDS] = {
		[HOLD_MISSING] = { .name = "hold_missing", .kind = FIELD_SWITCH },
		[DRY_RUN] = { .name = "dry_run", .kind = FIELD_SWITCH },
		[BY] = { .name = "by", .kind = FIELD_BY },
	};
	struct err e = { .kind = ERR_NONE };
	struct slice v[1 + FIELDS] = { req->segment[0] };
	struct stmt_result r;

	if (check_id("id", v[0], &e) < 0) {
		response_error(res, 404, "session_not_found", "there is no such session");
		return;
	}
	if (fields_read(req, fields, FIELDS, v + 1, res) < 0)
		return;
	if (dispatch(env, req, v, &r, &e) < 0) {
		log_line(LOG_ERROR, "session_dispatch %.*s: %s", (int)req->id.n,
			 req->id.p, e.text);
		handle_failure(env, &e, res);
		return;
	}
	response_json(res, code(stmt_value(&r, 0, STATUS)), stmt_value(&r, 0, BODY));
}
