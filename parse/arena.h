/*
 * Memory that lives as long as one request or job: handed out piece by piece,
 * given back all at once, nothing in it freed alone.
 */
#ifndef PARSE_ARENA_H
#define PARSE_ARENA_H

#include "parse/slice.h"

#include <stdarg.h>

struct arena_block;
struct arena {
	struct arena_block *head;
	size_t used; /* bytes handed out, alignment included */
	size_t cap;  /* bytes at the most: arena_alloc() returns NULL over it */
};

void arena_init(struct arena *a, size_t cap);
/* n bytes aligned for any object, zeroed; NULL over the cap or without memory. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((malloc));
/* A NUL-terminated copy of s (the NUL is not counted); p is NULL on failure. */
struct slice arena_dup(struct arena *a, struct slice s);
/* printf into the arena; p is NULL on failure. */
struct slice arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct slice arena_vprintf(struct arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Empties it for the next request and keeps one block, so that steady work does
 * not call malloc. Everything handed out is gone. */
void arena_reset(struct arena *a);
void arena_release(struct arena *a);

#endif
