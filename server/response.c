/*
 * Building answers. Ignorant of sockets: the connection sends what is built here.
 */
#include "server/response.h"

#include "parse/http_date.h"
#include "parse/json_write.h"

#include <ctype.h>

void response_init(struct response *res, struct arena *a)
{
	*res = (struct response){ .arena = a };
}

void response_body(struct response *res, unsigned status, struct slice type,
		   struct slice body)
{
	res->status = status;
	res->content_type = type;
	res->body = body;
}

void response_json(struct response *res, unsigned status, struct slice json)
{
	response_body(res, status, SLICE("application/json"), json);
}

/* The body of an error in the arena; p NULL when there is no room for it. */
static struct slice error_json(struct arena *a, const char *code, const char *message)
{
	struct buf b;
	struct err e = { .kind = ERR_NONE };
	struct slice json = { NULL, 0 };

	buf_init(&b, 8192);
	if (buf_printf(&b, &e, "{\"error\":\"%s\",\"message\":", code) == 0 &&
	    json_write_string(&b, slice_str(message), &e) == 0 &&
	    buf_byte(&b, '}', &e) == 0)
		json = arena_dup(a, buf_slice(&b));
	buf_release(&b);
	return json;
}

void response_error(struct response *res, unsigned status, const char *code,
		    const char *fmt, ...)
{
	char message[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(message, sizeof(message) - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n > sizeof(message) - 2)
		n = (int)sizeof(message) - 2;
	message[0] = (char)toupper((unsigned char)message[0]);
	if (n > 0 && message[n - 1] != '.' && message[n - 1] != '?' &&
	    message[n - 1] != '!') {
		message[n] = '.';
		message[n + 1] = '\0';
	}
	response_json(res, status, error_json(res->arena, code, message));
	if (res->body.p == NULL)
		response_json(res, status,
			      SLICE("{\"error\":\"error\",\"message\":\"Error.\"}"));
}

void response_failure(struct response *res, const char *code, const struct err *e)
{
	switch (e->kind) {
	case ERR_INPUT:
		response_error(res, 400, code, "%s", e->text);
		break;
	case ERR_UNSUPPORTED:
		response_error(res, 415, code, "%s", e->text);
		break;
	case ERR_LIMIT:
		response_error(res, 413, "too_large", "%s", e->text);
		break;
	case ERR_TRANSIENT:
		response_error(
			res, 503, "database_unreachable",
			"the database cannot be reached just now; nothing was changed; "
			"try again in a moment");
		response_field(res, "Retry-After", SLICE("2"));
		break;
	case ERR_UNCERTAIN:
		response_error(res, 503, "outcome_unknown",
			       "the connection to the database broke while it was at "
			       "work; send the "
			       "same request again with the same key: it counts once");
		response_field(res, "Retry-After", SLICE("2"));
		break;
	case ERR_NONE:
	case ERR_INTERNAL:
	default:
		response_error(
			res, 500, "internal_error",
			"something went wrong on the server; the log names it under this "
			"request's id");
		break;
	}
}

void response_field(struct response *res, const char *name, struct slice value)
{
	struct slice line;

	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0')
			return;
	line = arena_printf(res->arena, "%.*s%s: %.*s\r\n", (int)res->fields.n,
			    res->fields.n == 0 ? "" : res->fields.p, name, (int)value.n,
			    value.n == 0 ? "" : value.p);
	if (line.p != NULL)
		res->fields = line;
}

const char *response_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} all[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 411, "Length Required" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 416, "Range Not Satisfiable" },
		{ 417, "Expectation Failed" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].status == status)
			return all[i].reason;
	return "Unknown";
}

int response_head(const struct response *res, const struct response_context *c,
		  struct buf *out, struct err *e)
{
	/* RFC 9110 section 8.6: no Content-Length with 1xx and 204; with 304 none is the
	 * safe choice. HEAD gets the length that GET would have. */
	bool framed = res->status != 204 && res->status != 304;
	char date[HTTP_DATE_SIZE];

	http_date_write(c->now, date);
	if (buf_printf(out, e, "HTTP/1.1 %u %s\r\nDate: %s\r\n", res->status,
		       response_reason(res->status), date) < 0)
		return -1;
	if (framed && res->content_type.n > 0 &&
	    buf_printf(out, e,
		       "Content-Type: %.*s\r\nX-Content-Type-Options: nosniff\r\n",
		       (int)res->content_type.n, res->content_type.p) < 0)
		return -1;
	if (framed && buf_printf(out, e, "Content-Length: %zu\r\n", res->body.n) < 0)
		return -1;
	if (c->request_id.n > 0 && buf_printf(out, e, "X-Request-Id: %.*s\r\n",
					      (int)c->request_id.n, c->request_id.p) < 0)
		return -1;
	if (buf_add(out, res->fields, e) < 0)
		return -1;
	return buf_printf(out, e, "Connection: %s\r\n\r\n",
			  c->keep_alive ? "keep-alive" : "close");
}
