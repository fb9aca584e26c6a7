/*
 * Scans after the fact: undone by their station, matched or dismissed by a supervisor.
 */
#include "server/check.h"
#include "server/fields.h"
#include "server/handle.h"

/* A statement about the scan of the path: its scan_id, then the fields. */
static void about(struct handle_env *env, enum stmt_id id, const struct field_rule *f,
		  struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct slice v[3] = { req->segment[0] };

	if (check_uuid("scan_id", v[0], &e) < 0)
		response_error(res, 404, "scan_not_found",
			       "there is no scan with this scan_id");
	else if (fields_read(req, f, 2, v + 1, res) == 0)
		handle_stmt(env, id, v, 3, req, res);
}

void handle_scan_undo(struct handle_env *env, struct request *req, struct response *res)
{
	static const struct field_rule fields[] = {
		{ .name = "by", .kind = FIELD_BY },
		{ .name = "station", .kind = FIELD_LABEL },
	};

	about(env, STMT_SCAN_UNDO, fields, req, res);
}

void handle_unknown_match(struct handle_env *env, struct request *req,
			  struct response *res)
{
	static const struct field_rule fields[] = {
		{ .name = "waybill_number", .kind = FIELD_NUMBER },
		{ .name = "by", .kind = FIELD_BY },
	};

	about(env, STMT_UNKNOWN_MATCH, fields, req, res);
}

void handle_unknown_dismiss(struct handle_env *env, struct request *req,
			    struct response *res)
{
	static const struct field_rule fields[] = {
		{ .name = "by", .kind = FIELD_BY },
		{ .name = "reason", .kind = FIELD_LABEL },
	};

	about(env, STMT_UNKNOWN_DISMISS, fields, req, res);
}

void handle_unknown_list(struct handle_env *env, struct request *req,
			 struct response *res)
{
	static const struct field_rule fields[] = {
		{ .name = "state",
		  .kind = FIELD_WORD,
		  .words = "open|matched|dismissed|all" },
		{ .name = "q", .kind = FIELD_LABEL },
		{ .name = "session_id", .kind = FIELD_ID },
		{ .name = "limit", .kind = FIELD_LIMIT, .max = 1000 },
		{ .name = "cursor", .kind = FIELD_ID },
	};
	struct slice v[5];

	if (fields_read(req, fields, 5, v, res) == 0)
		handle_stmt(env, STMT_UNKNOWN_LIST, v, 5, req, res);
}
