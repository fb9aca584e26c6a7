/*
 * Parameters behind a media type or a disposition: *( OWS ";" OWS name "=" value )
 * (RFC 9110 section 5.6.6), for Content-Type, Content-Disposition and Accept.
 */
#ifndef PARSE_HTTP_PARAM_H
#define PARSE_HTTP_PARAM_H

#include "parse/err.h"
#include "parse/slice.h"

/*
 * Takes the next parameter of *rest, which begins at white space or a semicolon.
 * PARSE_MORE with views into *rest: value_r without its quotes but with its backslashes;
 * PARSE_DONE at the end; -1: ERR_INPUT.
 */
int http_param_next(struct slice *rest, struct slice *name_r, struct slice *value_r,
		    struct err *e) MUST_CHECK;

#endif
