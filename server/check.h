/*
 * Checks of small values from clients, each with a sentence for whoever sent it.
 */
#ifndef SERVER_CHECK_H
#define SERVER_CHECK_H

#include "parse/err.h"
#include "parse/slice.h"

/* All accept an absent value (p NULL) and return 0 or -1 with ERR_INPUT naming the
 * field. */
/* 8-4-4-4-12 hexadecimal digits (RFC 9562). */
int check_uuid(const char *field, struct slice v, struct err *e) MUST_CHECK;
/* A positive whole number of at most 18 digits. */
int check_id(const char *field, struct slice v, struct err *e) MUST_CHECK;
/* At most max characters (not bytes: people count them, and so do pages) of valid UTF-8,
 * none of them a control character. */
int check_label(const char *field, struct slice v, size_t max, struct err *e) MUST_CHECK;
/* RFC 3339 with an offset, "2025-01-31T08:05:00.250+08:00", or a date alone. */
int check_time(const char *field, struct slice v, struct err *e) MUST_CHECK;

#endif
