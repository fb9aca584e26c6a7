/* Raw DEFLATE: every split of input and output, damage, and the caps. */
#include "parse/inflate.h"

#include "tests/support/zip_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

static const struct row {
	const char *name;
	struct slice packed; /* RFC 1951 */
	int want;            /* what the last call returns */
	struct slice text;
} rows[] = {
	{ "stored block",
	  SLICE_INIT("\x01\x03\x00\xfc\xff"
		     "abc"),
	  PARSE_DONE, SLICE_INIT("abc") },
	{ "empty stored block", SLICE_INIT("\x01\x00\x00\xff\xff"), PARSE_DONE,
	  SLICE_INIT("") },
	{ "fixed block", SLICE_INIT("\x4b\x4c\x4a\x4e\x44\x42\x00"), PARSE_DONE,
	  SLICE_INIT("abcabcabcabcabc") },
	{ "cut in a stored block",
	  SLICE_INIT("\x01\x03\x00\xfc\xff"
		     "ab"),
	  PARSE_MORE, SLICE_INIT("ab") },
	{ "nothing", SLICE_INIT(""), PARSE_MORE, SLICE_INIT("") },
	{ "reserved block type", SLICE_INIT("\x07"), -1, SLICE_INIT("") },
	{ "wrong length complement",
	  SLICE_INIT("\x01\x03\x00\xfc\xfe"
		     "abc"),
	  -1, SLICE_INIT("") },
	{ "distance before the start", SLICE_INIT("\x03\x02\x00"), -1, SLICE_INIT("") },
};

/* Unpacks `in` in parts of `step` bytes to parts of `room` bytes. */
static int unpack(struct inflate *f, struct slice in, size_t step, size_t room, char *to,
		  size_t *n_r, struct err *e)
{
	struct slice part = slice_take(&in, step);
	int rc = PARSE_MORE;

	*n_r = 0;
	for (;;) {
		size_t n;

		rc = inflate_feed(f, &part, to + *n_r, room, &n, e);
		assert_true(n <= room);
		*n_r += n;
		if (rc != PARSE_MORE || (n == 0 && part.n == 0 && in.n == 0))
			return rc;
		if (part.n == 0)
			part = slice_take(&in, step);
	}
}

static void same_bytes_for_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t step = 1; step <= rows[i].packed.n + 1; step++)
			for (size_t room = 1; room < 20; room++) {
				struct err e = { 0 };
				struct inflate *f;
				char got[64];
				size_t n;
				int rc;

				assert_int_equal(inflate_open(1000, 1000, &f, &e), 0);
				rc = unpack(f, rows[i].packed, step, room, got, &n, &e);
				if (rc != rows[i].want ||
				    !slice_eq((struct slice){ got, n }, rows[i].text))
					fail_msg("%s, step %zu, room %zu: %d, %zu bytes",
						 rows[i].name, step, room, rc, n);
				assert_int_equal(e.kind, rc < 0 ? ERR_INPUT : ERR_NONE);
				assert_int_equal(inflate_out(f), n);
				inflate_close(&f);
				assert_null(f);
			}
}

static void leaves_what_is_behind_the_stream(void **state)
{
	struct slice in = SLICE("\x01\x01\x00\xfe\xff"
				"aXY");
	struct err e = { 0 };
	struct inflate *f;
	char got[64];
	size_t n;

	(void)state;
	assert_int_equal(inflate_open(1000, 1000, &f, &e), 0);
	assert_int_equal(inflate_feed(f, &in, got, sizeof(got), &n, &e), PARSE_DONE);
	assert_int_equal(n, 1);
	assert_true(slice_eq(in, SLICE("XY")));
	assert_int_equal(inflate_in(f), 6);
	assert_int_equal(inflate_feed(f, &in, got, sizeof(got), &n, &e), PARSE_DONE);
	assert_int_equal(n, 0);
	inflate_close(&f);
	inflate_close(&f);
}

static int unpack_all(struct slice packed, uint64_t max_out, uint32_t max_ratio,
		      struct err *e)
{
	static char got[64 * 1024];
	struct inflate *f;
	size_t n;
	int rc;

	assert_int_equal(inflate_open(max_out, max_ratio, &f, e), 0);
	do
		rc = inflate_feed(f, &packed, got, sizeof(got), &n, e);
	while (rc == PARSE_MORE && n > 0);
	inflate_close(&f);
	return rc;
}

