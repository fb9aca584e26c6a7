/*
 * One waybill and its history.
 */
#include "server/handle.h"

#include "parse/waybill.h"

void handle_waybill_get(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct slice number;

	if (waybill_number_normalise(req->segment[0], req->arena, &number, &e) < 0)
		response_failure(res, "bad_waybill_number", &e);
	else
		handle_stmt(env, STMT_WAYBILL_GET, &number, 1, req, res);
}
