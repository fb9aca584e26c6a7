/*
 * Where a request's body ends, decided in one place (RFC 9112 section 6), and
 * whether the connection goes on after it (section 9.3).
 */
#ifndef PARSE_HTTP_FRAMING_H
#define PARSE_HTTP_FRAMING_H

#include "parse/http_head.h"

enum http_body { HTTP_BODY_NONE, HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED };

struct http_framing {
	enum http_body body;
	uint64_t length;      /* HTTP_BODY_LENGTH: bytes */
	bool keep_alive;      /* the client lets the connection live */
	bool expect_continue; /* RFC 9110 section 10.1.1; never for HTTP/1.0 */
	unsigned http_status; /* set with -1: 400, 417 or 501 */
};

/* 0 with *f filled, or -1 with f->http_status and e: any doubt about the length
 * (repeated, list, signed, overflowing, beside chunked) is 400 and the connection
 * must be closed. */
int http_framing_decide(const struct http_head *h, struct http_framing *f,
			struct err *e) MUST_CHECK;

#endif
