/*
 * A set of texts that numbers them in the order they came: the shared strings of a
 * workbook that is being written. Bounded by the bytes of its texts.
 */
#ifndef PARSE_STRING_SET_H
#define PARSE_STRING_SET_H

#include "parse/buf.h"

#include <stdint.h>

/* Beside its text each string takes 16 to 24 bytes. */
struct string_set {
	struct buf bytes;  /* the texts, one behind the other */
	size_t *end;       /* of each text in bytes; room for n_slots / 2 */
	uint32_t *slot;    /* open addressing: index + 1, 0 free */
	size_t n_slots, n; /* a power of two; texts held */
};

/* max_bytes: of the texts, repeated ones counted once. */
void string_set_init(struct string_set *s, size_t max_bytes);
/* The number of text, added when it was not there. PARSE_DONE with *index_r set,
 * PARSE_MORE when there is no room for another text, or -1: ERR_INTERNAL. */
int string_set_add(struct string_set *s, struct slice text, uint32_t *index_r,
		   struct err *e) MUST_CHECK;
/* Text number i < s->n; valid until the next string_set_add(). */
struct slice string_set_at(const struct string_set *s, size_t i);
void string_set_release(struct string_set *s);

#endif
