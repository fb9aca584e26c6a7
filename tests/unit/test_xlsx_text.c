/*
 * Values in a workbook's spelling.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parse/buf.h"
#include "parse/xlsx_text.h"
#include "parse/xlsx_write.h"

static int into_buf(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

static void texts_are_escaped(void **state)
{
	static const struct row {
		const char *name;
		struct slice in;
		const char *want;
	} rows[] = {
		{ "empty", SLICE_INIT(""), "" },
		{ "plain", SLICE_INIT("Juan dela Cruz"), "Juan dela Cruz" },
		{ "markup", SLICE_INIT("<a href=\"x\">&</a>"),
		  "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;" },
		{ "tab and line feed stay", SLICE_INIT("a\tb\nc"), "a\tb\nc" },
		{ "carriage return", SLICE_INIT("a\r\nb"), "a_x000D_\nb" },
		{ "controls", SLICE_INIT("\0\x01\x1f"), "_x0000__x0001__x001F_" },
		{ "looks escaped", SLICE_INIT("_x000D_"), "_x005F_x000D_" },
		{ "looks escaped once the next is", SLICE_INIT("_x000D\r_x000D\n"),
		  "_x005F_x000D_x000D__x000D\n" },
		{ "the same before no character", SLICE_INIT("_x0041\xEF\xBF\xBF"),
		  "_x005F_x0041_xFFFF_" },
		{ "does not", SLICE_INIT("_x00D_ _xGGGG_ _x000D"),
		  "_x00D_ _xGGGG_ _x000D" },
		{ "accents",
		  SLICE_INIT("Pe\xC3\xB1"
			     "a"),
		  "Pe\xC3\xB1"
		  "a" },
		{ "beyond the first plane", SLICE_INIT("\xF0\x9F\x93\xA6"),
		  "\xF0\x9F\x93\xA6" },
		{ "no characters", SLICE_INIT("\xEF\xBF\xBE\xEF\xBF\xBF"),
		  "_xFFFE__xFFFF_" },
		{ "neighbours of those", SLICE_INIT("\xEF\xBF\xBD\xEF\xBB\xBF"),
		  "\xEF\xBF\xBD\xEF\xBB\xBF" },
		{ "bad bytes", SLICE_INIT("a\xff<\xC3"),
		  "a\xEF\xBF\xBD&lt;\xEF\xBF\xBD" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		struct buf out;

		buf_init(&out, 1000);
		assert_int_equal(xlsx_text_escape(&(struct sink){ into_buf, &out },
						  rows[i].in, &e),
				 0);
		if (!slice_eq(buf_slice(&out), slice_str(rows[i].want)))
			fail_msg("%s: got [%.*s]", rows[i].name, (int)out.n, out.p);
		buf_release(&out);
	}
}

static void numbers_are_told_from_texts(void **state)
{
	static const struct row {
		const char *text;
		bool want;
	} rows[] = {
		{ "0", true },
		{ "-0", true },
		{ "12.50", true },
		{ "-0.001", true },
		{ "123456789012345", true },
		{ "1234567890123456", false },
		{ "0.00123456789012345", true },
		{ "0.001234567890123456", false },
		{ "", false },
		{ "-", false },
		{ ".5", false },
		{ "5.", false },
		{ "007", false },
		{ "00", false },
		{ "+5", false },
		{ "1e5", false },
		{ "1.2.3", false },
		{ "1,000", false },
		{ "--1", false },
		{ " 1", false },
		{ "NaN", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (xlsx_text_is_number(slice_str(rows[i].text)) != rows[i].want)
			fail_msg("'%s'", rows[i].text);
}

/* Serials as Excel shows them for these dates; "" is no date. */
static void dates_become_serials(void **state)
{
	static const struct row {
		const char *text, *want;
	} rows[] = {
		{ "1900-03-01", "61" },
		{ "1900-02-28", "" },
		{ "1900-02-29", "" },
		{ "1970-01-01", "25569" },
		{ "2000-02-29", "36585" },
		{ "2001-02-29", "" },
		{ "2100-02-29", "" },
		{ "2025-01-31", "45688" },
		{ "2025-01-31 00:00:00", "45688" },
		{ "2025-01-31 12:00:00", "45688.500000000000" },
		{ "2025-01-31 08:05", "45688.336805555556" },
		{ "2025-01-31T23:59:59", "45688.999988425926" },
		{ "9999-12-31", "2958465" },
		{ "2025-13-01", "" },
		{ "2025-00-01", "" },
		{ "2025-01-00", "" },
		{ "2025-01-32", "" },
		{ "2025-1-31", "" },
		{ "2025-01-31 24:00:00", "" },
		{ "2025-01-31 23:60:00", "" },
		{ "2025-01-31 23:59:60", "" },
		{ "2025-01-31 08:05:00.5", "" },
		{ "2025-01-31 08:05:00+08", "" },
		{ "2025-01-31 ", "" },
		{ "2025-01-31 08:05:", "" },
		{ "20250131", "" },
		{ "", "" },
		{ "Pending", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char to[XLSX_TEXT_SERIAL] = "";
		size_t n = xlsx_text_serial(slice_str(rows[i].text), to);

		if (n != strlen(rows[i].want) || (n > 0 && strcmp(to, rows[i].want) != 0))
			fail_msg("'%s': got '%s'", rows[i].text, to);
	}
}

/* A cell holds 32767 UTF-16 units: counted, not bytes, and no pair is cut in two. */
static void long_texts_are_cut(void **state)
{
	enum { ROOM = 4 * XLSX_MAX_CELL + 8 };
	static char text[ROOM];
	static const struct row {
		const char *one; /* repeated */
		size_t times, want;
	} rows[] = {
		{ "a", XLSX_MAX_CELL, XLSX_MAX_CELL },
		{ "a", XLSX_MAX_CELL + 1, XLSX_MAX_CELL },
		{ "\xC3\xB1", XLSX_MAX_CELL, 2 * XLSX_MAX_CELL },
		{ "\xC3\xB1", XLSX_MAX_CELL + 1, 2 * XLSX_MAX_CELL },
		{ "\xF0\x9F\x93\xA6", XLSX_MAX_CELL / 2 + 1, XLSX_MAX_CELL / 2 * 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].one);

		for (size_t k = 0; k < rows[i].times; k++)
			memcpy(text + k * n, rows[i].one, n);
		assert_int_equal(
			xlsx_text_cut((struct slice){ text, rows[i].times * n }).n,
			rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_escaped),
		cmocka_unit_test(numbers_are_told_from_texts),
		cmocka_unit_test(dates_become_serials),
		cmocka_unit_test(long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
