/*
 * Ignorant of what the values mean.
 */
#include "parse/row_hash.h"

static const uint64_t NOTHING = UINT64_MAX; /* no value is as long as that */

/* A step for each eight bytes: one bit more or less changes half of the result's. */
static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9E3779B97F4A7C15); /* 2^64 by the golden ratio */
	return h ^ h >> 32;
}

/* Its length goes first, so that no two lists of values run into the same bytes. */
static uint64_t add(uint64_t h, struct slice value)
{
	uint64_t word;
	size_t i;

	if (value.p == NULL)
		return mix(h, NOTHING);
	h = mix(h, value.n);
	for (i = 0; value.n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, value.p + i, sizeof(word));
		h = mix(h, word);
	}
	if (i == value.n)
		return h;
	word = 0;
	memcpy(&word, value.p + i, value.n - i);
	return mix(h, word);
}

uint64_t row_hash(uint64_t seed, const struct slice *value, size_t n)
{
	uint64_t h = mix(seed, n);

	for (size_t i = 0; i < n; i++)
		h = add(h, value[i]);
	return mix(h, h >> 29) >> 1;
}
