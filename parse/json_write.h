/*
 * JSON text (RFC 8259) onto the end of a buffer. Whatever the bytes given, what is
 * written is valid UTF-8 that PostgreSQL's jsonb takes: a byte that is not part of
 * valid UTF-8, and NUL, become U+FFFD.
 */
#ifndef PARSE_JSON_WRITE_H
#define PARSE_JSON_WRITE_H

#include "parse/buf.h"

#include <stdint.h>

/*
 * Each of these writes one value or name, and a comma before it when the buffer's last
 * byte ends a value; so that lists and objects need no bookkeeping, and text written by
 * hand up to a colon, a comma or a bracket may stand before it. All return 0, or -1 as
 * buf_add() does, and then the buffer may hold a part of it.
 */
int json_write_object(struct buf *b, struct err *e) MUST_CHECK;     /* { */
int json_write_object_end(struct buf *b, struct err *e) MUST_CHECK; /* } */
int json_write_array(struct buf *b, struct err *e) MUST_CHECK;      /* [ */
int json_write_array_end(struct buf *b, struct err *e) MUST_CHECK;  /* ] */
/* The name and its colon. */
int json_write_key(struct buf *b, struct slice name, struct err *e) MUST_CHECK;
/* null when s.p is NULL. */
int json_write_string(struct buf *b, struct slice s, struct err *e) MUST_CHECK;
int json_write_int(struct buf *b, int64_t n, struct err *e) MUST_CHECK;
int json_write_uint(struct buf *b, uint64_t n, struct err *e) MUST_CHECK;
int json_write_bool(struct buf *b, bool yes, struct err *e) MUST_CHECK;
int json_write_null(struct buf *b, struct err *e) MUST_CHECK;
/* A value that is JSON already. */
int json_write_raw(struct buf *b, struct slice json, struct err *e) MUST_CHECK;

/* For callers with memory of their own: the bytes of s as a JSON string, both quotes
 * included, and the writing of exactly those; returns the byte behind the last. */
size_t json_string_size(struct slice s);
char *json_string_put(struct slice s, char *to);

#endif
