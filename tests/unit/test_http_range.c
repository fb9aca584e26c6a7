/*
 * Range fields for representations of some sizes (RFC 9110 sections 14.1 and 14.2).
 */
#include "parse/http_range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	struct slice in;
	uint64_t size;
	enum http_range want;
	uint64_t first, n;
} rows[] = {
	{ "14.1.2: the first 500", SLICE_INIT("bytes=0-499"), 10000, HTTP_RANGE_PART, 0,
	  500 },
	{ "14.1.2: the second 500", SLICE_INIT("bytes=500-999"), 10000, HTTP_RANGE_PART,
	  500, 500 },
	{ "14.1.2: the last 500", SLICE_INIT("bytes=-500"), 10000, HTTP_RANGE_PART, 9500,
	  500 },
	{ "14.1.2: ... open", SLICE_INIT("bytes=9500-"), 10000, HTTP_RANGE_PART, 9500,
	  500 },
	{ "14.1.2: one byte", SLICE_INIT("bytes=0-0"), 10, HTTP_RANGE_PART, 0, 1 },
	{ "14.1.2: the last byte", SLICE_INIT("bytes=9-9"), 10, HTTP_RANGE_PART, 9, 1 },
	{ "14.1.2: all", SLICE_INIT("bytes=0-"), 10, HTTP_RANGE_PART, 0, 10 },
	{ "14.1.2: an end behind the end", SLICE_INIT("bytes=5-10"), 10, HTTP_RANGE_PART,
	  5, 5 },
	{ "14.1.2: an end of 2^64-1", SLICE_INIT("bytes=5-18446744073709551615"), 10,
	  HTTP_RANGE_PART, 5, 5 },
	{ "14.1.2: an end of 2^64", SLICE_INIT("bytes=5-18446744073709551616"), 10,
	  HTTP_RANGE_PART, 5, 5 },
	{ "14.1.2: an end of many digits",
	  SLICE_INIT("bytes=0-99999999999999999999999999999999999999"), 10,
	  HTTP_RANGE_PART, 0, 10 },
	{ "14.1.2: a suffix longer than all", SLICE_INIT("bytes=-11"), 10,
	  HTTP_RANGE_PART, 0, 10 },
	{ "14.1.2: a suffix of many digits", SLICE_INIT("bytes=-99999999999999999999"),
	  10, HTTP_RANGE_PART, 0, 10 },
	{ "14.1.2: leading zeros", SLICE_INIT("bytes=0002-0003"), 10, HTTP_RANGE_PART, 2,
	  2 },
	{ "14.1: a unit's case", SLICE_INIT("BYTES=2-3"), 10, HTTP_RANGE_PART, 2, 2 },
	{ "5.6.1: empty elements", SLICE_INIT("bytes=, ,2-3 ,,"), 10, HTTP_RANGE_PART, 2,
	  2 },
	{ "14.1.2: the largest size", SLICE_INIT("bytes=1-"), UINT64_MAX, HTTP_RANGE_PART,
	  1, UINT64_MAX - 1 },

	{ "14.1.1: a start at the end", SLICE_INIT("bytes=10-"), 10, HTTP_RANGE_OUTSIDE,
	  0, 0 },
	{ "14.1.1: a start behind the end", SLICE_INIT("bytes=11-20"), 10,
	  HTTP_RANGE_OUTSIDE, 0, 0 },
	{ "14.1.1: a start of many digits", SLICE_INIT("bytes=99999999999999999999-"), 10,
	  HTTP_RANGE_OUTSIDE, 0, 0 },
	{ "14.1.1: a suffix of nothing", SLICE_INIT("bytes=-0"), 10, HTTP_RANGE_OUTSIDE,
	  0, 0 },
	{ "14.1.1: ... of an empty file", SLICE_INIT("bytes=-0"), 0, HTTP_RANGE_OUTSIDE,
	  0, 0 },
	{ "14.1.1: the start of an empty file", SLICE_INIT("bytes=0-"), 0,
	  HTTP_RANGE_OUTSIDE, 0, 0 },
	{ "14.1.1: the end of an empty file", SLICE_INIT("bytes=-1"), 0, HTTP_RANGE_ALL,
	  0, 0 },

	{ "14.2: absent", { NULL, 0 }, 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.2: empty", SLICE_INIT(""), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.2: another unit", SLICE_INIT("rows=0-1"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.2: no unit", SLICE_INIT("=0-1"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.2: no equals sign", SLICE_INIT("bytes 0-1"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.2: a space before it", SLICE_INIT("bytes =0-1"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.2: nothing behind it", SLICE_INIT("bytes="), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.2: commas alone", SLICE_INIT("bytes=,,"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.2: a dash alone", SLICE_INIT("bytes=-"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.2: a number alone", SLICE_INIT("bytes=5"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.2: two ranges", SLICE_INIT("bytes=0-1,4-5"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.2: two, one of them outside", SLICE_INIT("bytes=0-1, 99-"), 10,
	  HTTP_RANGE_ALL, 0, 0 },
	{ "14.1.1: the last before the first", SLICE_INIT("bytes=5-4"), 10,
	  HTTP_RANGE_ALL, 0, 0 },
	{ "14.1.1: ... and both outside", SLICE_INIT("bytes=50-40"), 10, HTTP_RANGE_ALL,
	  0, 0 },
	{ "14.1.1: a sign", SLICE_INIT("bytes=+1-2"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.1.1: two dashes", SLICE_INIT("bytes=1--2"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.1.1: a space inside", SLICE_INIT("bytes=1 -2"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.1.1: hexadecimal", SLICE_INIT("bytes=0x1-2"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.1.1: letters", SLICE_INIT("bytes=a-b"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.1.1: a letter behind", SLICE_INIT("bytes=1-2a"), 10, HTTP_RANGE_ALL, 0, 0 },
	{ "14.1.1: a second equals sign", SLICE_INIT("bytes==1-2"), 10, HTTP_RANGE_ALL, 0,
	  0 },
};

static void ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		uint64_t first, n;
		enum http_range got = http_range_read(row->in, row->size, &first, &n);

		if (got != row->want || first != row->first || n != row->n)
			fail_msg("%s: %d, %llu bytes from %llu on", row->name, (int)got,
				 (unsigned long long)n, (unsigned long long)first);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(ranges) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
