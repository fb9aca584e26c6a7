/*
 * An upload's file: loaded at once (in a task), or put into the queue.
 */
#include "server/handle.h"
#include "server/import_preview.h"
#include "server/log.h"
#include "server/preview_file.h"
#include "server/upload_form.h"
#include "server/upload_queue.h"

#include "parse/json_token.h"

#include <poll.h>

/* Whether the worker, and so the client, still waits for the answer. */
static bool wanted(void *ctx)
{
	const struct handle_env *env = ctx;
	struct pollfd p = { .fd = env->client_fd, .events = POLLIN };

	return env->client_fd < 0 || poll(&p, 1, 0) <= 0;
}

/* Should this task die, its worker knows what it was doing. */
static void show(void *ctx, struct slice id)
{
	struct slot *slot = ((const struct handle_env *)ctx)->slot;
	char text[32];

	(void)snprintf(text, sizeof(text), HANDLE_LOADING "%.*s", (int)id.n, id.p);
	if (slot != NULL)
		slot_route(slot, slice_str(text));
}

static void count(void *ctx, const struct import_rows *rows)
{
	metrics_rows(((const struct handle_env *)ctx)->metrics, rows);
}

/* The number in an upload's JSON, an object whose members before it hold no others. */
static struct slice upload_id(struct slice json, struct arena *a)
{
	struct err e = { .kind = ERR_NONE };
	struct json_token t;
	struct json j;

	json_init(&j, json, a);
	while (json_next(&j, &t, &e) == 0 && t.kind != JSON_END)
		if (t.kind == JSON_KEY && slice_eq(t.text, SLICE("id")))
			return json_next(&j, &t, &e) == 0 ? t.text : SLICE("");
	return SLICE("");
}

static void answer_upload(struct request *req, const struct import_answer *answer,
			  struct response *res)
{
	struct slice id;

	response_json(res, answer->http_status, answer->json);
	if (answer->http_status != 202)
		return;
	id = upload_id(answer->json, req->arena);
	response_field(res, "Location",
		       arena_printf(req->arena, "/uploads/%.*s", (int)id.n, id.p));
}

static void answer_failure(struct request *req, const struct err *e, struct response *res)
{
	log_line(LOG_ERROR, "upload %.*s: %s", (int)req->id.n, req->id.p, e->text);
	response_failure(res, "bad_file", e);
}

static void import(struct handle_env *env, struct request *req, int fd,
		   const struct upload_form *form, struct response *res)
{
	const struct import_hooks hooks = {
		.ctx = env, .wanted = wanted, .begun = show, .loaded = count
	};
	struct err e = { .kind = ERR_NONE };
	struct import_answer answer;
	struct db *side = NULL;

	if (db_open_few(env->cfg, "waybilld task state", &side, &e) == 0 &&
	    import_run(env->cfg, env->db, side, fd, form->start, form->size,
		       &form->options, &hooks, req->arena, &answer, &e) == 0) {
		answer_upload(req, &answer, res);
	} else {
		answer_failure(req, &e, res);
	}
	db_close(&side);
}

static void enqueue(struct handle_env *env, struct request *req, int fd,
		    const struct upload_form *form, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct import_answer answer = { .http_status = 0 };

	if (upload_queue_put(env->cfg, env->db, fd, form->start, form->size,
			     &form->options, req->arena, &answer, &e) == 0)
		answer_upload(req, &answer, res);
	else
		answer_failure(req, &e, res);
}

/* Who asks to wait for the answer may, however large the file. */
static bool is_for_queue(const struct config *cfg, const struct upload_form *form)
{
	return form->has_async ? form->async : form->size > cfg->queue_threshold;
}

/* Only a file that could be read is kept. That it cannot be is our trouble, and costs the
 * client the time to send it again. */
