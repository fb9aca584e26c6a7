/*
 * UTF-8 (RFC 3629): checked once at the edge, trusted afterwards.
 */
#ifndef PARSE_UTF8_H
#define PARSE_UTF8_H

#include "parse/slice.h"

#include <stdint.h>

/* No overlong forms, surrogates, values over U+10FFFF or cut sequences. */
bool utf8_valid(struct slice s);
/* Length of the longest valid prefix. */
size_t utf8_valid_prefix(struct slice s);
/* Length of the sequence that a non-empty s begins with; 0 when it is malformed or cut
 * off by the end of s. */
size_t utf8_length(struct slice s);
/* Writes one code point (not a surrogate, at most 0x10FFFF) as 1 to 4 bytes;
 * returns the count. */
size_t utf8_put(uint32_t code, char to[4]);
/* Takes the first code point of a valid, non-empty s. */
uint32_t utf8_get(struct slice *s);

#endif
