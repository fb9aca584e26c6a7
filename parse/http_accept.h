/*
 * Whether a client would rather have a page or data (RFC 9110 section 12.5.1).
 */
#ifndef PARSE_HTTP_ACCEPT_H
#define PARSE_HTTP_ACCEPT_H

#include "parse/slice.h"

/*
 * Whether an Accept field's value prefers text/html over application/json: by quality,
 * each decided by its most specific range. Without a preference (absent, equal) the
 * answer is false. Malformed ranges are passed over; parameters other than q are not
 * looked at.
 */
bool http_accept_html(struct slice accept);

#endif
