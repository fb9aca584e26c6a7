/*
 * Waybills: one and its history, on hold or not, and those that fit a search.
 */
#include "server/check.h"
#include "server/fields.h"
#include "server/handle.h"
#include "server/handle_export.h"

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

/* A statement about the waybill of the path: its number, the reason, by whom. */
static void about(struct handle_env *env, enum stmt_id id, bool why, struct request *req,
		  struct response *res)
{
	static const struct field_rule fields[] = {
		{ .name = "reason", .kind = FIELD_LABEL },
		{ .name = "by", .kind = FIELD_BY },
	};
	struct err e = { .kind = ERR_NONE };
	struct slice v[3];

	if (waybill_number_normalise(req->segment[0], req->arena, &v[0], &e) < 0)
		response_failure(res, "bad_waybill_number", &e);
	else if (fields_read(req, fields, 2, v + 1, res) < 0)
		return;
	else if (why && v[1].p == NULL)
		response_error(res, 400, "reason_required",
			       "a hold needs a reason, in the field \"reason\"");
	else
		handle_stmt(env, id, v, 3, req, res);
}

void handle_waybill_hold(struct handle_env *env, struct request *req,
			 struct response *res)
{
	about(env, STMT_WAYBILL_HOLD, true, req, res);
}

void handle_waybill_resume(struct handle_env *env, struct request *req,
			   struct response *res)
{
	about(env, STMT_WAYBILL_RESUME, false, req, res);
}

/* A page's "next": a place among the numbers, "nJT123", or among the ids, "i77". */
static bool is_cursor(struct slice v)
{
	struct err e = { .kind = ERR_NONE };

	if (v.p == NULL || slice_starts(v, SLICE("n")))
		return true;
	return slice_eq(slice_take(&v, 1), SLICE("i")) && check_id("cursor", v, &e) == 0;
}

void handle_waybill_list(struct handle_env *env, struct request *req,
			 struct response *res)
{
	enum {
		Q,
		STATUS,
		UPLOAD,
		FROM,
		TO,
		LIMIT,
		CURSOR,
		LISTED,
		FORMAT = LISTED,
		FIELDS
	};
	static const struct field_rule fields[FIELDS] = {
		[Q] = { .name = "q", .kind = FIELD_LABEL },
		[STATUS] = { .name = "status",
			     .kind = FIELD_WORD,
			     .words = "pending|hq_scheduling|dispatched|in_transit|"
				      "delivering|delivered|for_return|returned|"
				      "issue_pending|cancelled" },
		[UPLOAD] = { .name = "upload", .kind = FIELD_ID },
		[FROM] = { .name = "from", .kind = FIELD_TIME },
		[TO] = { .name = "to", .kind = FIELD_TIME },
		[LIMIT] = { .name = "limit", .kind = FIELD_LIMIT, .max = 500 },
		[CURSOR] = { .name = "cursor", .kind = FIELD_LABEL },
		[FORMAT] = { .name = "format",
			     .kind = FIELD_WORD,
			     .words = "json|csv|xlsx" },
	};
	struct slice v[FIELDS];

	if (fields_read(req, fields, FIELDS, v, res) < 0)
		return;
	if (!is_cursor(v[CURSOR]))
		response_error(res, 400, "bad_field",
			       "field \"cursor\" must be the \"next\" of another page");
	else if (v[FORMAT].p == NULL || slice_eq(v[FORMAT], SLICE("json")))
		handle_stmt_read(env, STMT_WAYBILL_LIST, v, LISTED, req, res);
	else
		handle_waybill_export(env, req, v, slice_eq(v[FORMAT], SLICE("xlsx")),
				      res);
}
