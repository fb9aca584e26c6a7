/*
 * What this host counts, for Prometheus. All of it is on the scoreboard: nothing here
 * waits for the database.
 */
#include "server/handle.h"

#include "parse/ip.h"
#include "server/metrics_text.h"
#include "server/router.h"

enum { ANSWER = 1024 * 1024 };

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
	if (metrics_text(env->slots, router_name, &b, &e) == 0)
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
