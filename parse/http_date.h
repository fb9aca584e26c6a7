/*
 * Dates of HTTP (RFC 9110 section 5.6.7), for Date, Last-Modified and
 * If-Modified-Since.
 */
#ifndef PARSE_HTTP_DATE_H
#define PARSE_HTTP_DATE_H

#include "parse/slice.h"

#include <stdint.h>

enum { HTTP_DATE_SIZE = 30 };

/* Writes "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL. t is in seconds since 1970, in the
 * years 1970 to 9999; what lies outside becomes the nearest of these. */
void http_date_write(int64_t t, char to[HTTP_DATE_SIZE]);

/* Reads IMF-fixdate, the RFC 850 form and asctime()'s. A two-digit year more than 50
 * years after `now` is taken for the century before. False when s is none of them, or
 * not a date: day, month and weekday must fit. */
bool http_date_parse(struct slice s, int64_t now, int64_t *t_r);

#endif
