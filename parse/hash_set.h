/*
 * Whether a hash came before: of texts that are too many to be kept. Bounded; once full
 * it cannot tell any more.
 */
#ifndef PARSE_HASH_SET_H
#define PARSE_HASH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 16 to 32 bytes a hash, and half as many again while it grows. */
struct hash_set {
	uint64_t *slot;  /* open addressing; 0 free */
	size_t n_slots;  /* a power of two */
	size_t n, max_n; /* hashes held */
};

void hash_set_init(struct hash_set *s, size_t max_n);
/* True: h certainly did not come before, and does from now on. False: it did, or nobody
 * knows: there is no room for it. The bits of h must be as good as random (row_hash()).
 */
bool hash_set_first(struct hash_set *s, uint64_t h);
/* To an empty set of no memory. */
void hash_set_release(struct hash_set *s);

#endif
