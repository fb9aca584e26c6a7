/*
 * Building answers. Ignorant of sockets: the connection sends what is built here.
 */
#include "server/response.h"

#include "parse/json_write.h"

#include <ctype.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

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

int response_file(struct response *res, struct slice type, int fd, uint64_t size,
		  struct err *e)
{
	int own = dup(fd);

	if (own < 0)
		return err_set(e, ERR_INTERNAL, "the answer's file: %s", strerror(errno));
	response_body(res, 200, type, SLICE(""));
	res->file = own;
	res->file_size = size;
	return 0;
}

int response_map(struct response *res, int fd, uint64_t size, struct err *e)
{
	void *map = size > SIZE_MAX
			    ? MAP_FAILED
			    : mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);

	(void)close(fd);
	if (map == MAP_FAILED)
		return err_set(e, ERR_INTERNAL, "the answer's file: %s", strerror(errno));
	res->map = map;
	res->map_size = (size_t)size;
	res->body = (struct slice){ map, (size_t)size };
	return 0;
}

void response_unmap(struct response *res)
{
	if (res->map != NULL)
		(void)munmap(res->map, res->map_size);
	res->map = NULL;
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
	case ERR_MEMORY:
		response_error(res, 503, "out_of_memory",
			       "this needs more memory than the server allows; nothing "
			       "was changed; split the file or ask for less at once, or "
			       "ask the administrator to raise task_memory");
		break;
	case ERR_ROOM:
		response_error(
			res, 503, "no_room",
			"this server has no room left on its disk for that; nothing was "
			"changed; try again in a moment, and tell an administrator if it "
			"stays so");
		response_field(res, "Retry-After", SLICE("10"));
		break;
	case ERR_BUSY:
		response_error(
			res, 503, "busy",
			"this server can open no more files or connections just now; "
			"nothing was changed; try again in a moment, and tell an "
			"administrator if it stays so");
		response_field(res, "Retry-After", SLICE("10"));
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

/* The end of a text that is written in pieces. */
static char *put(char *to, struct slice s)
{
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	return to + s.n;
}

void response_field(struct response *res, const char *name, struct slice value)
{
	const struct slice key = slice_str(name), colon = SLICE(": "),
			   end = SLICE("\r\n");
	char *line, *at;

	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0')
			return;
	/* None of the four comes near a size that could wrap: they are in memory. */
	line = arena_alloc(res->arena, res->fields.n + key.n + value.n + 4);
	if (line == NULL)
		return;
	at = put(put(put(line, res->fields), key), colon);
	at = put(put(at, value), end);
	res->fields = (struct slice){ line, (size_t)(at - line) };
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
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
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

static int add_all(struct buf *out, const struct slice *part, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (buf_add(out, part[i], e) < 0)
			return -1;
	return 0;
}

static struct slice decimal(char to[20], uint64_t n)
{
	size_t at = 20;

	do
		to[--at] = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	return (struct slice){ to + at, 20 - at };
}

int response_head(const struct response *res, const struct response_context *c,
		  struct buf *out, struct err *e)
{
	/* RFC 9110 section 8.6: no Content-Length with 1xx and 204; with 304 none is the
	 * safe choice. HEAD gets the length that GET would have. */
	bool framed = res->status != 204 && res->status != 304;
	char status[20], length[20];
	const struct slice line[] = {
		SLICE("HTTP/1.1 "),  decimal(status, res->status),
		SLICE(" "),          slice_str(response_reason(res->status)),
		SLICE("\r\nDate: "), c->date
	};
	const struct slice type[] = { SLICE("\r\nContent-Type: "), res->content_type,
				      SLICE("\r\nX-Content-Type-Options: nosniff") };
	const struct slice size[] = { SLICE("\r\nContent-Length: "),
				      decimal(length, res->body.n) };
	const struct slice id[] = { SLICE("\r\nX-Request-Id: "), c->request_id };
	const struct slice rest[] = { SLICE("\r\n"), res->fields,
				      c->keep_alive
					      ? SLICE("Connection: keep-alive\r\n\r\n")
					      : SLICE("Connection: close\r\n\r\n") };

	if (buf_reserve(out, 512, e) < 0 || add_all(out, line, 6, e) < 0)
		return -1;
	if (framed && res->content_type.n > 0 && add_all(out, type, 3, e) < 0)
		return -1;
	if (framed && add_all(out, size, 2, e) < 0)
		return -1;
	if (c->request_id.n > 0 && add_all(out, id, 2, e) < 0)
		return -1;
	return add_all(out, rest, 3, e);
}
