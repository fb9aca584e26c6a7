/*
 * The head of an HTTP/1.1 request: request line and header fields (RFC 9112
 * sections 2 to 5), strictly: CRLF only, no folding, no white space before a colon.
 */
#ifndef PARSE_HTTP_HEAD_H
#define PARSE_HTTP_HEAD_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_PATCH,
	HTTP_OTHER /* another token (TRACE too): the server answers 501 */
};

struct http_field {
	struct slice name;  /* as sent; compare without case */
	struct slice value; /* without the white space around it */
};

enum { HTTP_MAX_FIELDS = 100 };

struct http_limits {
	uint32_t max_line;   /* bytes of the request line, its CRLF not counted: 414 */
	uint32_t max_head;   /* bytes of all field lines, their CRLFs counted: 431 */
	uint32_t max_fields; /* at most HTTP_MAX_FIELDS: 431 */
};

struct http_head {
	enum http_method method;
	struct slice method_text, target; /* as sent */
	unsigned minor;                   /* HTTP/1.minor; 2 and more count as 1 */
	/* The authority of an absolute target (RFC 9112 section 3.2.2), else the one Host
	 * field; empty or NULL with 1.0 only. */
	struct slice host;
	struct http_field field[HTTP_MAX_FIELDS];
	size_t n_fields;
};

/* One head being read. The bytes stay in the caller's buffer, which may move and
 * grow between calls; offsets live here. Zero it to begin. */
struct http_head_parser {
	unsigned state;       /* what comes next; private, like all but the last two */
	size_t at;            /* bytes of the buffer already checked */
	size_t mark;          /* where the current element begins */
	size_t section;       /* where the request line or the fields begin */
	uint32_t fields;      /* field lines begun */
	unsigned http_status; /* set with -1: 400, 414, 431, 501 or 505 */
	/* Once it was read, and GET until then: a refused HEAD gets no body either. */
	enum http_method method;
};

/*
 * Goes on with the head in `in`, which holds everything received since the head's
 * first byte (maybe more than the head). PARSE_MORE, or PARSE_DONE with *h filled
 * with views into `in` and *used_r the head's length (the empty line included), or
 * -1: ERR_INPUT or ERR_LIMIT, p->http_status the status to answer (CONNECT and methods
 * over 32 bytes: 501). The connection cannot go on after a failure. One empty line
 * before the request line is skipped (RFC 9112 section 2.2). A fault is reported as
 * soon as its byte is seen, and is the same however the input was split.
 */
int http_head_feed(struct http_head_parser *p, struct slice in,
		   const struct http_limits *limits, struct http_head *h, size_t *used_r,
		   struct err *e) MUST_CHECK;

/* The value of the first field of that name (without case), or p NULL. */
struct slice http_head_field(const struct http_head *h, struct slice name);
/* Whether a comma separated field (all its lines) lists the token (without case). */
bool http_head_lists(const struct http_head *h, struct slice name, struct slice token);

#endif
