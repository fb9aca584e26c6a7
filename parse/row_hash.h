/*
 * Whether two rows say the same, as a number to compare. Of text that is read, not of the
 * file's bytes: 7 and 7.0 kilograms are one.
 */
#ifndef PARSE_ROW_HASH_H
#define PARSE_ROW_HASH_H

#include "parse/slice.h"

#include <stdint.h>

/*
 * Of n values behind those that seed is of (0: none), 63 bits; a value with p NULL is
 * another than an empty one. Kept in the database, so it stays as it is: of another, the
 * rows that are there would be compared field by field until something in them changes.
 * Two rows that a person writes have the same one by chance once in 10^18; it is no
 * protection against one who looks for such a pair, who could as well upload what he
 * wants to be there.
 */
uint64_t row_hash(uint64_t seed, const struct slice *value, size_t n);

#endif
