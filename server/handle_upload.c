/*
 * Uploads: the import of a file (in a task), its state, its rejects.
 */
#include "server/check.h"
#include "server/handle.h"
#include "server/log.h"
#include "server/upload_form.h"

#include <poll.h>

/* Whether the worker, and so the client, still waits for the answer. */
static bool wanted(void *ctx)
{
	const struct handle_env *env = ctx;
	struct pollfd p = { .fd = env->client_fd, .events = POLLIN };

	return env->client_fd < 0 || poll(&p, 1, 0) <= 0;
}

static void count(void *ctx, const struct import_rows *rows)
{
	struct metrics *m = ((const struct handle_env *)ctx)->metrics;

	metrics_add(m, METRIC_ROWS_INSERTED, rows->inserted);
	metrics_add(m, METRIC_ROWS_UPDATED, rows->updated);
	metrics_add(m, METRIC_ROWS_UNCHANGED, rows->unchanged);
	metrics_add(m, METRIC_ROWS_DUPLICATE, rows->duplicate);
	metrics_add(m, METRIC_ROWS_REJECTED, rows->rejected);
}

static void import(struct handle_env *env, struct request *req, int fd,
		   const struct upload_form *form, struct response *res)
{
	const struct import_hooks hooks = { .ctx = env,
					    .wanted = wanted,
					    .loaded = count };
	struct err e = { .kind = ERR_NONE };
	struct import_answer answer;
	struct db *side = NULL;

	if (db_open(env->cfg, "waybilld task state", &side, &e) == 0 &&
	    import_run(env->cfg, env->db, side, fd, form->start, form->size,
		       &form->options, &hooks, req->arena, &answer, &e) == 0) {
		response_json(res, answer.http_status, answer.json);
	} else {
		log_line(LOG_ERROR, "upload %.*s: %s", (int)req->id.n, req->id.p, e.text);
		response_failure(res, "bad_file", &e);
	}
	db_close(&side);
}

void handle_upload(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct upload_form form;
	int fd = body_file(&req->body, env->cfg->spool_dir, &e);

	if (fd < 0) {
		log_line(LOG_ERROR, "upload %.*s: %s", (int)req->id.n, req->id.p, e.text);
		response_failure(res, "internal_error", &e);
	} else if (upload_form_read(req, fd, &form, &e) < 0) {
		response_failure(res, "bad_form", &e);
	} else if (!form.has_file) {
		response_error(res, 400, "no_file",
			       "no file was sent: choose a manifest (.xlsx or .csv) and "
			       "upload it "
			       "in the field \"waybill_file\"");
	} else {
		form.options.uploaded_by = request_actor(req, form.options.uploaded_by);
		import(env, req, fd, &form, res);
	}
}

void handle_upload_list(struct handle_env *env, struct request *req, struct response *res)
{
	handle_stmt(env, STMT_UPLOAD_LIST, NULL, 0, req, res);
}

/* The id or key in the path; false with the answer written. */
static bool upload_named(const struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };

	if (check_label("upload", req->segment[0], 255, &e) == 0)
		return true;
	response_failure(res, "bad_field", &e);
	return false;
}

void handle_upload_get(struct handle_env *env, struct request *req, struct response *res)
{
	if (upload_named(req, res))
		handle_stmt(env, STMT_UPLOAD_GET, req->segment, 1, req, res);
}
