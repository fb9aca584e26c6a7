/*
 * Arena: a list of blocks, the newest first. Ignorant of what is stored in it.
 */
#include "parse/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK = 16 * 1024, ALIGN = 16 };

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(16) char bytes[];
};

void arena_init(struct arena *a, size_t cap)
{
	*a = (struct arena){ .head = NULL, .used = 0, .cap = cap };
}

static struct arena_block *block_add(struct arena *a, size_t need)
{
	size_t size = need > BLOCK ? need : BLOCK;
	struct arena_block *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		return NULL;
	b->size = size;
	b->used = 0;
	b->next = a->head;
	a->head = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->head;
	size_t need;
	void *p;

	if (n > SIZE_MAX - ALIGN)
		return NULL;
	need = n == 0 ? ALIGN : (n + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
	if (a->used > a->cap || need > a->cap - a->used)
		return NULL;
	if (b == NULL || need > b->size - b->used)
		b = block_add(a, need);
	if (b == NULL)
		return NULL;
	p = b->bytes + b->used;
	b->used += need;
	a->used += need;
	memset(p, 0, need);
	return p;
}

struct slice arena_dup(struct arena *a, struct slice s)
{
	char *p = s.n == SIZE_MAX ? NULL : arena_alloc(a, s.n + 1);

	if (p == NULL)
		return (struct slice){ NULL, 0 };
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (struct slice){ p, s.n };
}

struct slice arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (p == NULL)
		return (struct slice){ NULL, 0 };
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	return (struct slice){ p, (size_t)n };
}

struct slice arena_printf(struct arena *a, const char *fmt, ...)
{
	struct slice s;
	va_list ap;

	va_start(ap, fmt);
	s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

static void blocks_free(struct arena_block *b)
{
	while (b != NULL) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_reset(struct arena *a)
{
	struct arena_block *b = a->head;

	if (b != NULL && b->size == BLOCK) {
		blocks_free(b->next);
		b->next = NULL;
		b->used = 0;
	} else {
		blocks_free(b);
		a->head = NULL;
	}
	a->used = 0;
}

void arena_release(struct arena *a)
{
	blocks_free(a->head);
	a->head = NULL;
	a->used = 0;
}
