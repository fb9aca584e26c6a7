/*
 * Scans over HTTP: one in a request, or a station's backlog. Ignorant of what a scan's
 * fields mean (scans knows) and of how requests come to be ready together.
 */
#include "server/handle.h"
#include "server/params.h"
#include "server/scans.h"

#include "parse/json_token.h"

enum { BACKLOG = 1000 };

void handle_scan_together(struct handle_env *env, struct request *const req[],
			  struct response *const res[], size_t n)
{
	struct scan scan[SCANS_TOGETHER];
	struct err e = { .kind = ERR_NONE };
	struct params p;
	size_t asked = 0;

	for (size_t i = 0; i < n; i++) {
		struct scan *s = &scan[asked];

		if (params_read(req[i], &p, res[i]) < 0)
			continue;
		s->req = req[i];
		s->res = res[i];
		if (scans_read(&p, s, &e) < 0)
			response_failure(res[i], "bad_field", &e);
		else
			asked++;
	}
	scans_answer(env, scan, asked);
}

void handle_scan(struct handle_env *env, struct request *req, struct response *res)
{
	handle_scan_together(env, &req, &res, 1);
}

/* The body's scans while they are read. */
struct backlog {
	struct request *req;
	struct scan *scan; /* BACKLOG of them */
	size_t n;
};

static int read_item(struct backlog *b, struct json *j, const struct json_token *t,
		     struct err *e)
{
	struct scan *s = &b->scan[b->n];
	struct params p = { .n = 0 };

	if (b->n == BACKLOG)
		return err_set(e, ERR_LIMIT,
			       "more than %d scans: send them in several requests, in "
			       "their order; nothing was recorded",
			       BACKLOG);
	s->req = b->req;
	s->res = arena_alloc(b->req->arena, sizeof(*s->res));
	if (s->res == NULL)
		return err_set(e, ERR_LIMIT, "out of memory for so many scans");
	response_init(s->res, b->req->arena);
	b->n++;
	if (t->kind == JSON_OBJECT) {
		if (params_object(j, &p, e) < 0)
			return -1;
		if (p.fault.kind == ERR_NONE)
			return scans_read(&p, s, e);
		scans_unreadable(s, arena_dup(b->req->arena, slice_str(p.fault.text)));
		return 0;
	}
	scans_unreadable(s, SLICE("field \"scans\" must hold objects"));
	return t->kind == JSON_ARRAY ? json_leave(j, e) : 0;
}

static int read_list(struct backlog *b, struct json *j, struct err *e)
{
	struct json_token t;

	if (json_next(j, &t, e) < 0)
		return -1;
	if (t.kind != JSON_ARRAY)
		return err_set(e, ERR_INPUT, "field \"scans\" must be a list");
	while (json_next(j, &t, e) == 0)
		if (t.kind == JSON_ARRAY_END)
			return 0;
		else if (read_item(b, j, &t, e) < 0)
			return -1;
	return -1;
}

static int read_body(struct backlog *b, struct err *e)
{
	struct json_token t;
	struct json j;
	bool seen = false;

	json_init(&j, buf_slice(&b->req->body.mem), b->req->arena);
	if (json_next(&j, &t, e) < 0)
		return -1;
	if (t.kind != JSON_OBJECT)
		return err_set(e, ERR_INPUT, "the body must be a JSON object");
	while (json_next(&j, &t, e) == 0) {
		if (t.kind == JSON_OBJECT_END)
			return seen ? json_next(&j, &t, e)
				    : err_set(e, ERR_INPUT, "field \"scans\" is missing");
		if (!slice_eq(t.text, SLICE("scans"))) {
			if (json_skip(&j, e) < 0)
				return -1;
			continue;
		}
		if (seen)
			return err_set(e, ERR_INPUT, "field \"scans\" is given twice");
		seen = true;
		if (read_list(b, &j, e) < 0)
			return -1;
	}
	return -1;
}

/* {"results":[{"status":200,...},...]}: of each scan what POST /scan would have answered,
 * and its status in front. */
static struct slice results(const struct backlog *b)
{
	struct arena *a = b->req->arena;
	size_t most = sizeof("{\"results\":[]}");
	size_t at;
	char *to;

	for (size_t i = 0; i < b->n; i++)
		most += b->scan[i].res->body.n + sizeof(",{\"status\":000,");
	to = arena_alloc(a, most);
	if (to == NULL)
		return (struct slice){ NULL, 0 };
	at = (size_t)snprintf(to, most, "{\"results\":[");
	for (size_t i = 0; i < b->n; i++) {
		const struct response *res = b->scan[i].res;

		/* Every body is an object with members. */
		at += (size_t)snprintf(to + at, most - at, "%s{\"status\":%u,%.*s",
				       i > 0 ? "," : "", res->status,
				       (int)res->body.n - 1, res->body.p + 1);
	}
	at += (size_t)snprintf(to + at, most - at, "]}");
	return (struct slice){ to, at };
}

/* Of a backlog that the database could not take at all, one answer says so. */
static bool all_failed(const struct backlog *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->scan[i].res->status < 500)
			return false;
	return b->n > 0;
}

void handle_scans(struct handle_env *env, struct request *req, struct response *res)
{
	struct backlog b = { .req = req };
	struct err e = { .kind = ERR_NONE };
	struct slice body;

	if (!slice_eq_nocase(request_media_type(req), SLICE("application/json"))) {
		response_error(res, 415, "unsupported_media_type",
			       "send the scans as application/json");
		return;
	}
	b.scan = arena_alloc(req->arena, BACKLOG * sizeof(*b.scan));
	if (b.scan == NULL) {
		response_error(res, 500, "internal_error", "the server is out of memory");
		return;
	}
	if (read_body(&b, &e) < 0) {
		response_failure(res, e.kind == ERR_LIMIT ? "too_large" : "bad_body", &e);
		return;
	}
	scans_answer(env, b.scan, b.n);
	if (all_failed(&b)) {
		*res = *b.scan[0].res;
		return;
	}
	body = results(&b);
	if (body.p == NULL)
		response_error(res, 500, "internal_error",
			       "the server is out of memory; the scans are recorded");
	else
		response_json(res, 200, body);
}
