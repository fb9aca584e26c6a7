/*
 * One interface over workbooks and delimited text: kinds of files, sheets, reading
 * again, progress.
 */
#include "parse/table.h"

#include "parse/cell_text.h"
#include "tests/unit/mkzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define REL(id, type, target)                                                            \
	"<Relationship Id='" id "' Type='" NS "/" type "' Target='" target "'/>"

static const struct mkzip_entry book[] = {
	{ "_rels/.rels", "<Relationships>" REL("r1", "officeDocument",
					       "xl/workbook.xml") "</Relationships>" },
	{ "xl/workbook.xml",
	  "<workbook xmlns:r='" NS "'><sheets><sheet name='One' r:id='r1'/>"
	  "<sheet name='Two' state='hidden' r:id='r2'/>"
	  "<sheet name='Bad' r:id='r3'/></sheets></workbook>" },
	{ "xl/_rels/workbook.xml.rels",
	  "<Relationships>" REL("r1", "worksheet", "one.xml")
		  REL("r2", "worksheet", "two.xml") REL("r3", "worksheet", "bad.xml")
			  REL("r4", "sharedStrings", "strings.xml")
				  REL("r5", "styles", "styles.xml") "</Relationships>" },
	{ "xl/strings.xml", "<sst><si><t>a</t></si><si><t>b</t></si></sst>" },
	{ "xl/styles.xml",
	  "<styleSheet><cellXfs><xf/><xf numFmtId='14'/></cellXfs></styleSheet>" },
	{ "xl/one.xml",
	  "<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c></row>"
	  "<row r='4'><c r='C4' s='1'><v>45688</v></c></row></sheetData></worksheet>" },
	{ "xl/two.xml",
	  "<worksheet><sheetData><row hidden='1'><c t='s'><v>1</v></c></row>"
	  "</sheetData></worksheet>" },
	{ "xl/bad.xml", "<worksheet><sheetData><row r='3'><c r='B3'><v>x</v></c></row>"
			"</sheetData></worksheet>" },
	{ NULL, NULL },
};

/* A file with some bytes before and behind what the table is made of. */
struct fixture {
	FILE *file;
	uint64_t start, size;
	struct table *table;
};

static void begin_file(struct fixture *f)
{
	f->table = NULL;
	f->file = tmpfile();
	assert_non_null(f->file);
	assert_int_equal(fputs("before", f->file) >= 0, 1);
	f->start = 6;
}

static int open_table(struct fixture *f, struct err *e)
{
	assert_true(fputs("behind", f->file) >= 0 && fflush(f->file) == 0);
	return table_open(fileno(f->file), f->start, f->size, &table_limits_default,
			  &f->table, e);
}

static void close_table(struct fixture *f)
{
	table_close(&f->table);
	assert_null(f->table);
	(void)fclose(f->file);
}

static void open_text(struct fixture *f, const char *text, struct err *e, int want)
{
	begin_file(f);
	assert_true(fputs(text, f->file) >= 0);
	f->size = strlen(text);
	assert_int_equal(open_table(f, e), want);
}

static void open_book(struct fixture *f)
{
	struct err e = { 0 };

	begin_file(f);
	f->size = mkzip(f->file, book);
	if (open_table(f, &e) != 0)
		fail_msg("%s", e.text);
}

/* The rows that are left, each as "NUMBER: COLUMN=KINDtext ...;", or the error. */
static const char *rest(struct table *t)
{
	static char to[1024];
	size_t n = 0;
	struct err e = { 0 };
	struct row r;
	int got;

	to[0] = '\0';
	while ((got = table_next(t, &r, &e)) == PARSE_MORE) {
		n += (size_t)snprintf(to + n, sizeof(to) - n, "%u%s:", (unsigned)r.number,
				      r.hidden ? "h" : "");
		for (size_t i = 0; i < r.n; i++) {
			char name[CELL_COLUMN_MAX];

			n += (size_t)snprintf(to + n, sizeof(to) - n, " %s=%c%.*s",
					      cell_column_name(r.cells[i].column, name),
					      "TNDBE"[r.cells[i].kind],
					      (int)r.cells[i].text.n, r.cells[i].text.p);
		}
		n += (size_t)snprintf(to + n, sizeof(to) - n, ";");
	}
	if (got < 0)
		(void)snprintf(to + n, sizeof(to) - n, "!%d %s", e.kind, e.text);
	return to;
}

