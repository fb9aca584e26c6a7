/*
 * Worksheets: places, types and values of cells, whatever the split of the bytes.
 */
#include "parse/xlsx_sheet.h"

#include "parse/cell_text.h"
#include "tests/unit/xml_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char strings_xml[] = "<sst><si><t>zero</t></si><si><t>one</t></si><si/>"
				  "<si><t> kept </t></si></sst>";
static const bool date_style[] = { false, true, false };

/* `want`: each row as "NUMBER:" ("NUMBERh:" when hidden), then for each cell a space, its
 * column, a letter for its kind (Text, Number, Date, Bool, Error, a
 * Formula without a result) and its text, then ';'.
 * A failure is '!', the kind of the error, and how its text begins. */
static const struct sample {
	const char *name;
	const char *xml; /* between <worksheet><sheetData> and its end */
	const char *want;
} rows[] = {
	{ "none", "", "" },
	{ "empty rows", "<row r='1'/><row r='5'><c r='A5' s='1'/></row>", "" },
	{ "shared",
	  "<row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c></row>",
	  "1: A=Tzero B=Tone;" },
	{ "shared, white space", "<row r='1'><c r='A1' t='s'><v> 3\n</v></c></row>",
	  "1: A=T kept ;" },
	{ "shared and empty", "<row r='1'><c r='A1' t='s'><v>2</v></c></row>", "" },
	{ "formula text",
	  "<row r='1'><c r='A1' t='str'><f>B1&amp;C1</f><v>a&amp;b</v></c></row>",
	  "1: A=Ta&b;" },
	{ "formula text with an escape",
	  "<row r='1'><c r='A1' t='str'><v>a_x000A_b</v></c></row>", "1: A=Ta\nb;" },
	{ "inline", "<row r='1'><c r='A1' t='inlineStr'><is><t>x y</t></is></c></row>",
	  "1: A=Tx y;" },
	{ "inline and rich",
	  "<row r='1'><c r='A1' t='inlineStr'><is><r><rPr><b/></rPr><t>a "
	  "</t></r><r><t>b</t></r>"
	  "<rPh><t>no</t></rPh></is></c></row>",
	  "1: A=Ta b;" },
	{ "inline without a type", "<row r='1'><c r='A1'><is><t>12a</t></is></c></row>",
	  "1: A=T12a;" },
	{ "inline and empty",
	  "<row r='1'><c r='A1' t='inlineStr'><is><t/></is></c></row>", "" },
	{ "digits as text stay as they are",
	  "<row r='1'><c r='A1' t='inlineStr'><is><t>007</t></is></c></row>",
	  "1: A=T007;" },
	{ "numbers",
	  "<row r='1'><c r='A1'><v>12</v></c><c r='B1' t='n'><v>7.72012345678E11</v></c>"
	  "<c r='C1' s='2'><v>0.1</v></c><c r='D1' s='99'><v>-1.50</v></c></row>",
	  "1: A=N12 B=N772012345678 C=N0.1 D=N-1.5;" },
	{ "a formula's number", "<row r='1'><c r='A1'><f>1+1</f><v>2</v></c></row>",
	  "1: A=N2;" },
	{ "a formula without a value",
	  "<row r='1'><c r='A1'><f>1+1</f><v/></c><c r='B1' t='s'><v>0</v></c>"
	  "<c r='C1' t='n'><f>1+1</f></c></row>",
	  "1: A=F B=Tzero C=F;" },
	{ "a formula that gave nothing",
	  "<row r='1'><c r='A1' t='str'><f>1+1</f><v></v></c></row>", "" },
	{ "no value", "<row r='1'><c r='A1'><v></v></c><c r='B1' t='s'><v/></c></row>",
	  "" },
	{ "dates",
	  "<row r='1'><c r='A1' s='1'><v>45688.336805555555</v></c>"
	  "<c r='B1' s='1'><v>0.5</v></c><c r='C1' s='1'><v>60</v></c></row>",
	  "1: A=D2025-01-31 08:05:00 B=D12:00:00 C=D1900-02-29 00:00:00;" },
	{ "a date style on what is no date",
	  "<row r='1'><c r='A1' s='1'><v>-1</v></c><c r='B1' "
	  "s='1'><v>810000000000</v></c>"
	  "<c r='C1' s='1' t='s'><v>0</v></c></row>",
	  "1: A=N-1 B=N810000000000 C=Tzero;" },
	{ "ISO dates",
	  "<row r='1'><c r='A1' t='d'><v>2025-01-31T08:05:00</v></c>"
	  "<c r='B1' t='d'><v>2025-01-31</v></c><c r='C1' t='d'><v>soon</v></c></row>",
	  "1: A=D2025-01-31 08:05:00 B=D2025-01-31 00:00:00 C=Tsoon;" },
	{ "truth",
	  "<row r='1'><c r='A1' t='b'><v>1</v></c><c r='B1' t='b'><v>0</v></c>"
	  "<c r='C1' t='b'><v>true</v></c></row>",
	  "1: A=BTRUE B=BFALSE C=BTRUE;" },
	{ "an error", "<row r='1'><c r='A1' t='e'><f>1/0</f><v>#DIV/0!</v></c></row>",
	  "1: A=E#DIV/0!;" },
	{ "no references",
	  "<row><c><v>1</v></c><c><v>2</v></c></row><row><c/><c><v>3</v></c></row>",
	  "1: A=N1 B=N2;2: B=N3;" },
	{ "some references",
	  "<row r='3'><c r='C3'><v>1</v></c><c><v>2</v></c><c r='Z3'><v>3</v></c></row>"
	  "<row><c><v>4</v></c></row>",
	  "3: C=N1 D=N2 Z=N3;4: A=N4;" },
	{ "hidden",
	  "<row r='1' hidden='1'><c r='A1'><v>1</v></c></row>"
	  "<row r='2' hidden='true'><c r='A2'><v>1</v></c></row>"
	  "<row r='3' hidden='0'><c r='A3'><v>1</v></c></row>",
	  "1h: A=N1;2h: A=N1;3: A=N1;" },
	{ "last column", "<row r='1'><c r='XFD1'><v>1</v></c></row>", "1: XFD=N1;" },
	{ "a column too far", "<row r='1'><c r='XFE1'><v>1</v></c></row>",
	  "!3 row 1: more than 16384 columns" },
	{ "attributes in any order, others between",
	  "<row spans='1:3' customFormat='1' r='2' ht='15'><c cm='1' t='s' s='1' r='B2'>"
	  "<v>1</v></c></row>",
	  "2: B=Tone;" },
	{ "foreign elements",
	  "<row r='1'><c "
	  "r='A1'><extLst><ext><v>9</v></ext></extLst><v>1</v></c><extLst/></row>"
	  "<junk><row r='7'/></junk>",
	  "1: A=N1;" },
	{ "white space and comments",
	  "\n <row r='1'>\n  <c r='A1'>\n  <v>1</v>\n </c> <!-- c --> </row>\n",
	  "1: A=N1;" },
	{ "a value in pieces",
	  "<row r='1'><c r='A1'><v>1<!-- -->2<![CDATA[3]]>&#52;</v></c></row>",
	  "1: A=N1234;" },
	{ "rows rise", "<row r='2'><c r='A2'><v>1</v></c></row><row r='2'/>",
	  "2: A=N1;!1 row 2 comes behind row 2" },
	{ "rows fall", "<row r='5'/><row r='3'/>", "!1 row 3 comes behind row 5" },
	{ "columns rise", "<row r='1'><c r='B1'><v>1</v></c><c r='B1'><v>2</v></c></row>",
	  "!1 row 1: column B comes behind column B" },
	{ "columns fall", "<row r='9'><c r='C9'/><c r='AA9'/><c r='Z9'/></row>",
	  "!1 row 9: column Z comes behind column AA" },
	{ "another row's cell", "<row r='1'><c r='A2'/></row>",
	  "!1 row 1: holds cell \"A2\"" },
	{ "no place", "<row r='1'><c r='1A'/></row>",
	  "!1 row 1: \"1A\" is not a cell's place" },
	{ "lower case", "<row r='1'><c r='a1'/></row>",
	  "!1 row 1: \"a1\" is not a cell's place" },
	{ "letters only", "<row r='1'><c r='A'/></row>",
	  "!1 row 1: \"A\" is not a cell's place" },
	{ "too many letters", "<row r='1'><c r='AAAAAAAAA1'/></row>",
	  "!1 row 1: \"AAAAAAAAA1\" is not a cell's place" },
	{ "row zero", "<row r='0'/>", "!1 behind row 0: \"0\" is not a row's number" },
	{ "a row's number is none", "<row r='x'/>",
	  "!1 behind row 0: \"x\" is not a row's number" },
	{ "a row too far", "<row r='1073741825'/>",
	  "!3 row 1073741825 is beyond row 1073741824" },
	{ "a string that is not there", "<row r='17'><c r='C17' t='s'><v>4</v></c></row>",
	  "!1 row 17, column C: shared string \"4\" is not there (the workbook has 4)" },
	{ "a negative string", "<row r='1'><c r='A1' t='s'><v>-1</v></c></row>",
	  "!1 row 1, column A: shared string \"-1\" is not there" },
	{ "not a number", "<row r='17'><c r='C17'><v>abc</v></c></row>",
	  "!1 row 17, column C: \"abc\" is not a number" },
	{ "neither true nor false", "<row r='1'><c r='A1' t='b'><v>2</v></c></row>",
	  "!1 row 1, column A: \"2\" is not true or false" },
	{ "an unknown type", "<row r='1'><c r='A1' t='z'><v>2</v></c></row>",
	  "!1 row 1: a cell with t=\"z\"" },
	{ "a style that is none", "<row r='1'><c r='A1' s='-1'><v>2</v></c></row>",
	  "!1 row 1: a cell with s=\"-1\"" },
	{ "two values", "<row r='1'><c r='A1'><v>1</v><v>2</v></c></row>",
	  "!1 row 1, column A: a cell with two values" },
	{ "too long",
	  "<row r='1'><c r='B1' "
	  "t='str'><v>12345678901234567890123456789012345678901</v></c>"
	  "</row>",
	  "!3 row 1, column B: longer than 40 characters" },
	{ "not well formed", "<row r='1'><c r='A1'></row>",
	  "!1 row 1, column A: XML byte" },
	{ "usual spelling around what is not",
	  "<row r='1'><c r='A1' t='inlineStr'><is><t>one</t></is></c>"
	  "<c r='B1' t='inlineStr'><is><t>a &amp; b</t></is></c>"
	  "<c r='C1'><v>2.50</v></c><!-- --><c r='D1' s='1'><v>45688.25</v></c>"
	  "<c r='E1' t='str'><v>\xC3\xB1</v></c><c r='F1' t='s'><v>1</v></c><c "
	  "r='G1'/></row>",
	  "1: A=Tone B=Ta & b C=N2.5 D=D2025-01-31 06:00:00 E=T\xC3\xB1 F=Tone;" },
	{ "usual spelling, bad values",
	  "<row r='1'><c r='A1'><v>12</v></c><c r='B1'><v>1-2</v></c></row>",
	  "!1 row 1, column B: \"1-2\" is not a number" },
	{ "good rows before the bad one",
	  "<row r='1'><c r='A1'><v>1</v></c></row><row r='2'><c "
	  "r='A2'><v>x</v></c></row>",
	  "1: A=N1;!1 row 2, column A: \"x\" is not a number" },
};

