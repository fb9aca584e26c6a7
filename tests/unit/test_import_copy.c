/* COPY text format: what comes out of a field, and that PostgreSQL's NULL stays apart. */
#include "server/import_copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A slice that is SQL NULL, for the table. */
#define SQL_NULL                                                                         \
	{                                                                                \
		NULL, 0                                                                  \
	}

static const struct row {
	const char *name;
	struct slice in;
	struct slice out; /* without the tab behind it */
} rows[] = {
	{ "plain", SLICE_INIT("Quezon City"), SLICE_INIT("Quezon City") },
	{ "empty is not null", SLICE_INIT(""), SLICE_INIT("") },
	{ "null", SQL_NULL, SLICE_INIT("\\N") },
	{ "the text \\N is not null", SLICE_INIT("\\N"), SLICE_INIT("\\\\N") },
	{ "the end marker is text", SLICE_INIT("\\."), SLICE_INIT("\\\\.") },
	{ "tab", SLICE_INIT("a\tb"), SLICE_INIT("a\\tb") },
	{ "line ends", SLICE_INIT("a\r\nb"), SLICE_INIT("a\\r\\nb") },
	{ "backslash before n", SLICE_INIT("a\\nb"), SLICE_INIT("a\\\\nb") },
	{ "backslash at the end", SLICE_INIT("C:\\"), SLICE_INIT("C:\\\\") },
	{ "quotes stay", SLICE_INIT("'\"; drop"), SLICE_INIT("'\"; drop") },
	{ "other control characters stay", SLICE_INIT("a\vb"), SLICE_INIT("a\vb") },
	{ "utf-8 stays", SLICE_INIT("Ni\xc3\xb1o"), SLICE_INIT("Ni\xc3\xb1o") },
	{ "nul goes", SLICE_INIT("a\0b"), SLICE_INIT("ab") },
	{ "only nul", SLICE_INIT("\0"), SLICE_INIT("") },
	{ "nothing but escapes", SLICE_INIT("\\\t\n\r"), SLICE_INIT("\\\\\\t\\n\\r") },
};

static void test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		struct buf b;

		buf_init(&b, 1000);
		assert_int_equal(import_copy_field(&b, rows[i].in, '\t', &e), 0);
		if (b.n != rows[i].out.n + 1 || b.p[b.n - 1] != '\t' ||
		    memcmp(b.p, rows[i].out.p, rows[i].out.n) != 0)
			fail_msg("%s: \"%.*s\"", rows[i].name, (int)b.n, b.p);
		buf_release(&b);
	}
}

static void test_a_row(void **state)
{
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(import_copy_number(&b, 0, '\t', &e), 0);
	assert_int_equal(import_copy_number(&b, UINT64_MAX, '\t', &e), 0);
	assert_int_equal(import_copy_field(&b, SLICE("x"), '\n', &e), 0);
	assert_true(slice_eq(buf_slice(&b), SLICE("0\t18446744073709551615\tx\n")));
	buf_release(&b);
}

static void test_over_the_cap(void **state)
{
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	assert_int_equal(import_copy_field(&b, SLICE("12345"), '\n', &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_int_equal(b.n, 0);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_a_row),
		cmocka_unit_test(test_over_the_cap),
	};

	return cmocka_run_group_tests_name("import_copy", tests, NULL, NULL);
}
