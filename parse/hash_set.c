/*
 * Ignorant of what the hashes are of.
 */
#include "parse/hash_set.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 4096 };

void hash_set_init(struct hash_set *s, size_t max_n)
{
	*s = (struct hash_set){ .max_n = max_n };
}

/* Where h stands, or belongs. */
static uint64_t *find(uint64_t *slot, size_t n_slots, uint64_t h)
{
	size_t at = (size_t)h & (n_slots - 1);

	while (slot[at] != 0 && slot[at] != h)
		at = (at + 1) & (n_slots - 1);
	return &slot[at];
}

/* Twice the slots, so that at most half of them are in use. */
static bool grow(struct hash_set *s)
{
	size_t n_slots = s->n_slots == 0 ? FIRST_SLOTS : s->n_slots * 2;
	uint64_t *slot = calloc(n_slots, sizeof(*slot));

	if (slot == NULL)
		return false;
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slot[i] != 0)
			*find(slot, n_slots, s->slot[i]) = s->slot[i];
	free(s->slot);
	s->slot = slot;
	s->n_slots = n_slots;
	return true;
}

bool hash_set_first(struct hash_set *s, uint64_t h)
{
	uint64_t *at;

	if (h == 0)
		h = 1; /* 0 is a free slot: two of 2^63 are taken for one */
	if (s->n == s->max_n || (s->n == s->n_slots / 2 && !grow(s)))
		return false;
	at = find(s->slot, s->n_slots, h);
	if (*at == h)
		return false;
	*at = h;
	s->n++;
	return true;
}

void hash_set_release(struct hash_set *s)
{
	free(s->slot);
	hash_set_init(s, s->max_n);
}
