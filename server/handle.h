/*
 * What a handler is given and what it may do: read the request, run statements,
 * write the response. A handler takes a few milliseconds at most; longer work is a
 * task_fn, run in a forked child with a database connection of its own.
 */
#ifndef SERVER_HANDLE_H
#define SERVER_HANDLE_H

#include "server/config.h"
#include "server/db.h"
#include "server/db_read.h"
#include "server/request.h"
#include "server/response.h"
#include "server/slots.h"
#include "server/static.h"
#include "server/stmt.h"

struct handle_env {
	const struct config *cfg;
	struct db *db;
	struct db_read *read; /* NULL: none, or in a task */
	struct slots *slots;
	struct metrics *metrics; /* where this process counts */
	const struct static_files *files;
	struct slot *slot; /* in a task: its own, else NULL */
	int client_fd; /* in a task: readable or hung up when nobody waits any more; else
			  -1 */
};

/* What the slot of a task shows while it loads an upload, with the upload's number
 * behind it. */
#define HANDLE_LOADING "upload "

enum { SCANS_TOGETHER = 64 }; /* in one transaction */

typedef void handle_fn(struct handle_env *env, struct request *req, struct response *res);

handle_fn handle_health, handle_ready, handle_metrics;
handle_fn handle_scan, handle_scans, handle_scan_undo;
handle_fn handle_session_create, handle_session_list, handle_session_get;
handle_fn handle_session_missing, handle_session_scans;
handle_fn handle_waybill_label;
handle_fn handle_session_cancel, handle_session_resume;
handle_fn handle_unknown_list, handle_unknown_match, handle_unknown_dismiss;
handle_fn handle_waybill_list, handle_waybill_get, handle_waybill_hold;
handle_fn handle_waybill_resume, handle_dashboard;
handle_fn handle_upload_list, handle_upload_get, handle_upload_rejects;
handle_fn handle_upload_cancel, handle_upload_retry, handle_upload_template;
handle_fn handle_static;
handle_fn handle_logout, handle_me;
handle_fn handle_user_list, handle_user_role, handle_user_disable, handle_user_enable;
handle_fn handle_audit;
/* Always a task. */
handle_fn handle_upload, handle_upload_preview, handle_upload_undo,
	handle_session_dispatch;
handle_fn handle_session_manifest;
/* Tasks, because hashing a password takes as long as hundreds of scans. */
handle_fn handle_login, handle_me_password, handle_user_add, handle_user_password;

/* handle_scan() for n requests that are there at the same time (SCANS_TOGETHER at most):
 * one transaction for all, an answer of its own for each. */
void handle_scan_together(struct handle_env *env, struct request *const req[],
			  struct response *const res[], size_t n);

/* The number of a status as a statement gives it. */
unsigned handle_status(struct slice text);

/* Runs a statement that answers (status, body) and passes both through. */
void handle_stmt(struct handle_env *env, enum stmt_id id, const struct slice *params,
		 size_t n_params, struct request *req, struct response *res);

/* The same where the last seconds may be missing: out of database_read if that can
 * answer. */
void handle_stmt_read(struct handle_env *env, enum stmt_id id, const struct slice *params,
		      size_t n_params, struct request *req, struct response *res);

/* Checks the session's id of the path: 0, or -1 with 404 in res. */
int handle_session_id(const struct request *req, struct response *res) MUST_CHECK;

/* Answers a failed statement, and notes when the database is away. */
void handle_failure(struct handle_env *env, const struct err *e, struct response *res);

#endif