static void caps_bytes_and_ratio(void **state)
{
	enum { MUCH = 2 * INFLATE_RATIO_FREE };
	char *zeros = calloc(1, MUCH);
	struct slice packed, small;
	struct err e = { 0 };

	(void)state;
	assert_non_null(zeros);
	packed = zb_deflate((struct slice){ zeros, MUCH });
	small = zb_deflate((struct slice){ zeros, INFLATE_RATIO_FREE });
	assert_true(packed.n < MUCH / 500);
	assert_int_equal(unpack_all(packed, MUCH, 2000, &e), PARSE_DONE);
	assert_int_equal(unpack_all(packed, MUCH - 1, 2000, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_string_equal(e.text,
			    "it unpacks to more than 2097151 bytes, which is the limit");
	e = (struct err){ 0 };
	assert_int_equal(unpack_all(packed, MUCH, 100, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_string_equal(
		e.text, "it unpacks to more than 100 times its size, which is the limit");
	e = (struct err){ 0 };
	/* the first MiB is free: small files of one repeated cell are no attack */
	assert_int_equal(unpack_all(small, MUCH, 10, &e), PARSE_DONE);
	free(zeros);
	free((void *)(uintptr_t)packed.p);
	free((void *)(uintptr_t)small.p);
}

enum { LARGE = 700 * 1000 };

/* Text of a sheet, long runs, and noise of a few and of all letters, by turns. */
static void fill(char *to, size_t n)
{
	uint64_t bits = 88172645463325252;

	for (size_t at = 0; at < n;) {
		size_t part, kind;

		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		kind = bits >> 5 & 3;
		part = kind == 0 ? 28 : bits >> 8 & 1023;
		for (size_t i = 0; i < part && at < n; i++, at++)
			to[at] = (char)(kind == 0 ? "<c r=\"B1234\" t=\"s\"><v>567890"[i]
					: kind == 1 ? 'x'
					: kind == 2 ? (int)(bits >> i % 60 & 7)
						    : (int)(bits * (i + 1) >> 33 & 0xff));
	}
}

static struct slice pack(struct slice text, int level, int strategy, int memory)
{
	static char packed[2 * LARGE];
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)text.p,
		       .avail_in = (uInt)text.n,
		       .next_out = (Bytef *)packed,
		       .avail_out = sizeof(packed) };

	assert_int_equal(
		deflateInit2(&z, level, Z_DEFLATED, -MAX_WBITS, memory, strategy), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return (struct slice){ packed, sizeof(packed) - z.avail_out };
}

/* Everything that a packer may do with much text, taken and given in large and in small
 * pieces, so that every way of stopping meets every kind of block. */
static void much_of_every_kind(void **state)
{
	static const int strategies[] = { Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY,
					  Z_RLE, Z_FILTERED };
	static const struct {
		size_t step, room;
	} cuts[] = {
		{ 2 * LARGE, LARGE }, { 4096, 4096 }, { 17, 100000 }, { 50000, 331 }
	};
	static char text[LARGE], got[LARGE];

	(void)state;
	fill(text, LARGE);
	for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++)
		for (int level = 0; level <= 9; level += 3) {
			struct slice packed = pack((struct slice){ text, LARGE }, level,
						   strategies[i], level == 3 ? 1 : 9);

			for (size_t k = 0; k < sizeof(cuts) / sizeof(cuts[0]); k++) {
				struct err e = { 0 };
				struct inflate *f;
				size_t n;

				assert_int_equal(inflate_open(LARGE, 10000, &f, &e), 0);
				memset(got, 0, LARGE);
				if (unpack(f, packed, cuts[k].step, cuts[k].room, got, &n,
					   &e) != PARSE_DONE ||
				    n != LARGE || memcmp(got, text, LARGE) != 0 ||
				    inflate_in(f) != packed.n)
					fail_msg("strategy %d, level %d, cut %zu: %zu "
						 "bytes, %s",
						 strategies[i], level, k, n, e.text);
				inflate_close(&f);
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_bytes_for_every_split),
		cmocka_unit_test(leaves_what_is_behind_the_stream),
		cmocka_unit_test(caps_bytes_and_ratio),
		cmocka_unit_test(much_of_every_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
