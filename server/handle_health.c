/*
 * Liveness for the load balancer, readiness for deployments.
 */
#include "server/handle.h"
#include "server/migrate.h"

static void text(struct response *res, unsigned status, struct slice body)
{
	response_body(res, status, SLICE("text/plain; charset=utf-8"), body);
	response_field(res, "Cache-Control", SLICE("no-store"));
}

void handle_health(struct handle_env *env, struct request *req, struct response *res)
{
	struct slots_shared *shared = slots_shared(env->slots);

	(void)req;
	if (slots_leaves(env->slots))
		text(res, 503, SLICE("draining\n"));
	else if (atomic_load_explicit(&shared->db, memory_order_relaxed) != SLOTS_DB_UP)
		text(res, 503, SLICE("database unreachable\n"));
	else
		text(res, 200, SLICE("healthy\n"));
}

void handle_ready(struct handle_env *env, struct request *req, struct response *res)
{
	struct slice want = arena_printf(req->arena, "%d", migrate_version());

	handle_stmt(env, STMT_READY, &want, 1, req, res);
	response_field(res, "Cache-Control", SLICE("no-store"));
}
