/*
 * Rows in the text format of PostgreSQL's COPY: fields between tabs, NULL as \N.
 */
#ifndef SERVER_IMPORT_COPY_H
#define SERVER_IMPORT_COPY_H

#include "parse/buf.h"

#include <stdint.h>

/* One field and what stands behind it: '\t', or '\n' at a row's end. A value with p
 * NULL is SQL NULL; NUL bytes, which no text column takes, are left out. */
int import_copy_field(struct buf *b, struct slice value, char behind,
		      struct err *e) MUST_CHECK;
int import_copy_number(struct buf *b, uint64_t n, char behind, struct err *e) MUST_CHECK;

#endif
