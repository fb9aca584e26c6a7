/*
 * Scans by words against the same by bytes, at every place and length.
 */
#include "parse/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LEN = 70 };

static bool stops_text(char c)
{
	return (unsigned char)c < 0x20 || strchr("<&]_", c) != NULL;
}

static bool is_separator(char c)
{
	return c != '\0' && strchr(",\"\r\n", c) != NULL;
}

static bool is_escaped(char c)
{
	return (unsigned char)c < 0x20 || c == '\\';
}

static bool is_ascii(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80;
}

static void check_copy(const char *p, size_t n, enum scan_stops stops, bool found)
{
	char copy[LEN + 1];

	memset(copy, '#', sizeof(copy));
	assert_int_equal(scan_copy(copy, (struct slice){ p, n }, stops), found);
	assert_memory_equal(copy, p, n);
	assert_int_equal(copy[n], '#');
}

static void check(const char *p, size_t n)
{
	size_t text = 0, ascii = 0, bare = 0, plain = 0, got;

	while (!stops_text(p[text]))
		text++;
	while (ascii < n && is_ascii(p[ascii]))
		ascii++;
	while (bare < n && !is_separator(p[bare]))
		bare++;
	while (plain < n && !is_escaped(p[plain]))
		plain++;
	assert_ptr_equal(scan_text(p), p + text);
	check_copy(p, n, SCAN_SEPARATORS, bare < n);
	check_copy(p, n, SCAN_ESCAPED, plain < n);
	got = scan_ascii((struct slice){ p, n });
	assert_true(got <= ascii && ascii - got < 16);
}

/* Every byte value at every place among letters, and once behind another stop. */
static void as_byte_by_byte(void **state)
{
	char p[LEN + 1 + SCAN_SLACK];

	(void)state;
	for (unsigned c = 0; c < 256; c++)
		for (size_t at = 0; at < LEN; at++) {
			memset(p, 'a', LEN);
			memset(p + LEN, 0, 1 + SCAN_SLACK);
			p[at] = (char)c;
			for (size_t n = at > 20 ? at - 20 : 0; n <= at + 1; n++)
				check(p, n);
			p[LEN / 2] = '\x7f';
			check(p, LEN);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_byte_by_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
