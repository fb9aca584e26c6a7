/*
 * Scans after the fact: undone by their station, matched or dismissed by a supervisor.
 */
#include "server/check.h"
#include "server/fields.h"
#include "server/handle.h"

/* Reads the scan_id of the path and n fields behind it into v: 0, or -1 with the error in
 * res. */
static int scan_fields(const struct request *req, const struct field_rule *f, size_t n,
		       struct slice *v, struct response *res)
{
	struct err e = { .kind = ERR_NONE };

	v[0] = req->segment[0];
	if (check_uuid("scan_id", v[0], &e) == 0)
		return fields_read(req, f, n, v + 1, res);
	response_error(res, 404, "scan_not_found", "there is no scan with this scan_id");
	return -1;
}

/* A statement about the scan of the path: its scan_id, then two fields. */
static void about(struct handle_env *env, enum stmt_id id, const struct field_rule *f,
		  struct request *req, struct response *res)
{
	struct slice v[3];

	if (scan_fields(req, f, 2, v, res) == 0)
		handle_stmt(env, id, v, 3, req, res);
}

/* Nobody logs in, or it is somebody who answers for the others. */
static bool may_undo_any(const struct request *req)
{
	return req->user.name.p == NULL || req->user.role >= ROLE_SUPERVISOR;
}

void handle_scan_undo(struct handle_env *env, struct request *req, struct response *res)
{
	static const struct field_rule fields[] = {
		{ .name = "by", .kind = FIELD_BY },
		{ .name = "station", .kind = FIELD_LABEL },
		{ .name = "by", .kind = FIELD_LABEL },
	};
	struct slice v[5];

	if (scan_fields(req, fields, 3, v, res) < 0)
		return;
	v[4] = may_undo_any(req) ? SLICE("true") : SLICE("false");
	handle_stmt(env, STMT_SCAN_UNDO, v, 5, req, res);
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