struct text {
	char p[1024];
	size_t n;
};

static void put(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->p + t->n, sizeof(t->p) - t->n, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < sizeof(t->p) - t->n);
	t->n += (size_t)n;
}

static void put_row(struct text *t, const struct row *r)
{
	char name[CELL_COLUMN_MAX];

	put(t, "%u%s:", (unsigned)r->number, r->hidden ? "h" : "");
	for (size_t i = 0; i < r->n; i++)
		put(t, " %s=%c%.*s", cell_column_name(r->cells[i].column, name),
		    "TNDBEF"[r->cells[i].kind], (int)r -> cells[i].text.n,
		    r->cells[i].text.p);
	put(t, ";");
}

static struct xlsx_strings *open_strings(void)
{
	const struct table_limits limits = { .max_strings = 1000, .max_cell = 40 };
	struct xml_feed feed = { slice_str(strings_xml), 1000 };
	struct xlsx_strings *s;
	struct err e = { 0 };

	assert_int_equal(xlsx_strings_open(xml_feed_read, &feed, &limits, &s, &e), 0);
	return s;
}

/* Everything that the sheet gives, written as `want` is. */
static void read_sheet(const char *xml, size_t step, const struct xlsx_sheet_setup *setup,
		       struct text *t)
{
	struct xml_feed feed = { slice_str(xml), step };
	struct xlsx_sheet *s;
	struct err e = { 0 };
	struct row r;
	int got;

