/*
 * SHA-256 (FIPS 180-4) of a few bytes that are whole in memory.
 */
#ifndef PARSE_SHA256_H
#define PARSE_SHA256_H

#include "parse/slice.h"

enum { SHA256_HEX = 65 }; /* 64 digits and NUL */

/* The digest in lower case hexadecimal. */
void sha256_hex(struct slice s, char to[SHA256_HEX]);

#endif
