/*
 * Which bytes may stand where in HTTP and in URLs: one table lookup a byte.
 */
#ifndef PARSE_HTTP_BYTE_H
#define PARSE_HTTP_BYTE_H

#include "parse/slice.h"

enum http_byte_class {
	HTTP_TCHAR = 1, /* of a token: RFC 9110 section 5.6.2 */
	HTTP_VALUE = 2, /* of a field value: VCHAR, obs-text, SP, HTAB (section 5.5) */
	HTTP_TARGET =
		4,     /* of a request target: VCHAR without " # < >. That is RFC 3986 and
			* what browsers leave unescaped in a query: [ ] { } | \ ^ ` */
	HTTP_PATH = 8, /* of a path, '/' included, '%' not: RFC 3986 section 3.3 */
	HTTP_HOST = 16 /* of a registered name, '%' not: RFC 3986 section 3.2.2 */
};

extern const unsigned char http_byte[256]; /* the classes of each byte, or-ed */

static inline bool http_byte_is(char c, enum http_byte_class class)
{
	return (http_byte[(unsigned char)c] & (unsigned)class) != 0;
}

/* 0 to 15, or -1. */
static inline int http_byte_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = slice_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether s is a token: not empty, tchars only. */
static inline bool http_byte_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!http_byte_is(s.p[i], HTTP_TCHAR))
			return false;
	return s.n > 0;
}

#endif
