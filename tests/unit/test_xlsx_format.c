/*
 * Number formats: dates told from numbers.
 */
#include "parse/xlsx_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *code;
	bool date;
} rows[] = {
	{ "", false },
	{ "General", false },
	{ "GENERAL", false },
	{ "General;[Red]-General", false },
	{ "[$-409]General", false },
	{ "0", false },
	{ "0.00", false },
	{ "#,##0", false },
	{ "# ?/?", false },
	{ "0%", false },
	{ "0.00E+00", false },
	{ "##0.0E-0", false },
	{ "@", false },
	{ ";;;", false },
	{ "#,##0.00_);[Red](#,##0.00)", false },
	{ "_-* #,##0.00_-;-* #,##0.00_-;_-* \"-\"??_-;_-@_-", false },
	{ "_(\"$\"* #,##0.00_);_(\"$\"* (#,##0.00);_(\"$\"* \"-\"??_);_(@_)", false },
	{ "[$PHP] #,##0.00", false },
	{ "[$\xE2\x82\xB1-3409]#,##0.00", false },
	{ "0.00\" kg/day\"", false },
	{ "0 \"d\"", false },
	{ "0\\d", false },
	{ "\\d0", false },
	{ "0_d", false },
	{ "0*d", false },
	{ "[Red]0", false },
	{ "[Magenta]0.0;[DBNum1]0", false },
	{ "[>=100]0;[<0]\"dry\";0.0", false },
	{ "\"yyyy", false },
	{ "[h", true },
	{ "[Red", false },
	{ "\\", false },
	{ "0;yyyy", false },
	{ "yyyy-mm-dd", true },
	{ "YYYY-MM-DD", true },
	{ "m/d/yyyy", true },
	{ "m/d/yy h:mm", true },
	{ "[$-409]m/d/yy h:mm AM/PM;@", true },
	{ "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", true },
	{ "[$-404]e/m/d", true },
	{ "yyyy\"\xE5\xB9\xB4\"m\"\xE6\x9C\x88\"d\"\xE6\x97\xA5\"", true },
	{ "ggge\"\xE5\xB9\xB4\"", true },
	{ "e", true },
	{ "bbbb", true },
	{ "h:mm", true },
	{ "mm:ss", true },
	{ "mm:ss.0", true },
	{ "[h]:mm:ss", true },
	{ "[hh]", true },
	{ "[mm]", true },
	{ "[ss].000", true },
	{ "[hm]", false },
	{ "mmm", true },
	{ "dddd", true },
	{ "\"Date: \"yyyy", true },
	{ "\\Dyyyy", true },
	{ "[=0]\"\";yyyy-mm-dd", true },
	{ "[<1]h:mm;yyyy-mm-dd", true },
	{ "[Red]d", true },
	{ "s.000", true },
};

static void codes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (xlsx_format_is_date(slice_str(rows[i].code)) != rows[i].date)
			fail_msg("\"%s\"", rows[i].code);
}

static void built_in_ids(void **state)
{
	static const uint32_t dates[] = { 14, 15, 16, 17, 18, 19, 20, 21, 22, 27, 31,
					  36, 45, 46, 47, 50, 54, 57, 58, 71, 81 };
	static const uint32_t numbers[] = { 0,  1,  2,  4,  9,   10,  11,        12,
					    13, 23, 26, 37, 40,  41,  44,        48,
					    49, 59, 70, 82, 163, 164, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
		assert_true(xlsx_format_id_is_date(dates[i]));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_false(xlsx_format_id_is_date(numbers[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes),
		cmocka_unit_test(built_in_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
