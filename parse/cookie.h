/*
 * The Cookie field of a request (RFC 6265 sections 4.2 and 5.4). A browser sends what
 * other programs of the same host name have set as well, so a pair that breaks the
 * grammar is passed over rather than refused; but it never counts as anything.
 */
#ifndef PARSE_COOKIE_H
#define PARSE_COOKIE_H

#include "parse/err.h"
#include "parse/slice.h"

enum { COOKIE_PAIRS = 64 }; /* of one field that are looked at */

/*
 * The next well-formed pair of *rest, which is a field's value or what an earlier call
 * left of it; false at the end. The views are into it; a value loses the quotes around
 * it.
 */
bool cookie_next(struct slice *rest, struct slice *name_r, struct slice *value_r);
/*
 * The value of the one cookie of that name (compared with case) among the first
 * COOKIE_PAIRS pairs. 0 with p NULL when there is none; ERR_INPUT when there are two that
 * differ: a browser sends both when somebody planted one beside ours (section 8.6), and
 * nobody can tell them apart.
 */
int cookie_find(struct slice field, struct slice name, struct slice *value_r,
		struct err *e) MUST_CHECK;

#endif
