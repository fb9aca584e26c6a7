/*
 * Numbered texts without repeats. Ignorant of workbooks: it is only a hash table
 * over one long buffer.
 */
#include "parse/string_set.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 1024 };
static const size_t MAX_SLOTS = (size_t)1 << 31;

void string_set_init(struct string_set *s, size_t max_bytes)
{
	*s = (struct string_set){ .n = 0 };
	buf_init(&s->bytes, max_bytes);
}

/* FNV-1a, 64 bits, folded: texts are short, and a crowd of equal hashes only costs the
 * time of the one who sent the file. */
static size_t hash(struct slice text)
{
	uint64_t h = 14695981039346656037U;

	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (unsigned char)text.p[i]) * 1099511628211U;
	return (size_t)(h ^ h >> 32);
}

struct slice string_set_at(const struct string_set *s, size_t i)
{
	size_t start = i == 0 ? 0 : s->end[i - 1];

	return (struct slice){ s->bytes.p + start, s->end[i] - start };
}

/* The slot that holds text, or the free one where it belongs. */
static size_t find(const struct string_set *s, struct slice text)
{
	size_t at = hash(text) & (s->n_slots - 1);

	while (s->slot[at] != 0 && !slice_eq(string_set_at(s, s->slot[at] - 1), text))
		at = (at + 1) & (s->n_slots - 1);
	return at;
}

/* Twice the slots, so that at most half of them are in use. */
static int grow(struct string_set *s, struct err *e)
{
	size_t n_slots = s->n_slots == 0 ? FIRST_SLOTS : s->n_slots * 2;
	uint32_t *slot = calloc(n_slots, sizeof(*slot));
	size_t *end = realloc(s->end, n_slots / 2 * sizeof(*end));

	if (end != NULL)
		s->end = end;
	if (slot == NULL || end == NULL) {
		free(slot);
		return err_set(e, ERR_MEMORY, "out of memory for %zu texts", n_slots / 2);
	}
	free(s->slot);
	s->slot = slot;
	s->n_slots = n_slots;
	for (size_t i = 0; i < s->n; i++)
		s->slot[find(s, string_set_at(s, i))] = (uint32_t)(i + 1);
	return 0;
}

int string_set_add(struct string_set *s, struct slice text, uint32_t *index_r,
		   struct err *e)
{
	size_t at;

	if (s->n_slots == 0 && grow(s, e) < 0)
		return -1;
	at = find(s, text);
	if (s->slot[at] != 0) {
		*index_r = s->slot[at] - 1;
		return PARSE_DONE;
	}
	if (text.n > s->bytes.cap - s->bytes.n)
		return PARSE_MORE;
	if (s->n == s->n_slots / 2) {
		if (s->n_slots >= MAX_SLOTS)
			return PARSE_MORE;
		if (grow(s, e) < 0)
			return -1;
		at = find(s, text);
	}
	if (buf_add(&s->bytes, text, e) < 0)
		return -1;
	s->end[s->n] = s->bytes.n;
	*index_r = (uint32_t)s->n;
	s->n++;
	s->slot[at] = (uint32_t)s->n;
	return PARSE_DONE;
}

void string_set_release(struct string_set *s)
{
	buf_release(&s->bytes);
	free(s->end);
	free(s->slot);
	*s = (struct string_set){ .bytes = s->bytes };
}
