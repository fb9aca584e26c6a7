/*
 * Request targets (RFC 9112 section 3.2, RFC 3986) and urlencoded pairs (the WHATWG
 * URL standard, section 5), percent-decoded once.
 */
#ifndef PARSE_URL_H
#define PARSE_URL_H

#include "parse/arena.h"
#include "parse/err.h"

struct url {
	struct slice path;  /* decoded, begins with '/', valid UTF-8; "*" for OPTIONS * */
	struct slice query; /* raw, without the '?' */
};

/* Origin and absolute form (http only), and "*". ERR_INPUT: a bad escape, an encoded
 * NUL, control byte, slash or backslash, a dot segment, invalid UTF-8. The path is in
 * the arena. */
int url_parse(struct slice target, struct arena *a, struct url *u_r,
	      struct err *e) MUST_CHECK;

/* The next name=value pair of *rest (a query or a form body), decoded ('+' is a
 * space) into the arena. PARSE_MORE with a pair, PARSE_DONE at the end, -1: ERR_INPUT
 * (bad escape, NUL, invalid UTF-8), ERR_LIMIT (arena full). Empty pairs are skipped. */
int url_pair_next(struct slice *rest, struct arena *a, struct slice *name_r,
		  struct slice *value_r, struct err *e) MUST_CHECK;

#endif
