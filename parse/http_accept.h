/*
 * What a client would rather have: a page or data (RFC 9110 section 12.5.1), packed or
 * not (section 12.5.3).
 */
#ifndef PARSE_HTTP_ACCEPT_H
#define PARSE_HTTP_ACCEPT_H

#include "parse/http_head.h"

/*
 * Whether an Accept field's value prefers text/html over application/json: by quality,
 * each decided by its most specific range. Without a preference (absent, equal) the
 * answer is false. Malformed ranges are passed over; parameters other than q are not
 * looked at.
 */
bool http_accept_html(struct slice accept);
/* The other way round; false without a preference as well. */
bool http_accept_json(struct slice accept);

/*
 * Whether the Accept-Encoding fields of a head allow gzip (or x-gzip), and do not prefer
 * identity. A named coding's weight goes before that of "*"; a coding with two weights
 * has the higher. Without any such field the answer is false. Malformed elements are
 * passed over.
 */
bool http_accept_gzip(const struct http_head *h);

#endif