/* Parts that are within their own limit once made up for any sum. */
static void a_workbook_as_a_whole_has_a_limit(void **state)
{
	struct table_limits limits = table_limits_default;
	struct err e = { 0 };
	struct fixture f;

	(void)state;
	open_book(&f);
	table_close(&f.table);
	limits.max_all = 0;
	for (size_t i = 0; book[i].name != NULL; i++)
		limits.max_all += strlen(book[i].text);
	assert_int_equal(
		table_open(fileno(f.file), f.start, f.size, &limits, &f.table, &e), 0);
	table_close(&f.table);
	limits.max_all--;
	assert_int_equal(
		table_open(fileno(f.file), f.start, f.size, &limits, &f.table, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_non_null(strstr(e.text, "the workbook unpacks to more than"));
	(void)fclose(f.file);
}

static void workbook(void **state)
{
	uint64_t total = 0;
	struct fixture f;
	struct err e = { 0 };

	(void)state;
	open_book(&f);
	assert_string_equal(table_format(f.table), "xlsx");
	assert_int_equal(table_sheets(f.table), 3);
	assert_true(slice_eq(table_sheet(f.table, 0).name, SLICE("One")));
	assert_false(table_sheet(f.table, 0).hidden);
	assert_true(table_sheet(f.table, 1).hidden);
	assert_int_equal(table_select(f.table, 0, &e), 0);
	assert_int_equal(table_progress(f.table, &total), 0);
	assert_int_equal(total, strlen(book[5].text));
	assert_string_equal(rest(f.table), "1: A=Ta;4: C=D2025-01-31 00:00:00;");
	assert_int_equal(table_progress(f.table, &total), total);
	assert_int_equal(table_select(f.table, 1, &e), 0);
	assert_string_equal(rest(f.table), "1h: A=Tb;");
	assert_int_equal(table_select(f.table, 0, &e), 0);
	assert_string_equal(rest(f.table), "1: A=Ta;4: C=D2025-01-31 00:00:00;");
	close_table(&f);
}

static void failure_names_the_sheet(void **state)
{
	struct fixture f;
	struct err e = { 0 };

	(void)state;
	open_book(&f);
	assert_int_equal(table_select(f.table, 2, &e), 0);
	assert_string_equal(rest(f.table),
			    "!1 sheet \"Bad\": row 3, column B: \"x\" is not a number");
	assert_int_equal(table_select(f.table, 1, &e), 0);
	assert_string_equal(rest(f.table), "1h: A=Tb;");
	close_table(&f);
}

static void delimited_text(void **state)
{
	uint64_t total = 0;
	struct fixture f;
	struct err e = { 0 };

	(void)state;
	open_text(&f, "Waybill,COD\r\n007,\r\n,\r\n\r\nJT1,\"1,5\"\r\n", &e, 0);
	assert_string_equal(table_format(f.table), "csv");
	assert_int_equal(table_sheets(f.table), 1);
	assert_int_equal(table_sheet(f.table, 0).name.n, 0);
	assert_int_equal(table_select(f.table, 0, &e), 0);
	assert_string_equal(rest(f.table),
			    "1: A=TWaybill B=TCOD;2: A=T007;5: A=TJT1 B=T1,5;");
	assert_int_equal(table_progress(f.table, &total), f.size);
	assert_int_equal(total, f.size);
	assert_int_equal(table_select(f.table, 0, &e), 0);
	assert_string_equal(rest(f.table),
			    "1: A=TWaybill B=TCOD;2: A=T007;5: A=TJT1 B=T1,5;");
	close_table(&f);
	open_text(&f, "Waybill\tCOD\nJT1\t5\n", &e, 0);
	assert_string_equal(table_format(f.table), "tsv");
	close_table(&f);
}

static void texts_as_formulas(void **state)
{
	struct fixture f;
	struct err e = { 0 };

	(void)state;
	open_text(&f,
		  "AWB;COD\n=\"0012\";=\"\"\n\"=\"\"0013\"\"\";=5\n=\"a\"&\"b\";=\"\n"
		  "'=\"1\";=\"1\"x\n",
		  &e, 0);
	assert_int_equal(table_select(f.table, 0, &e), 0);
	assert_string_equal(rest(f.table), "1: A=TAWB B=TCOD;2: A=T0012;3: A=T0013 B=T=5;"
					   "4: A=T=\"a\"&\"b\" B=T=\";"
					   "5: A=T'=\"1\" B=T=\"1\"x;");
	close_table(&f);
}

static void refusals(void **state)
{
	static const struct {
		const char *text;
		enum err_kind kind;
	} files[] = {
		{ "", ERR_UNSUPPORTED },
		{ "%PDF-1.7\n", ERR_UNSUPPORTED },
		{ "<html><body><table></table></body></html>", ERR_UNSUPPORTED },
		{ "PK\003\004 and no more than that, nothing that a directory could be "
		  "found in",
		  ERR_INPUT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct fixture f;
		struct err e = { 0 };

		open_text(&f, files[i].text, &e, -1);
		if (e.kind != files[i].kind || e.text[0] == '\0')
			fail_msg("\"%s\": %d %s", files[i].text, e.kind, e.text);
		close_table(&f);
	}
}

/* A cell longer than spreadsheets have them is still a cell; there is an end, though. */
static void long_cells(void **state)
{
	static const struct {
		size_t n;
		int want;
	} cells[] = {
		{ TABLE_CELL_CHARS + 1, PARSE_MORE },
		{ 1 << 20, PARSE_MORE },
		{ (1 << 20) + 1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		char *text = malloc(cells[i].n + 8);
		struct fixture f;
		struct err e = { 0 };
		struct row r;

		assert_non_null(text);
		memset(text, 'x', cells[i].n);
		memcpy(text + cells[i].n, ",b\nc,d\n", 8);
		open_text(&f, text, &e, 0);
		assert_int_equal(table_select(f.table, 0, &e), 0);
		assert_int_equal(table_next(f.table, &r, &e), cells[i].want);
		assert_int_equal(e.kind, cells[i].want < 0 ? ERR_LIMIT : ERR_NONE);
		if (cells[i].want == PARSE_MORE) {
			assert_int_equal(r.cells[0].text.n, cells[i].n);
			assert_string_equal(rest(f.table), "2: A=Tc B=Td;");
		}
		close_table(&f);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workbook),
		cmocka_unit_test(a_workbook_as_a_whole_has_a_limit),
		cmocka_unit_test(failure_names_the_sheet),
		cmocka_unit_test(delimited_text),
		cmocka_unit_test(texts_as_formulas),
		cmocka_unit_test(refusals),
		cmocka_unit_test(long_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