	t->n = 0;
	assert_int_equal(xlsx_sheet_open(xml_feed_read, &feed, setup, &s, &e), 0);
	while ((got = xlsx_sheet_next(s, &r, &e)) == PARSE_MORE)
		put_row(t, &r);
	if (got < 0)
		put(t, "!%d %s", e.kind, e.text);
	xlsx_sheet_close(&s);
	assert_null(s);
}

static void check(const char *name, const char *xml, const char *want,
		  const struct xlsx_sheet_setup *setup)
{
	struct slice wanted = slice_str(want);
	bool fails = slice_find(wanted, '!') != NULL && strstr(want, "#DIV") == NULL;
	struct text t;

	for (size_t step = 1; step <= strlen(xml) + 1; step++) {
		struct slice got = { t.p, 0 };

		read_sheet(xml, step, setup, &t);
		got.n = t.n;
		if (fails ? !slice_starts(got, wanted) : !slice_eq(got, wanted))
			fail_msg("%s, step %zu: \"%.*s\"", name, step, (int)t.n, t.p);
	}
}

static void same_for_every_split(void **state)
{
	struct xlsx_strings *strings = open_strings();
	const struct xlsx_sheet_setup setup = {
		strings, date_style, 3, false, 16384, 40
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char xml[1024];
		int n = snprintf(
			xml, sizeof(xml),
			"<worksheet><dimension ref='A1'/><sheetData>%s</sheetData>"
			"<mergeCells><mergeCell ref='A1:B1'/></mergeCells></worksheet>",
			rows[i].xml);

		assert_true(n > 0 && (size_t)n < sizeof(xml));
		check(rows[i].name, xml, rows[i].want, &setup);
		/* as programs spell it, and xlsx_plain.c looks for */
		for (char *q = strchr(xml, '\''); q != NULL; q = strchr(q, '\''))
			*q = '"';
		check(rows[i].name, xml, rows[i].want, &setup);
	}
	xlsx_strings_close(&strings);
}

