/*
 * A growable byte buffer that is given its cap when it is set up, so that every
 * input has a bound that someone chose.
 */
#ifndef PARSE_BUF_H
#define PARSE_BUF_H

#include "parse/err.h"
#include "parse/slice.h"

struct buf {
	char *p;     /* n bytes in use; NULL while nothing was added */
	size_t n;    /* bytes in use */
	size_t size; /* bytes allocated */
	size_t cap;  /* bytes at the most */
};

void buf_init(struct buf *b, size_t cap);
/* Private: for buf_reserve(). */
int buf_grow(struct buf *b, size_t extra, struct err *e) MUST_CHECK;
/* Room for `extra` more bytes behind b->n. ERR_LIMIT over the cap, ERR_MEMORY
 * without memory; the content stays as it was. */
MUST_CHECK static inline int buf_reserve(struct buf *b, size_t extra, struct err *e)
{
	return extra <= b->size - b->n ? 0 : buf_grow(b, extra, e);
}
/* Appends; the same failures. */
MUST_CHECK static inline int buf_add(struct buf *b, struct slice s, struct err *e)
{
	if (s.n == 0)
		return 0;
	if (buf_reserve(b, s.n, e) < 0)
		return -1;
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
	return 0;
}
int buf_byte(struct buf *b, char c, struct err *e) MUST_CHECK;
int buf_printf(struct buf *b, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4))) MUST_CHECK;
/* Drops the first n bytes and moves the rest to the front. */
void buf_drop(struct buf *b, size_t n);
void buf_release(struct buf *b);

/* The bytes in use; valid until the next call that changes b. */
static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){ b->p, b->n };
}

#endif
