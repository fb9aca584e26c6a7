/*
 * The usual spelling of cells and strings: what is seen, what is left to the tokenizer.
 * That both mean the same is held in test_xlsx_sheet.c and by the fuzzers.
 */
#include "parse/xlsx_plain.h"

#include "parse/cell_text.h"
#include "parse/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct cell_row {
	const char *xml;
	uint64_t row;
	const char *want; /* column, style, type and value; NULL: not seen */
} cells[] = {
	{ "<c r=\"A1\"><v>12</v></c>", 1, "A 0 0 12" },
	{ "<c r=\"A1\" s=\"3\"><v>-1.5E+3</v></c>", 1, "A 3 0 -1.5E+3" },
	{ "<c r=\"XFD1048576\" s=\"12\" t=\"s\"><v>0</v></c>", 1048576, "XFD 12 1 0" },
	{ "<c r=\"B7\" t=\"n\"><v>1</v></c>", 7, "B 0 0 1" },
	{ "<c r=\"B7\" t=\"str\"><v>a b</v></c>", 7, "B 0 3 a b" },
	{ "<c r=\"B7\" t=\"inlineStr\"><is><t>x</t></is></c>", 7, "B 0 2 x" },
	{ "<c r=\"B7\" t=\"inlineStr\"><is><t xml:space=\"preserve\"> x </t></is></c>", 7,
	  "B 0 2  x " },
	{ "<c r=\"B7\" t=\"inlineStr\"><is><t></t></is></c>", 7, "B 0 2 " },
	{ "<c r=\"B7\" t=\"str\"><v>a ] _ \n\t\xC3\xB1 b</v></c>", 7,
	  "B 0 3 a ] _ \n\t\xC3\xB1 b" },
	{ "<c r=\"B7\" s=\"1\"/>", 7, "B 1 0 " },
	{ "<c r=\"B7\"/>", 7, "B 0 0 " },
	/* left alone */
	{ "", 7, NULL },
	{ "<c>", 7, NULL },
	{ "<c r='A7'><v>1</v></c>", 7, NULL },
	{ "<c r=\"A8\"><v>1</v></c>", 7, NULL },
	{ "<c r=\"A70\"><v>1</v></c>", 7, NULL },
	{ "<c r=\"a7\"><v>1</v></c>", 7, NULL },
	{ "<c r=\"7\"><v>1</v></c>", 7, NULL },
	{ "<c r=\"XFE7\"><v>1</v></c>", 7, NULL },
	{ "<c r=\"AAAA7\"><v>1</v></c>", 7, NULL },
	{ "<c r=\"A12345678\"><v>1</v></c>", 12345678, NULL },
	{ "<c r=\"A7\" t=\"s\" s=\"1\"><v>1</v></c>", 7, NULL },
	{ "<c r=\"A7\" s=\"\"><v>1</v></c>", 7, NULL },
	{ "<c r=\"A7\" s=\"1234567890\"><v>1</v></c>", 7, NULL },
	{ "<c r=\"A7\" t=\"b\"><v>1</v></c>", 7, NULL },
	{ "<c r=\"A7\" t=\"str\"><v>a&amp;b</v></c>", 7, NULL },
	{ "<c r=\"A7\" t=\"str\"><v>a\rb</v></c>", 7, NULL },
	{ "<c r=\"A7\" t=\"str\"><v>a]]>b</v></c>", 7, NULL },
	{ "<c r=\"A7\" t=\"str\"><v>a_x0041_b</v></c>", 7, NULL },
	{ "<c r=\"A7\" t=\"str\"><f>B7</f><v>a</v></c>", 7, NULL },
	{ "<c r=\"A7\"><v>1</v> </c>", 7, NULL },
	{ "<c r=\"A7\"><v></v></c>", 7, NULL },
	{ "<c r=\"A7\"><v>1</v><v>2</v></c>", 7, NULL },
	{ "<c r=\"A7\" t=\"inlineStr\"><v>1</v></c>", 7, NULL },
	{ "<c r=\"A7\" t=\"inlineStr\"><is><r><t>1</t></r></is></c>", 7, NULL },
	{ "<c r=\"A7\"><is><t>1</t></is></c>", 7, NULL },
	{ "<c r=\"A7\" ><v>1</v></c>", 7, NULL },
	{ "<c r=\"A7\" / ><v>1</v></c>", 7, NULL },
};