/* Serials from 1904 on come out in the 1900 system; a time of day belongs to no day. */
static void date_system_of_1904(void **state)
{
	const struct xlsx_sheet_setup setup = { NULL, date_style, 3, true, 16384, 40 };

	(void)state;
	check("1904",
	      "<worksheet><sheetData><row r='1'><c r='A1' s='1'><v>44226.25</v></c>"
	      "<c r='B1' s='1'><v>0.25</v></c><c r='C1'><v>44226.25</v></c>"
	      "<c r='D1' t='d'><v>2025-01-31</v></c></row></sheetData></worksheet>",
	      "1: A=D2025-01-31 06:00:00 B=D06:00:00 C=N44226.25 D=D2025-01-31 00:00:00;",
	      &setup);
}

static void number_is_in_the_1900_system(void **state)
{
	const struct xlsx_sheet_setup setup = { NULL, date_style, 3, true, 16384, 40 };
	struct xml_feed feed = {
		SLICE("<worksheet><sheetData><row><c s='1'><v>44226.25</v>"
		      "</c><c><v>1.5</v></c></row></sheetData></worksheet>"),
		1000
	};
	struct xlsx_sheet *s;
	struct err e = { 0 };
	struct row r;

	(void)state;
	assert_int_equal(xlsx_sheet_open(xml_feed_read, &feed, &setup, &s, &e), 0);
	assert_int_equal(xlsx_sheet_next(s, &r, &e), PARSE_MORE);
	assert_true(r.cells[0].number == 45688.25 && r.cells[1].number == 1.5);
	assert_int_equal(xlsx_sheet_next(s, &r, &e), PARSE_DONE);
	assert_int_equal(xlsx_sheet_next(s, &r, &e), PARSE_DONE);
	xlsx_sheet_close(&s);
}

