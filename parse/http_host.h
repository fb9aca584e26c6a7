/*
 * The value of a Host field and the authority of an http URL (RFC 9110 section 7.2,
 * RFC 3986 section 3.2).
 */
#ifndef PARSE_HTTP_HOST_H
#define PARSE_HTTP_HOST_H

#include "parse/slice.h"

/* Whether s is a host with an optional port (0 to 65535): not empty, no user
 * information. Of the bracketed addresses only IPv6 is taken. */
bool http_host_valid(struct slice s);

#endif
