/*
 * Conditional requests: whether a client already has what it asks for, or no longer
 * wants it (RFC 9110 section 13).
 */
#ifndef PARSE_HTTP_CONDITION_H
#define PARSE_HTTP_CONDITION_H

#include "parse/http_head.h"

/* What tells one state of a representation from another. */
struct http_validators {
	struct slice etag; /* strong, as it stands in ETag */
	int64_t modified;  /* seconds since 1970, as in Last-Modified */
	bool date_shared;  /* by other bytes, another coding's: weak (RFC 9110, 8.8.1) */
};

enum http_condition {
	HTTP_CONDITION_TRUE,      /* answer as if there were none */
	HTTP_CONDITION_UNCHANGED, /* 304 */
	HTTP_CONDITION_FALSE      /* 412 */
};

/*
 * If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since, in the order of
 * section 13.2.2. Lists may stand in several fields. A date that is malformed, or there
 * twice, is no condition; a malformed list matches up to its fault. `now` serves to
 * understand years of two digits.
 */
enum http_condition http_condition_check(const struct http_head *h,
					 const struct http_validators *v, int64_t now);

/*
 * The Range of a request that may be answered with a part: a GET with one Range field,
 * and If-Range (section 13.1.5), if it is there, names the state at hand. Else p NULL.
 * A date in If-Range counts when its second is over, as later changes then have others,
 * and no other bytes share it.
 */
struct slice http_condition_range(const struct http_head *h,
				  const struct http_validators *v, int64_t now);

#endif
