/*
 * Entity tags in If-None-Match and If-Match (RFC 9110 sections 8.8.3, 13.1.1 and 13.1.2).
 */
#ifndef PARSE_ETAG_H
#define PARSE_ETAG_H

#include "parse/slice.h"

/*
 * Whether an If-None-Match value lists the tag, which is as it stands in ETag: quoted,
 * with W/ before it or not. Compared weakly: W/"a" and "a" match. "*" matches any. A
 * malformed list matches up to its fault.
 */
bool etag_matches(struct slice list, struct slice tag);
/* The same for If-Match: compared strongly, so that a weak tag matches nothing. */
bool etag_matches_strongly(struct slice list, struct slice tag);

#endif
