/*
 * The part of a representation that a client asks for (RFC 9110 section 14.2).
 */
#ifndef PARSE_HTTP_RANGE_H
#define PARSE_HTTP_RANGE_H

#include "parse/slice.h"

#include <stdint.h>

enum http_range {
	HTTP_RANGE_ALL,    /* no part, or not one that we give: the whole, 200 */
	HTTP_RANGE_PART,   /* 206 */
	HTTP_RANGE_OUTSIDE /* 416 */
};

/*
 * Reads the value of a Range field for a representation of `size` bytes. With
 * HTTP_RANGE_PART *first_r and *n_r say which: n_r is at least 1, and both together
 * lie inside. Units other than bytes, malformed values and several ranges are
 * HTTP_RANGE_ALL.
 */
enum http_range http_range_read(struct slice value, uint64_t size, uint64_t *first_r,
				uint64_t *n_r);

#endif
