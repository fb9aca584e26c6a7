/*
 * What this host counts, for Prometheus. The scoreboard gives all but the length of
 * the queue, which is the database's, and is left out while that is away.
 */
#include "server/handle.h"

#include "parse/ip.h"
#include "server/metrics_text.h"
#include "server/router.h"

enum { ANSWER = 1024 * 1024 };

static uint64_t number(const struct stmt_result *r, size_t column)
{
	return strtoull(stmt_value(r, 0, column).p, NULL, 10);
}

static int add_queue(struct handle_env *env, struct arena *a, struct buf *b,
		     struct err *e)
{
	struct slots_shared *shared = slots_shared(env->slots);
	struct err away = { .kind = ERR_NONE };
	struct stmt_result r;

	if (atomic_load(&shared->db) != SLOTS_DB_UP ||
	    stmt_run(env->db, STMT_QUEUE_DEPTH, NULL, 0, a, &r, &away) < 0 || r.rows != 1)
		return 0;
	if (metrics_text_gauge(b, "jobs_queued", "Jobs that wait in the database.",
			       number(&r, 0), e) < 0 ||
	    metrics_text_gauge(b, "jobs_queued_seconds",
			       "How long the oldest of those that are due has waited.",
			       number(&r, 1), e) < 0)
		return -1;
	return metrics_text_gauge(b, "jobs_running",
				  "Jobs that are being done, on any host.", number(&r, 2),
				  e);
}

/* Whether the setting metrics_from lets this client read them. */
static bool may_read(const struct handle_env *env, const struct request *req)
{
	struct err e = { .kind = ERR_NONE };
	struct ip_nets nets;
	struct ip ip;

	if (*env->cfg->metrics_from == '\0')
		return true;
	if (ip_nets_parse(slice_str(env->cfg->metrics_from), &nets, &e) < 0)
		return false;
	return ip_parse(slice_str(req->peer), &ip) ? ip_nets_has(&nets, &ip) : nets.local;
}

void handle_metrics(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct slice text = { NULL, 0 };
	struct buf b;

	if (!may_read(env, req)) {
		response_error(res, 403, "forbidden",
			       "metrics are not for this address: see metrics_from");
		return;
	}
	buf_init(&b, ANSWER);
	if (metrics_text(env->slots, router_name, &b, &e) == 0 &&
	    add_queue(env, req->arena, &b, &e) == 0)
		text = arena_dup(req->arena, buf_slice(&b));
	buf_release(&b);
	if (text.p == NULL) {
		(void)err_set(&e, ERR_INTERNAL, "no room for the answer");
		response_failure(res, "internal_error", &e);
		return;
	}
	response_body(res, 200, SLICE("text/plain; version=0.0.4; charset=utf-8"), text);
	response_field(res, "Cache-Control", SLICE("no-store"));
}
