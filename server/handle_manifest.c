/*
 * GET /sessions/{id}/manifest, always in a task: a page to be printed unless something
 * else is asked for. Written to a file in spool_dir first, so that it is answered whole
 * or not at all, in constant memory.
 */
#include "server/fields.h"
#include "server/import_spool.h"
#include "server/log.h"
#include "server/manifest.h"
#include "server/router.h"

enum { FORMAT, PAPER, BARCODES, FIELDS };

static int to_file(void *to, struct slice bytes, struct err *e)
{
	return import_spool_add(to, bytes, e);
}

/* The field "format", else what Accept prefers: people get a page. */
static struct slice format_of(const struct request *req, struct slice asked)
{
	if (asked.p != NULL)
		return asked;
	return request_wants_data(req) ? SLICE("json") : SLICE("html");
}

static int write_file(struct manifest *m, const struct slice v[FIELDS], bool json,
		      struct import_spool *file, struct response *res, struct err *e)
{
	struct sink out = { .write = to_file, .to = file };
	int fd;

	if (json ? manifest_json(m, &out, e) < 0
		 : manifest_page(m, &out, page_paper_of(v[PAPER]),
				 slice_eq(v[BARCODES], SLICE("true")), e) < 0)
		return -1;
	if (import_spool_file(file, &fd, e) < 0)
		return -1;
	return response_file(
		res, json ? SLICE("application/json") : SLICE("text/html; charset=utf-8"),
		fd, file->size, e);
}

static int answer(struct handle_env *env, struct manifest *m,
		  const struct slice v[FIELDS], struct slice format, struct response *res,
		  struct err *e)
{
	bool xlsx = slice_eq(format, SLICE("xlsx"));
	struct import_spool file;
	int rc;

	if (xlsx || slice_eq(format, SLICE("csv")))
		return manifest_table(m, env->cfg->spool_dir, xlsx, res, e);
	import_spool_init(&file, env->cfg->spool_dir);
	rc = write_file(m, v, slice_eq(format, SLICE("json")), &file, res, e);
	import_spool_release(&file);
	if (rc == 0)
		page_fields(res);
	return rc;
}

/* All statements see one moment: the sums are those of the parcels below them. */
static int read_and_answer(struct handle_env *env, struct request *req,
			   const struct slice v[FIELDS], struct response *res,
			   struct err *e)
{
	struct slice id = req->segment[0];
	struct manifest m = { .db = env->db, .session = id };
	struct stmt_result none;

	if (stmt_run(env->db, STMT_BEGIN_SNAPSHOT, NULL, 0, req->arena, &none, e) < 0 ||
	    stmt_run(env->db, STMT_MANIFEST_SESSION, &id, 1, req->arena, &m.head, e) < 0)
		return -1;
	if (m.head.rows == 0) {
		response_error(res, 404, "session_not_found", "there is no session %.*s",
			       (int)id.n, id.p);
		return 0;
	}
	if (stmt_run(env->db, STMT_MANIFEST_SUMS, &id, 1, req->arena, &m.sums, e) < 0)
		return -1;
	return answer(env, &m, v, format_of(req, v[FORMAT]), res, e);
}

void handle_session_manifest(struct handle_env *env, struct request *req,
			     struct response *res)
{
	static const struct field_rule fields[FIELDS] = {
		[FORMAT] = { .name = "format",
			     .kind = FIELD_WORD,
			     .words = "html|json|csv|xlsx" },
		[PAPER] = { .name = "paper", .kind = FIELD_WORD, .words = "a4|label" },
		[BARCODES] = { .name = "barcodes", .kind = FIELD_SWITCH },
	};
	struct err e = { .kind = ERR_NONE };
	struct slice v[FIELDS];

	if (handle_session_id(req, res) < 0 ||
	    fields_read(req, fields, FIELDS, v, res) < 0)
		return;
	if (read_and_answer(env, req, v, res, &e) == 0)
		return;
	log_line(LOG_ERROR, "%s %.*s: %s", req->route->name, (int)req->id.n, req->id.p,
		 e.text);
	handle_failure(env, &e, res);
}
