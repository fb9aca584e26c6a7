/*
 * CRC-32 by carry-less multiplication where the processor has it (x86, PCLMULQDQ: three
 * times as fast as zlib, which does the rest and everything elsewhere).
 *
 * V. Gopal and others, Fast CRC computation for generic polynomials using PCLMULQDQ,
 * Intel 2009: the message is folded, 64 bytes at a time, into four registers, those into
 * one, and that is reduced modulo the polynomial. The constants are x^n mod P, reflected.
 */
#include "parse/crc.h"

#include <limits.h>
#include <zlib.h>

static uint32_t by_zlib(uint32_t crc, struct slice s)
{
	while (s.n > 0) {
		struct slice part = slice_take(&s, INT_MAX);

		crc = (uint32_t)crc32(crc, (const Bytef *)part.p, (uInt)part.n);
	}
	return crc;
}

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

enum { BLOCK = 64, LEAST = 4 * BLOCK };

__attribute__((target("pclmul"))) static inline __m128i fold(__m128i x, __m128i by,
							     __m128i next)
{
	__m128i low = _mm_clmulepi64_si128(x, by, 0x00);
	__m128i high = _mm_clmulepi64_si128(x, by, 0x11);

	return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

static inline __m128i load(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* What 16 bytes leave modulo P: 128 bits to 64, to 32, and Barrett's reduction. */
__attribute__((target("pclmul,sse4.1"))) static uint32_t reduce(__m128i x)
{
	const __m128i by_96 = _mm_set_epi64x(0, 0x0ccaa009e);
	const __m128i by_64 = _mm_set_epi64x(0, 0x163cd6124);
	const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641);
	const __m128i low = _mm_set_epi32(0, 0, 0, -1);
	__m128i y;

	x = _mm_xor_si128(_mm_srli_si128(x, 8), _mm_clmulepi64_si128(x, by_96, 0x00));
	y = _mm_clmulepi64_si128(_mm_and_si128(x, low), by_64, 0x00);
	x = _mm_xor_si128(_mm_srli_si128(x, 4), y);
	y = _mm_clmulepi64_si128(_mm_and_si128(x, low), barrett, 0x10);
	y = _mm_clmulepi64_si128(_mm_and_si128(y, low), barrett, 0x00);
	return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x, y), 1);
}

/* s: a multiple of 64 bytes, at least two of them */
__attribute__((target("pclmul,sse4.1"))) static uint32_t by_folding(uint32_t crc,
								    struct slice s)
{
	const __m128i by_4 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
	const __m128i by_1 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
	const char *p = s.p, *end = s.p + s.n;
	__m128i a = _mm_xor_si128(load(p), _mm_cvtsi32_si128((int)~crc));
	__m128i b = load(p + 16), c = load(p + 32), d = load(p + 48);

	for (p += BLOCK; p < end; p += BLOCK) {
		a = fold(a, by_4, load(p));
		b = fold(b, by_4, load(p + 16));
		c = fold(c, by_4, load(p + 32));
		d = fold(d, by_4, load(p + 48));
	}
	a = fold(a, by_1, b);
	a = fold(a, by_1, c);
	return ~reduce(fold(a, by_1, d));
}

uint32_t crc_32(uint32_t crc, struct slice s)
{
	if (s.n >= LEAST && __builtin_cpu_supports("pclmul") &&
	    __builtin_cpu_supports("sse4.1"))
		crc = by_folding(crc, slice_take(&s, s.n / BLOCK * BLOCK));
	return by_zlib(crc, s);
}

#else
uint32_t crc_32(uint32_t crc, struct slice s)
{
	return by_zlib(crc, s);
}
#endif