static const struct xlsx_sheet_setup setup = { .max_columns = 16384, .max_cell = 100 };

/* A copy with the slack that xml_ahead() promises and nothing more. */
static char *with_slack(const char *xml, size_t n)
{
	char *p = malloc(n + SCAN_SLACK);

	assert_non_null(p);
	memset(p, '<', n + SCAN_SLACK);
	memcpy(p, xml, n);
	p[n] = '\0';
	return p;
}

static void seen_or_left_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		char name[CELL_COLUMN_MAX], got[100] = "nothing";
		char *xml = with_slack(cells[i].xml, strlen(cells[i].xml));
		struct xlsx_row row = { .setup = &setup };
		struct xlsx_place_end end;
		struct xlsx_plain c;
		const char *behind;

		xlsx_place_end(&end, cells[i].row);
		behind = xlsx_plain_cell(xml, &row, &end, &c);
		if (behind != NULL)
			(void)snprintf(got, sizeof(got), "%s %u %d %.*s",
				       cell_column_name(c.cell.column, name),
				       (unsigned)c.cell.style, (int)c.cell.type,
				       (int)c.value.n, c.value.p);
		if (cells[i].want == NULL ? behind != NULL
					  : behind != xml + strlen(xml) ||
						    strcmp(got, cells[i].want) != 0)
			fail_msg("%s: %s", cells[i].xml, got);
		free(xml);
	}
}

/* Nothing that is cut off is seen, and nothing far behind the NUL is read. */
static void cut_anywhere(void **state)
{
	static const char *const whole[] = {
		("<c r=\"A7\" s=\"1\" t=\"inlineStr\"><is><t "
		 "xml:space=\"preserve\">some text</t></is></c>"),
		"<c r=\"A7\" s=\"1\" t=\"str\"><v>some text that is long</v></c>",
		"<c r=\"A7\" s=\"1\" t=\"n\"><v>123456789.25</v></c>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		for (size_t n = 0; n < strlen(whole[i]); n++) {
			char *xml = with_slack(whole[i], n);
			struct xlsx_row row = { .setup = &setup };
			struct xlsx_place_end end;
			struct xlsx_plain c;

			xlsx_place_end(&end, 7);
			assert_null(xlsx_plain_cell(xml, &row, &end, &c));
			free(xml);
		}
}

static void columns_rise(void **state)
{
	struct xlsx_row row = { .setup = &setup, .next_column = 2 };
	struct xlsx_place_end end;
	struct xlsx_plain c;
	char *b = with_slack("<c r=\"B7\"/>", 11), *d = with_slack("<c r=\"D7\"/>", 11);

	(void)state;
	xlsx_place_end(&end, 7);
	assert_null(xlsx_plain_cell(b, &row, &end, &c));
	assert_non_null(xlsx_plain_cell(d, &row, &end, &c));
	assert_int_equal(c.cell.column, 3);
	free(b);
	free(d);
}

static void strings(void **state)
{
	static const struct {
		const char *xml, *want;
	} rows[] = {
		{ "<si><t>a b</t></si>", "a b" },
		{ "<si><t></t></si>", "" },
		{ "<si><t xml:space=\"preserve\"> a</t></si>", " a" },
		{ "<si><t xml:space=\"default\"> a</t></si>", NULL },
		{ "<si><t/></si>", NULL },
		{ "<si><t>a</t><phoneticPr fontId=\"1\"/></si>", NULL },
		{ "<si><r><t>a</t></r></si>", NULL },
		{ "<si><t>a&#10;</t></si>", NULL },
		{ "<si> <t>a</t></si>", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *xml = with_slack(rows[i].xml, strlen(rows[i].xml));
		struct slice text = { NULL, 0 };
		const char *behind = xlsx_plain_string(xml, &text);

		if (rows[i].want == NULL
			    ? behind != NULL
			    : behind != xml + strlen(xml) ||
				      !slice_eq(text, slice_str(rows[i].want)))
			fail_msg("%s: \"%.*s\"", rows[i].xml, (int)text.n, text.p);
		free(xml);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seen_or_left_alone),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(columns_rise),
		cmocka_unit_test(strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
