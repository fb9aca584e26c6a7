/*
 * Ignorant of what the values mean.
 */
#include "parse/row_hash.h"

static const uint64_t NOTHING = UINT64_MAX; /* no value is as long as that */
static const uint64_t MULTIPLIER = UINT64_C(0xD6E8FEB86659FD93);

/* A step for each eight bytes: any bit more or less changes half of the result's, on
 * average. With a single multiplication the upper bits of a word change few, and a like
 * change of the next word takes them back: "A-001-001" and "U-005-005" were one. */
static uint64_t mix(uint64_t h, uint64_t word)
{
	h ^= word;
	h = (h ^ h >> 32) * MULTIPLIER;
	h = (h ^ h >> 32) * MULTIPLIER;
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
