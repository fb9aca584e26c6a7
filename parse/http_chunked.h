/*
 * The chunked transfer coding (RFC 9112 section 7.1), as a step parser that hands
 * out the data in place. Extensions and trailers are bounded and ignored.
 */
#ifndef PARSE_HTTP_CHUNKED_H
#define PARSE_HTTP_CHUNKED_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

struct http_chunked {
	unsigned state;    /* private; zero the struct to begin */
	unsigned digits;   /* private */
	uint64_t left;     /* private: bytes of the current chunk */
	uint32_t overhead; /* private: bytes of extensions and trailers so far */
};

/*
 * Takes bytes from *in. Each call hands out at most one run of body bytes in
 * *data_r (a view into in; empty when there was none). PARSE_DONE at the end of the
 * body with what follows left in *in, PARSE_MORE when *in is empty or a run was
 * handed out, -1: ERR_INPUT, ERR_LIMIT.
 */
int http_chunked_feed(struct http_chunked *c, struct slice *in, struct slice *data_r,
		      struct err *e) MUST_CHECK;

#endif
