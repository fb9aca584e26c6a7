/*
 * Equal lists of values have the same hash, and no two others that a file may bring.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "parse/row_hash.h"

static uint64_t of(const struct slice *v, size_t n)
{
	return row_hash(0, v, n);
}

static void values_that_run_into_each_other(void **state)
{
	const struct slice nothing = { NULL, 0 }, empty = SLICE("");
	const struct slice lists[][3] = {
		{ SLICE("ab"), SLICE("c"), empty },
		{ SLICE("a"), SLICE("bc"), empty },
		{ SLICE("abc"), empty, empty },
		{ SLICE("abc"), nothing, empty },
		{ SLICE("abc"), empty, nothing },
		{ empty, SLICE("abc"), empty },
		{ empty, empty, empty },
		{ nothing, nothing, nothing },
		{ SLICE("\0"), empty, empty },
		{ SLICE("\0\0"), empty, empty },
		{ SLICE("12345678"), empty, empty },
		{ SLICE("12345678\0"), empty, empty },
		{ SLICE("c"), SLICE("ab"), empty },
	};
	enum { N = sizeof(lists) / sizeof(lists[0]) };

	(void)state;
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < N; k++)
			assert_int_equal(of(lists[i], 3) == of(lists[k], 3), i == k);
	assert_true(of(lists[0], 2) != of(lists[0], 3));
	assert_true(of(lists[0], 2) != of(lists[0], 1));
}

/* Bytes of the same text elsewhere in memory; and every bit of it counts. */
static void each_bit_of_a_text(void **state)
{
	char text[41], copy[48] = "-";

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7);
	for (size_t n = 1; n <= sizeof(text); n++) {
		struct slice a = { text, n }, b = { copy + 1, n };
		uint64_t want = of(&a, 1);

		memcpy(copy + 1, text, n);
		assert_true(of(&b, 1) == want);
		for (size_t bit = 0; bit < 8 * n; bit++) {
			copy[1 + bit / 8] ^= (char)(1 << bit % 8);
			assert_true(of(&b, 1) != want);
			copy[1 + bit / 8] ^= (char)(1 << bit % 8);
		}
	}
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Numbers that follow each other, as in a manifest: 2^20 of them in 63 bits meet by
 * chance once in 17 million times; in the lower or upper 40 bits some half a time. */
static void rows_that_differ_little(void **state)
{
	enum { N = 1 << 20 };
	uint64_t *h = malloc(N * sizeof(*h));
	size_t low = 0, high = 0;

	(void)state;
	assert_non_null(h);
	for (size_t i = 0; i < N; i++) {
		char text[32];
		struct slice v[2] = { SLICE("pending"), { text, 0 } };

		v[1].n = (size_t)snprintf(text, sizeof(text), "%zu\tAna\t\\N\t",
					  100000 + i);
		h[i] = of(v, 2);
		assert_true(h[i] <= INT64_MAX);
	}
	qsort(h, N, sizeof(*h), by_size);
	for (size_t i = 1; i < N; i++) {
		assert_true(h[i] != h[i - 1]);
		high += h[i] >> 23 == h[i - 1] >> 23;
	}
	for (size_t i = 0; i < N; i++)
		h[i] &= (UINT64_C(1) << 40) - 1;
	qsort(h, N, sizeof(*h), by_size);
	for (size_t i = 1; i < N; i++)
		low += h[i] == h[i - 1];
	free(h);
	assert_in_range(low, 0, 5);
	assert_in_range(high, 0, 5);
}

/* Shelves as in "A-001-001": what changes in one place and the same way in another is
 * another row, wherever the words of eight bytes begin. */
static void rows_that_differ_alike(void **state)
{
	enum { LETTERS = 26, PLACES = 20, N = LETTERS * PLACES * PLACES };
	static uint64_t h[N];

	(void)state;
	for (int before = 0; before < 8; before++) {
		for (int i = 0; i < N; i++) {
			char text[32];
			struct slice v = { text, 0 };

			v.n = (size_t)snprintf(text, sizeof(text), "%.*s%c-%03d-%03d",
					       before, "-------",
					       'A' + i / PLACES / PLACES,
					       i / PLACES % PLACES, i % PLACES);
			h[i] = of(&v, 1);
		}
		qsort(h, N, sizeof(*h), by_size);
		for (int i = 1; i < N; i++)
			assert_true(h[i] != h[i - 1]);
	}
}

/* They stand in databases: a change of theirs makes every known row one to
 * compare. */
static void they_stay_as_they_are(void **state)
{
	const struct slice v[] = { SLICE("delivered"),
				   SLICE("JT1\tAna Cruz\t"),
				   { NULL, 0 } };

	(void)state;
	assert_true(row_hash(7, v, 3) == UINT64_C(8394282747922541876));
	assert_true(row_hash(7, v, 3) != row_hash(8, v, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_that_run_into_each_other),
		cmocka_unit_test(each_bit_of_a_text),
		cmocka_unit_test(rows_that_differ_little),
		cmocka_unit_test(rows_that_differ_alike),
		cmocka_unit_test(they_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
