/*
 * The figures between two times; today's without any.
 */
#include "server/check.h"
#include "server/handle.h"

void handle_dashboard(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct slice v[2];

	if (request_query(req, SLICE("from"), &v[0], &e) < 0 ||
	    request_query(req, SLICE("to"), &v[1], &e) < 0 ||
	    check_time("from", v[0], &e) < 0 || check_time("to", v[1], &e) < 0) {
		response_failure(res, "bad_field", &e);
		return;
	}
	handle_stmt_read(env, STMT_DASHBOARD, v, 2, req, res);
}
