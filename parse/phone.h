/*
 * Phone numbers of a manifest.
 */
#ifndef PARSE_PHONE_H
#define PARSE_PHONE_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

enum { PHONE_MAX = 64 }; /* bytes */

/*
 * Writes trimmed text as a phone number to `to` (PHONE_MAX bytes, *n_r used): a leading
 * apostrophe is dropped, digits that a spreadsheet wrote as a number are written out,
 * and 10 digits that begin with 9 get back the 0 that a spreadsheet took, with
 * *mended_r true. Everything else stays as it is, masks ("0917****567") and country
 * codes included. False: too long, or a number whose digits are lost.
 */
bool phone_read(struct slice s, char *to, size_t *n_r, bool *mended_r) MUST_CHECK;

#endif