static struct slice keep(struct handle_env *env, struct request *req, int fd,
			 const struct upload_form *form)
{
	struct err e = { .kind = ERR_NONE };
	struct slice id;

	if (!form->has_file || !form->keep)
		return form->has_file ? SLICE("") : form->kept;
	if (preview_file_keep(env->cfg, env->db, fd, form->start, form->size,
			      form->options.file_name, req->arena, &id, &e) == 0)
		return id;
	log_line(LOG_WARNING, "upload %.*s: its file is not kept: %s", (int)req->id.n,
		 req->id.p, e.text);
	return SLICE("");
}

static void answer_preview(struct request *req, const struct import_answer *answer,
			   struct slice kept, struct response *res)
{
	struct slice json = answer->json, named = { NULL, 0 };

	if (kept.n > 0)
		named = arena_printf(req->arena, "%.*s,\"kept\":\"%.*s\"}",
				     (int)json.n - 1, json.p, (int)kept.n, kept.p);
	/* Without memory for that, the file is sent again. */
	response_json(res, answer->http_status, named.p != NULL ? named : json);
}

static void preview(struct handle_env *env, struct request *req, int fd,
		    const struct upload_form *form, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct import_answer answer;

	if (import_preview(env->cfg, env->db, fd, form->start, form->size, &form->options,
			   req->arena, &answer, &e) == 0)
		answer_preview(req, &answer,
			       answer.http_status == 200 ? keep(env, req, fd, form)
							 : SLICE(""),
			       res);
	else
		answer_failure(req, &e, res);
}

/* A file that a preview kept, in place of one that was sent. */
static int take_kept(struct handle_env *env, struct request *req, int fd,
		     struct upload_form *form, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct preview_file f;
	int got = preview_file_get(env->db, form->kept, fd, req->arena, &f, &e);

	if (got < 0) {
		answer_failure(req, &e, res);
		return -1;
	}
	if (got == PARSE_MORE) {
		response_error(res, 410, "file_not_kept",
			       "the file that was looked at is not kept any more: send "
			       "it again");
		return -1;
	}
	form->start = f.start;
	form->size = f.size;
	form->options.file_name = f.file_name;
	return 0;
}

/* The form and its file, or the answer is written: -1. */
static int read_form(struct handle_env *env, struct request *req,
		     struct upload_form *form, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	int fd = body_file(&req->body, env->cfg->spool_dir, &e);

	if (fd < 0) {
		log_line(LOG_ERROR, "upload %.*s: %s", (int)req->id.n, req->id.p, e.text);
		response_failure(res, "internal_error", &e);
	} else if (upload_form_read(req, fd, form, &e) < 0) {
		response_failure(res, "bad_form", &e);
	} else if (!form->has_file && form->kept.n == 0 && form->other.n > 0) {
		response_error(
			res, 400, "no_file",
			"the file came in the field \"%.*s\": send it in the field "
			"\"waybill_file\"",
			(int)form->other.n, form->other.p);
	} else if (!form->has_file && form->kept.n == 0) {
		response_error(res, 400, "no_file",
			       "no file was sent: choose a manifest (.xlsx or .csv) and "
			       "upload it "
			       "in the field \"waybill_file\"");
	} else if (form->columns.kind != ERR_NONE) {
		upload_form_bad_columns(form, res);
	} else if (form->has_file || take_kept(env, req, fd, form, res) == 0) {
		form->options.uploaded_by = request_actor(req, form->options.uploaded_by);
		return fd;
	}
	return -1;
}

void handle_upload(struct handle_env *env, struct request *req, struct response *res)
{
	struct upload_form form;
	int fd = read_form(env, req, &form, res);

	if (fd >= 0 && is_for_queue(env->cfg, &form))
		enqueue(env, req, fd, &form, res);
	else if (fd >= 0)
		import(env, req, fd, &form, res);
}

void handle_upload_preview(struct handle_env *env, struct request *req,
			   struct response *res)
{
	struct upload_form form;
	int fd = read_form(env, req, &form, res);

	if (fd >= 0)
		preview(env, req, fd, &form, res);
}
