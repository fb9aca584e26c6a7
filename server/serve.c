/*
 * Choosing and running a handler. Ignorant of sockets and of what handlers answer.
 */
#include "server/serve.h"

#include "server/audit.h"
#include "server/auth.h"
#include "server/log.h"
#include "server/router.h"

enum { BULK = 16 * 1024 };

static const char *code_of(unsigned status)
{
	switch (status) {
	case 404:
		return "not_found";
	case 405:
		return "method_not_allowed";
	case 413:
		return "too_large";
	case 414:
		return "uri_too_long";
	case 417:
		return "expectation_failed";
	case 431:
		return "header_too_large";
	case 501:
		return "not_implemented";
	case 505:
		return "version_not_supported";
	default:
		return "bad_request";
	}
}

void serve_bad_head(unsigned status, const struct err *e, struct response *res)
{
	response_error(res, status, code_of(status), "%s", e->text);
	res->close = true;
}

/* No route: what is said depends on why. */
static void refuse(unsigned status, const struct request *req, const char *allow,
		   struct response *res)
{
	/* HEAD gets the length that GET would have (RFC 9110 section 8.6). */
	const struct slice m =
		req->head.method == HTTP_HEAD ? SLICE("GET") : req->head.method_text;

	switch (status) {
	case 405:
		response_error(res, status, code_of(status),
			       "%.*s is not possible here; possible are: %s", (int)m.n,
			       m.p, allow);
		response_field(res, "Allow", slice_str(allow));
		break;
	case 501:
		response_error(res, status, code_of(status),
			       "the method %.*s is not known", (int)(m.n < 32 ? m.n : 32),
			       m.p);
		break;
	default:
		response_error(res, status, code_of(status),
			       "there is nothing at this address");
		break;
	}
}

static bool options(const struct request *req, unsigned status, char allow[64],
		    struct response *res)
{
	if (req->head.method != HTTP_OPTIONS)
		return false;
	if (slice_eq(req->url.path, SLICE("*")))
		router_methods(allow);
	else if (status != 405)
		return false;
	response_field(res, "Allow", slice_str(allow));
	res->status = 204;
	return true;
}

static bool route(struct request *req, struct response *res)
{
	char allow[64];
	unsigned status;

	status = router_find(req->head.method, req->url.path, &req->route, req->segment,
			     allow);
	if (options(req, status, allow, res))
		return false;
	if (status != 0) {
		refuse(status, req, allow, res);
		return false;
	}
	return true;
}

bool serve_head(struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };

	req->body.fd = -1;
	if (http_framing_decide(&req->head, &req->framing, &e) < 0) {
		serve_bad_head(req->framing.http_status, &e, res);
		return false;
	}
	/* Whatever is refused before its body was read ends the connection: the bytes
	 * that follow belong to a body that nobody reads. */
	res->close = req->framing.body == HTTP_BODY_CHUNKED || req->framing.length > 0;
	if (url_parse(req->head.target, req->arena, &req->url, &e) < 0) {
		response_failure(res, "bad_request", &e);
		return false;
	}
	return route(req, res);
}

bool serve_admit(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	bool spool;

	if (!auth_admit(env, req, res))
		return false;
	spool = (req->route->flags & ROUTE_SPOOL) != 0;
	if (body_init(&req->body, &req->framing,
		      spool ? env->cfg->max_upload : req->route->max_body,
		      spool ? env->cfg->spool_dir : NULL, &e) < 0) {
		response_failure(res, "too_large", &e);
		return false;
	}
	res->close = false;
	return true;
}

bool serve_in_task(const struct request *req)
{
	struct err e = { .kind = ERR_NONE };
	struct slice format;

	if ((req->route->flags & ROUTE_TASK) != 0)
		return true;
	if ((req->route->flags & ROUTE_BULK) != 0 && req->body.size > BULK)
		return true;
	return (req->route->flags & ROUTE_EXPORT) != 0 &&
	       request_query(req, SLICE("format"), &format, &e) == 0 &&
	       (slice_eq(format, SLICE("csv")) || slice_eq(format, SLICE("xlsx")));
}

/* What follows a handler. */
static void served(struct handle_env *env, struct request *req, struct response *res)
{
	if ((req->route->flags & ROUTE_SCANS) != 0)
		metrics_scans(env->metrics, res->body);
	audit_request(env, req, res);
	if (res->status != 0)
		return;
	log_line(LOG_ERROR, "%s %.*s: the handler gave no answer", req->route->name,
		 (int)req->id.n, req->id.p);
	response_error(res, 500, "internal_error", "something went wrong on the server");
}

void serve_together(struct handle_env *env, struct request *const req[],
		    struct response *const res[], size_t n)
{
	handle_scan_together(env, req, res, n);
	for (size_t i = 0; i < n; i++)
		served(env, req[i], res[i]);
}

void serve_request(struct handle_env *env, struct request *req, struct response *res)
{
	const struct route *r = req->route;

	if (r->page != NULL && (r->handle == NULL || request_wants_page(req)))
		static_serve(env->files, slice_str(r->page), req, res);
	else
		r->handle(env, req, res);
	served(env, req, res);
}