static const struct whole {
	const char *name, *xml, *want;
} wholes[] = {
	{ "no rows", "<worksheet/>", "" },
	{ "empty rows", "<worksheet><sheetData/></worksheet>", "" },
	{ "prefixed",
	  "<x:worksheet xmlns:x='u'><x:sheetData><x:row><x:c "
	  "t='inlineStr'><x:is><x:t>a</x:t>"
	  "</x:is></x:c></x:row></x:sheetData></x:worksheet>",
	  "1: A=Ta;" },
	{ "no strings in the workbook",
	  "<worksheet><sheetData><row><c "
	  "t='s'><v>0</v></c></row></sheetData></worksheet>",
	  "!1 row 1, column A: shared string \"0\" is not there (the workbook has 0)" },
	{ "another part", "<chartsheet/>", "!1 \"chartsheet\" is not a worksheet" },
	{ "cut off in a row", "<worksheet><sheetData><row><c><v>1</v></c>",
	  "!1 XML byte" },
	{ "cut off behind the rows",
	  "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData><cols>",
	  "1: A=N1;!1 XML byte" },
	{ "nothing", "", "!1 XML byte" },
};

static void whole_parts(void **state)
{
	const struct xlsx_sheet_setup setup = { NULL, date_style, 3, false, 16384, 40 };

	(void)state;
	for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++)
		check(wholes[i].name, wholes[i].xml, wholes[i].want, &setup);
}

static void merged_cells(void **state)
{
	static const struct table_merge want[] = { { 1, 1, 2, 4 },
						   { 0, 27, 5, 5 },
						   { 0, 16383, 1, 1048576 } };
	const struct xlsx_sheet_setup setup = { NULL, date_style, 3, false, 16384, 40 };
	struct xml_feed feed = {
		SLICE("<worksheet><sheetData><row><c><v>1</v></c></row></sheetData>"
		      "<mergeCells count='9'><mergeCell ref='B2:B4'/><mergeCell/>"
		      "<mergeCell ref='A5:AB5'></mergeCell><mergeCell ref='C3'/>"
		      "<mergeCell ref='C3:C3'/><mergeCell ref='D4:B2'/><mergeCell "
		      "ref='A:A'/><mergeCell ref='A1:XFD1048576'/></mergeCells>"
		      "</worksheet>"),
		1000
	};
	const struct table_merge *got;
	struct xlsx_sheet *s;
	struct err e = { 0 };
	struct row r;
	uint64_t all;
	size_t n;

	(void)state;
	assert_int_equal(xlsx_sheet_open(xml_feed_read, &feed, &setup, &s, &e), 0);
	assert_int_equal(xlsx_sheet_next(s, &r, &e), PARSE_MORE);
	(void)xlsx_sheet_merges(s, &n, &all);
	assert_true(n == 0 && all == 0);
	assert_int_equal(xlsx_sheet_next(s, &r, &e), PARSE_DONE);
	got = xlsx_sheet_merges(s, &n, &all);
	assert_int_equal(n, 3);
	assert_int_equal(all, 3);
	assert_memory_equal(got, want, sizeof(want));
	xlsx_sheet_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_for_every_split),
		cmocka_unit_test(date_system_of_1904),
		cmocka_unit_test(number_is_in_the_1900_system),
		cmocka_unit_test(whole_parts),
		cmocka_unit_test(merged_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
