/*
 * A raw DEFLATE stream (RFC 1951) with caps on what comes out of it: in bytes, and
 * as a ratio to what went in, so that a small file cannot ask for endless work.
 */
#ifndef PARSE_INFLATE_H
#define PARSE_INFLATE_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

enum { INFLATE_RATIO_FREE = 1 << 20 }; /* unpacked bytes before the ratio is looked at */

struct inflate;

/* max_out: unpacked bytes; max_ratio: unpacked bytes for each packed one, looked at
 * beyond the first MiB. ERR_INTERNAL without memory. */
int inflate_open(uint64_t max_out, uint32_t max_ratio, struct inflate **f_r,
		 struct err *e) MUST_CHECK;
/*
 * Unpacks from *in, which it shortens, to the `size` bytes at `to`, and sets *n_r.
 * PARSE_MORE: `to` is full or *in is used up (or both may be asked of the next call, when
 * *n_r > 0); PARSE_DONE: the stream is over (*n_r may be > 0; what is left of *in does
 * not belong to it); -1: ERR_INPUT damaged, ERR_LIMIT. It may unpack ahead of what it
 * gives, so that a call without input can give something.
 */
int inflate_feed(struct inflate *f, struct slice *in, char *to, size_t size, size_t *n_r,
		 struct err *e) MUST_CHECK;
uint64_t inflate_in(const struct inflate *f);  /* packed bytes used */
uint64_t inflate_out(const struct inflate *f); /* unpacked bytes given */
void inflate_close(struct inflate **f);

#endif
