/*
 * The chunked transfer coding (RFC 9112 section 7.1), as a step parser that hands
 * out the data in place. Extensions and trailers are checked against the grammar,
 * bounded over the whole body, and ignored.
 */
#ifndef PARSE_HTTP_CHUNKED_H
#define PARSE_HTTP_CHUNKED_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

enum {
	HTTP_CHUNKED_DIGITS = 15,    /* of a chunk's size */
	HTTP_CHUNKED_OVERHEAD = 8192 /* bytes of all extensions and trailers */
};

/* One body being read; zero it to begin. All of it is private. */
struct http_chunked {
	unsigned state;    /* what comes next */
	unsigned digits;   /* of the current size */
	uint64_t left;     /* bytes of the current chunk */
	uint32_t overhead; /* bytes of extensions and trailers so far */
};

/*
 * Takes bytes from *in. Each call hands out at most one run of body bytes in
 * *data_r (a view into in; empty when there was none). PARSE_DONE at the end of the
 * body (and again if called again) with what follows left in *in, PARSE_MORE when *in
 * is empty or a run was handed out, -1: ERR_INPUT, or ERR_LIMIT for a size of too many
 * digits and too much overhead.
 */
int http_chunked_feed(struct http_chunked *c, struct slice *in, struct slice *data_r,
		      struct err *e) MUST_CHECK;
/* Bytes of the current chunk that are still to come; 0 until its size was read whole. */
uint64_t http_chunked_left(const struct http_chunked *c);

#endif
