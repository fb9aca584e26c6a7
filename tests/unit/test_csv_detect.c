/* Which delimiter the first lines have. */
#include "parse/csv_detect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	struct slice head;
	char want;
	size_t skip;
} rows[] = {
	{ "nothing", SLICE_INIT(""), ',', 0 },
	{ "one column", SLICE_INIT("a\nb\nc\n"), ',', 0 },
	{ "comma", SLICE_INIT("a,b,c\nd,e,f\n"), ',', 0 },
	{ "semicolon", SLICE_INIT("a;b;c\nd;e;f\n"), ';', 0 },
	{ "tab", SLICE_INIT("a\tb\tc\nd\te\tf\n"), '\t', 0 },
	{ "pipe", SLICE_INIT("a|b|c\nd|e|f\n"), '|', 0 },
	{ "one line without an end", SLICE_INIT("a;b"), ';', 0 },
	{ "carriage returns", SLICE_INIT("a;b\rc;d\r"), ';', 0 },
	{ "decimal commas", SLICE_INIT("a;b;c\n1,5;2,5;3,5\n1,5;2,5;3,5\n"), ';', 0 },
	{ "addresses with commas",
	  SLICE_INIT("n\taddress\tx\n1\tUnit 4, Rizal St., Pasig\ty\n2\tCebu\tz\n"), '\t',
	  0 },
	{ "quoted delimiters", SLICE_INIT("\"a;b;c\",\"d;e;f\"\n\"g;h;i\",\"j;k;l\"\n"),
	  ',', 0 },
	{ "quoted delimiters behind blanks",
	  SLICE_INIT(" \"a;b;c;d\", e\n\t\"f;g;h;i\" , j\n"), ',', 0 },
	{ "a quote behind blanks that closes nothing",
	  SLICE_INIT("a;b;c\nd; \"e,f,g,h\" i;j\nk; 5\" pipe;l\nm; \"n;o\np;q;r\n"), ';',
	  0 },
	{ "quoted line ends", SLICE_INIT("\"a\n;;;;\n;;;;\n\",b\n\"c\n;;;;\n\",d\n"), ',',
	  0 },
	{ "doubled quotes", SLICE_INIT("\"a\"\";;;;\",b\n\"c\"\";;;;\",d\n"), ',', 0 },
	{ "a title before", SLICE_INIT("Manifest, March, 2025\n\na;b;c\nd;e;f\ng;h;i\n"),
	  ';', 0 },
	{ "the cut last line does not count",
	  SLICE_INIT("a;b\nc,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,"), ';', 0 },
	{ "sep line", SLICE_INIT("sep=;\r\na,b,c\r\n"), ';', 7 },
	{ "sep line with lf", SLICE_INIT("sep=|\na,b\n"), '|', 6 },
	{ "sep line with cr", SLICE_INIT("sep=|\ra,b\r"), '|', 6 },
	{ "sep line of a tab", SLICE_INIT("sep=\t\n"), '\t', 6 },
	{ "quoted sep line", SLICE_INIT("\"sep=;\"\na,b\n"), ';', 8 },
	{ "sep line in capitals, at the end", SLICE_INIT("SEP=;"), ';', 5 },
	{ "sep line without a character", SLICE_INIT("sep=\na;b\n"), ';', 0 },
	{ "sep line of a quote", SLICE_INIT("sep=\"\na;b\n"), ';', 0 },
	{ "sep line with more in it", SLICE_INIT("sep=;,;\n"), ';', 0 },
	{ "half-quoted sep line", SLICE_INIT("\"sep=;\na,b\"\n"), ',', 0 },
};

static void finds_the_delimiter(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t skip = 99;
		char got = csv_detect(rows[i].head, &skip);

		if (got != rows[i].want || skip != rows[i].skip)
			fail_msg("%s: '%c', %zu", rows[i].name, got, skip);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_delimiter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
