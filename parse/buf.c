/*
 * Growable bytes with a cap. Ignorant of what the bytes mean.
 */
#include "parse/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST = 256 };

void buf_init(struct buf *b, size_t cap)
{
	*b = (struct buf){ .p = NULL, .n = 0, .size = 0, .cap = cap };
}

int buf_grow(struct buf *b, size_t extra, struct err *e)
{
	size_t size = b->size == 0 ? FIRST : b->size;
	char *p;

	assert(b->n <= b->cap);
	if (extra > b->cap - b->n)
		return err_set(e, ERR_LIMIT, "more than %zu bytes", b->cap);
	while (size - b->n < extra || size < b->n)
		size = size > b->cap / 2 ? b->cap : size * 2;
	size = size > b->cap ? b->cap : size;
	p = realloc(b->p, size);
	if (p == NULL)
		return err_set(e, ERR_MEMORY, "out of memory for %zu bytes", size);
	b->p = p;
	b->size = size;
	return 0;
}

int buf_byte(struct buf *b, char c, struct err *e)
{
	return buf_add(b, (struct slice){ &c, 1 }, e);
}

int buf_printf(struct buf *b, struct err *e, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || buf_reserve(b, (size_t)n + 1, e) < 0) {
		va_end(ap);
		return n < 0 ? err_set(e, ERR_INTERNAL, "text cannot be formatted") : -1;
	}
	(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
	return 0;
}

void buf_drop(struct buf *b, size_t n)
{
	assert(n <= b->n);
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

void buf_release(struct buf *b)
{
	free(b->p);
	buf_init(b, b->cap);
}
