/*
 * Bytes travel as a view by value: pointer and length cannot part. A view owns
 * nothing; a copy is a named call (arena_dup(), buf_add()).
 */
#ifndef PARSE_SLICE_H
#define PARSE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Read-only view of bytes a longer-lived owner holds. Not NUL-terminated. */
struct slice {
	const char *p; /* may be NULL only when n == 0 */
	size_t n;      /* bytes */
};

/* clang-format off */
#define SLICE_INIT(lit) { "" lit, sizeof(lit) - 1 } /* in static tables */
/* clang-format on */
#define SLICE(lit) ((struct slice)SLICE_INIT(lit)) /* in expressions */

/* The view of a NUL-terminated string; the empty view for NULL. */
static inline struct slice slice_str(const char *s)
{
	return (struct slice){ s, s == NULL ? 0 : strlen(s) };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ASCII only: header names, units, headings; never a language's letters. */
static inline char slice_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool slice_eq_nocase(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (slice_lower(a.p[i]) != slice_lower(b.p[i]))
			return false;
	return true;
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool slice_ends(struct slice s, struct slice suffix)
{
	return s.n >= suffix.n &&
	       (suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

/* Removes and returns the first n bytes, fewer when s is shorter. */
static inline struct slice slice_take(struct slice *s, size_t n)
{
	struct slice head = { s->p, n < s->n ? n : s->n };

	if (head.n > 0)
		s->p += head.n;
	s->n -= head.n;
	return head;
}

/* What is left of s from byte `from` on; empty when s is shorter. */
static inline struct slice slice_from(struct slice s, size_t from)
{
	(void)slice_take(&s, from);
	return s;
}

/* The first byte equal to c, or NULL. */
static inline const char *slice_find(struct slice s, char c)
{
	return s.n == 0 ? NULL : memchr(s.p, c, s.n);
}

/* Splits at the first c: returns what stands before it and leaves in *s what
 * stands behind it; without a c returns all of *s and leaves it empty. */
static inline struct slice slice_split(struct slice *s, char c)
{
	const char *at = slice_find(*s, c);
	struct slice head;

	if (at == NULL)
		return slice_take(s, s->n);
	head = slice_take(s, (size_t)(at - s->p));
	(void)slice_take(s, 1);
	return head;
}

/* s without the spaces and tabs (RFC 9110 section 5.6.3, OWS) at both ends. */
static inline struct slice slice_trim(struct slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		(void)slice_take(&s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

#endif
