/*
 * Where plain text ends, sixteen bytes at a time where the processor can (SSE2, which
 * every x86-64 has), eight at a time elsewhere.
 */
#ifndef PARSE_SCAN_H
#define PARSE_SCAN_H

#include "parse/slice.h"

#include <stdint.h>

enum { SCAN_SLACK = 16 }; /* bytes that may be read behind what is scanned */

#define SCAN_ONES UINT64_C(0x0101010101010101)

static inline uint64_t scan_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* The high bit is set in bytes below `c` (which is at most 0x80) that are themselves
 * below 0x80; bytes behind such a one may have it set too. */
static inline uint64_t scan_word_below(uint64_t word, unsigned char c)
{
	return (word - SCAN_ONES * c) & ~word & SCAN_ONES * 0x80;
}

static inline uint64_t scan_word_equal(uint64_t word, char c)
{
	return scan_word_below(word ^ SCAN_ONES * (unsigned char)c, 1);
}

/* Bytes that a copied text must not hold as they are. */
enum scan_stops {
	SCAN_SEPARATORS, /* comma, double quote, CR, LF */
	SCAN_ESCAPED     /* backslash and control characters */
};

static inline bool scan_word_stops(uint64_t v, enum scan_stops stops)
{
	if (stops == SCAN_ESCAPED)
		return (scan_word_equal(v, '\\') | scan_word_below(v, 0x20)) != 0;
	return (scan_word_equal(v, ',') | scan_word_equal(v, '"') |
		scan_word_equal(v, '\r') | scan_word_equal(v, '\n')) != 0;
}

static inline bool scan_is_stop(char c, enum scan_stops stops)
{
	if (stops == SCAN_ESCAPED)
		return c == '\\' || (unsigned char)c < 0x20;
	return c == ',' || c == '"' || c == '\r' || c == '\n';
}

#ifdef __SSE2__
#include <emmintrin.h>

/* Bytes that are at most `top`, as unsigned numbers. */
static inline __m128i scan_up_to(__m128i v, char top)
{
	return _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(top)), v);
}

static inline __m128i scan_equal(__m128i v, char c)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

/* The first '<', '&', ']', '_' or byte below 0x20 at or behind p; there is a NUL. */
static inline const char *scan_text(const char *p)
{
	for (;; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		/* ']' and '_' differ in one bit */
		__m128i brackets =
			scan_equal(_mm_or_si128(v, _mm_set1_epi8(']' ^ '_')), '_');
		__m128i stops =
			_mm_or_si128(_mm_or_si128(scan_equal(v, '<'), scan_equal(v, '&')),
				     _mm_or_si128(brackets, scan_up_to(v, 0x1f)));
		unsigned mask = (unsigned)_mm_movemask_epi8(stops);

		if (mask != 0)
			return p + __builtin_ctz(mask);
	}
}

/* How many bytes s begins with that are in 0x20..0x7F: all of them, or down to a multiple
 * of sixteen. */
static inline size_t scan_ascii(struct slice s)
{
	size_t i = 0;

	for (; s.n - i >= 16; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s.p + i));

		/* as signed numbers, bytes over 0x7F are below zero */
		if (_mm_movemask_epi8(_mm_cmplt_epi8(v, _mm_set1_epi8(0x20))) != 0)
			break;
	}
	return i;
}

static inline bool scan_block_stops(__m128i v, enum scan_stops stops)
{
	__m128i found =
		stops == SCAN_ESCAPED
			? _mm_or_si128(scan_equal(v, '\\'), scan_up_to(v, 0x1f))
			: _mm_or_si128(
				  _mm_or_si128(scan_equal(v, ','), scan_equal(v, '"')),
				  _mm_or_si128(scan_equal(v, '\r'), scan_equal(v, '\n')));

	return _mm_movemask_epi8(found) != 0;
}

/* Copies sixteen bytes; true when a stop is among them. */
static inline bool scan_copy_block(char *to, const char *p, enum scan_stops stops)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);

	_mm_storeu_si128((__m128i *)(void *)to, v);
	return scan_block_stops(v, stops);
}

#else

static inline const char *scan_text(const char *p)
{
	for (;; p += 8) {
		uint64_t v = scan_word(p);

		if ((scan_word_equal(v, '<') | scan_word_equal(v, '&') |
		     scan_word_equal(v, ']') | scan_word_equal(v, '_') |
		     scan_word_below(v, 0x20)) != 0)
			break;
	}
	while ((unsigned char)*p >= 0x20 && *p != '<' && *p != '&' && *p != ']' &&
	       *p != '_')
		p++;
	return p;
}

static inline size_t scan_ascii(struct slice s)
{
	size_t i = 0;

	for (; s.n - i >= 16; i += 16) {
		uint64_t a = scan_word(s.p + i), b = scan_word(s.p + i + 8);

		if ((scan_word_below(a, 0x20) | scan_word_below(b, 0x20) |
		     ((a | b) & SCAN_ONES * 0x80)) != 0)
			break;
	}
	return i;
}

static inline bool scan_copy_block(char *to, const char *p, enum scan_stops stops)
{
	uint64_t a = scan_word(p), b = scan_word(p + 8);

	memcpy(to, &a, sizeof(a));
	memcpy(to + 8, &b, sizeof(b));
	return scan_word_stops(a, stops) || scan_word_stops(b, stops);
}
#endif

/* Copies s to `to`; true when one of the stops is in it. What was
 * loaded is looked at, not what was stored: a load across stores would wait for them. */
static inline bool scan_copy(char *to, struct slice s, enum scan_stops stops)
{
	bool found = false;
	size_t i = 0;

	if (s.n >= 16) {
		for (; s.n - i > 16; i += 16)
			found |= scan_copy_block(to + i, s.p + i, stops);
		return scan_copy_block(to + s.n - 16, s.p + s.n - 16, stops) || found;
	}
	if (s.n >= 8) {
		uint64_t a = scan_word(s.p), b = scan_word(s.p + s.n - 8);

		memcpy(to, &a, sizeof(a));
		memcpy(to + s.n - 8, &b, sizeof(b));
		return scan_word_stops(a, stops) || scan_word_stops(b, stops);
	}
	for (; i < s.n; i++) {
		to[i] = s.p[i];
		found |= scan_is_stop(to[i], stops);
	}
	return found;
}

#endif
