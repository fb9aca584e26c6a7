/*
 * Requests into the audit log. Ignorant of what each of them did.
 */
#include "server/audit.h"

#include "server/log.h"
#include "server/router.h"

/* The parameters of sql/query/audit_write.sql, behind the actor. */
enum { ACTION = AUDIT_ACTOR, SUBJECT, PATH, STATUS, ANSWER, PARAMS };

enum { READ_ANSWER = 64 * 1024 };

void audit_actor(const struct request *req, struct slice to[AUDIT_ACTOR])
{
	to[0] = req->user.id;
	to[1] = req->user.name;
	to[2] = slice_str(req->peer);
	to[3] = req->id;
}

static bool is_deed(const struct handle_env *env, const struct request *req,
		    const struct response *res)
{
	return env->cfg->auth && req->head.method != HTTP_GET &&
	       req->head.method != HTTP_HEAD &&
	       (req->route->flags & ROUTE_AUDITED) == 0 && res->status >= 200 &&
	       res->status < 300;
}

void audit_request(struct handle_env *env, struct request *req,
		   const struct response *res)
{
	struct slice v[PARAMS] = { { NULL, 0 } };
	struct err e = { .kind = ERR_NONE };
	struct stmt_result r;

	if (!is_deed(env, req, res))
		return;
	audit_actor(req, v);
	v[ACTION] = slice_str(req->route->name);
	v[SUBJECT] = req->segment[0];
	v[PATH] = req->url.path;
	v[STATUS] = arena_printf(req->arena, "%u", res->status);
	/* What was made has its number in the answer only. */
	if (slice_eq(res->content_type, SLICE("application/json")) &&
	    res->body.n <= READ_ANSWER)
		v[ANSWER] = res->body;
	if (stmt_run(env->db, STMT_AUDIT_WRITE, v, PARAMS, req->arena, &r, &e) < 0)
		log_line(LOG_ERROR, "%s %.*s: not in the audit log: %s (by %.*s, %.*s)",
			 req->route->name, (int)req->id.n, req->id.p, e.text,
			 (int)req->user.name.n, req->user.name.p, (int)v[PATH].n,
			 v[PATH].p);
}
