/* Where the heading row is: in which sheet, and in which of its first rows. */
#include "parse/columns.h"

#include "parse/zip_write.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A CSV file as a table; the file is closed with it. */
struct file {
	FILE *f;
	struct table *t;
};

static struct file file_of(struct slice text)
{
	struct file file = { tmpfile(), NULL };
	struct err e = { 0 };

	assert_non_null(file.f);
	assert_int_equal(fwrite(text.p, 1, text.n, file.f), text.n);
	assert_int_equal(fflush(file.f), 0);
	if (table_open(fileno(file.f), 0, text.n, &table_limits_default, &file.t, &e) < 0)
		fail_msg("%s", e.text);
	return file;
}

static void file_close(struct file *file)
{
	table_close(&file->t);
	assert_int_equal(fclose(file->f), 0);
}

#define ROW "x,y\n"
#define ROWS_19                                                                          \
	ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW

/* error NULL: found in `row`, and the next row begins with `next`. */
static const struct find_row {
	const char *name;
	struct slice file;
	uint64_t row;
	const char *next, *error;
} find_rows[] = {
	{ "first row", SLICE_INIT("Waybill,City\nJT1,Cebu\n"), 1, "JT1", NULL },
	{ "below a title and a version",
	  SLICE_INIT("J&T Express Waybill\nV1.2,\n,\n\n\n\n\nWaybill No.,Receiver(*)\n"
		     "JT1,Ana\n"),
	  8, "JT1", NULL },
	{ "row 20", SLICE_INIT(ROWS_19 "Waybill,City\nJT1,Cebu\n"), 20, "JT1", NULL },
	{ "row 21", SLICE_INIT(ROWS_19 ROW "Waybill,City\nJT1,Cebu\n"), 0, NULL,
	  "no heading row; row 1 has \"x\", \"y\"" },
	{ "the row that names most",
	  SLICE_INIT("Waybill,City,a\nWaybill,City,COD\nWaybill,City,COD\nJT1,Cebu,1\n"),
	  2, "Waybill", NULL },
	{ "headings alone", SLICE_INIT("Waybill,City\n"), 1, NULL, NULL },
	{ "nothing but commas", SLICE_INIT(",,\n,,\n"), 0, NULL,
	  "the file is empty: ask the sender for the file again" },
	{ "no waybill number",
	  SLICE_INIT("List of today\nReceiver,City,COD\nAna,Cebu,5\n"), 0, NULL,
	  "no column for the waybill number; the headings in row 2 are \"Receiver\", "
	  "\"City\", \"COD\"" },
	{ "the waybill number alone", SLICE_INIT("Waybill Number\nJT1\n"), 0, NULL,
	  "row 1 names the waybill number and nothing else that is known: \"Waybill "
	  "Number\"" },
	{ "no headings", SLICE_INIT("JT1,Ana\nJT2,Ben\n"), 0, NULL,
	  "no heading row; row 1 has \"JT1\", \"Ana\"" },
	{ "many long headings",
	  SLICE_INIT(
		  "Receiver,City,运单运单运单运单运单运单运单,abcdefghijklmnopqrstuvwxyz,"
		  "abcdefghijklmnopqrstuvwxyz,abcdefghijklmnopqrstuvwxyz,g,h,i\n"),
	  0, NULL,
	  "no column for the waybill number; the headings in row 1 are \"Receiver\", "
	  "\"City\", \"运单运单运单运单...\", \"abcdefghijklmnopqrstuvwx...\", "
	  "\"abcdefghijklmnopqrstuvwx...\" and 4 more" },
};

static void finds_the_heading_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(find_rows); i++) {
		const struct find_row *want = &find_rows[i];
		struct file file = file_of(want->file);
		struct err e = { 0 };
		struct slice sheet;
		struct columns c;
		struct arena a;
		struct row r;
		int got;

		arena_init(&a, 1 << 20);
		got = columns_find(file.t, SLICE(""), &a, &c, &sheet, &e);
		if (want->error != NULL) {
			if (got == 0 || e.kind != ERR_INPUT ||
			    strcmp(e.text, want->error) != 0)
				fail_msg("%s: %d %s", want->name, got, e.text);
		} else if (got < 0 || c.heading_row != want->row) {
			fail_msg("%s: %d %s", want->name, got, e.text);
		} else {
			got = table_next(file.t, &r, &e);
			assert_int_equal(got,
					 want->next == NULL ? PARSE_DONE : PARSE_MORE);
			if (want->next != NULL)
				assert_true(
					slice_eq(r.cells[0].text, slice_str(want->next)));
		}
		arena_release(&a);
		file_close(&file);
	}
}

static void csv_has_no_sheets(void **state)
{
	struct file file = file_of(SLICE("Waybill,City\nJT1,Cebu\n"));
	struct err e = { 0 };
	struct slice sheet;
	struct columns c;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	assert_int_equal(columns_find(file.t, SLICE("Sheet1"), &a, &c, &sheet, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_string_equal(
		e.text,
		"no sheet \"Sheet1\": a csv file has no sheets, so leave the sheet out");
	arena_release(&a);
	file_close(&file);
}

/* Sheets of a workbook: rows parted by newlines, cells by '|'. */
struct sheet {
	const char *name;
	bool hidden;
	const char *rows;
};

static int file_write(void *to, struct slice bytes, struct err *e)
{
	(void)e;
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, to), bytes.n);
	return 0;
}

static void put(struct zip_write *w, const char *text)
{
	struct err e = { 0 };

	assert_int_equal(zip_write_data(w, slice_str(text), &e), 0);
}

static void entry(struct zip_write *w, const char *name)
{
	struct err e = { 0 };

	assert_int_equal(zip_write_entry(w, slice_str(name), &e), 0);
}

static void put_sheet(struct zip_write *w, const char *rows)
{
	struct slice rest = slice_str(rows);

	put(w, "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/"
	       "main\"><sheetData>");
	while (rest.n > 0) {
		struct slice cells = slice_split(&rest, '\n');

		put(w, "<row>");
		while (cells.n > 0) {
			struct slice text = slice_split(&cells, '|');
			struct err e = { 0 };

			put(w, "<c t=\"inlineStr\"><is><t>");
			assert_int_equal(zip_write_data(w, text, &e), 0);
			put(w, "</t></is></c>");
		}
		put(w, "</row>");
	}
	put(w, "</sheetData></worksheet>");
}

static void put_book(struct zip_write *w, const struct sheet *sheets, size_t n)
{
	char line[512];

	entry(w, "_rels/.rels");
	put(w, "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/"
	       "relationships\"><Relationship Id=\"r\" Type=\"http://"
	       "schemas.openxmlformats.org/officeDocument/2006/relationships/"
	       "officeDocument\" Target=\"book.xml\"/></Relationships>");
	entry(w, "book.xml");
	put(w, "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/"
	       "main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/"
	       "relationships\"><sheets>");
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(line, sizeof(line),
			       "<sheet name=\"%s\" sheetId=\"%zu\"%s r:id=\"s%zu\"/>",
			       sheets[i].name, i + 1,
			       sheets[i].hidden ? " state=\"hidden\"" : "", i);
		put(w, line);
	}
	put(w, "</sheets></workbook>");
	entry(w, "_rels/book.xml.rels");
	put(w, "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/"
	       "relationships\">");
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(
			line, sizeof(line),
			"<Relationship Id=\"s%zu\" Type=\"http://"
			"schemas.openxmlformats.org/officeDocument/2006/relationships/"
			"worksheet\" Target=\"sheet%zu.xml\"/>",
			i, i);
		put(w, line);
	}
	put(w, "</Relationships>");
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(line, sizeof(line), "sheet%zu.xml", i);
		entry(w, line);
		put_sheet(w, sheets[i].rows);
	}
}

static struct file workbook_of(const struct sheet *sheets, size_t n)
{
	struct file file = { tmpfile(), NULL };
	const struct sink out = { file_write, file.f };
	struct zip_write_options o = { 0 };
	struct zip_write *w;
	struct err e = { 0 };
	long size;

	assert_non_null(file.f);
	assert_int_equal(zip_write_open(&out, &o, &w, &e), 0);
	put_book(w, sheets, n);
	assert_int_equal(zip_write_finish(w, &e), 0);
	zip_write_close(&w);
	assert_int_equal(fflush(file.f), 0);
	size = ftell(file.f);
	if (table_open(fileno(file.f), 0, (uint64_t)size, &table_limits_default, &file.t,
		       &e) < 0)
		fail_msg("%s", e.text);
	return file;
}

#define DATA "Title\nWaybill|City\nJT1|Cebu\n"

static const struct {
	const char *name;
	struct sheet sheets[3];
	const char *wanted, *found, *error;
} sheet_rows[] = {
	{ "the only one", { { "A", false, DATA } }, "", "A", NULL },
	{ "behind a helper sheet",
	  { { "Help", false, "How to\nfill|in" }, { "Data", false, DATA } },
	  "",
	  "Data",
	  NULL },
	{ "the first of two",
	  { { "One", false, DATA },
	    { "Two", false, "Waybill|City|COD|Receiver\nJT1|Cebu|1|Ana" } },
	  "",
	  "One",
	  NULL },
	{ "hidden ones are not taken",
	  { { "Old", true, DATA }, { "New", false, DATA } },
	  "",
	  "New",
	  NULL },
	{ "but when they are named",
	  { { "Old", true, DATA }, { "New", false, DATA } },
	  "old",
	  "Old",
	  NULL },
	{ "the one named, any case",
	  { { "One", false, DATA }, { "Two", false, DATA } },
	  "TWO",
	  "Two",
	  NULL },
	{ "the one named has no headings",
	  { { "One", false, DATA }, { "Two", false, "x|y" } },
	  "Two",
	  NULL,
	  "no heading row; row 1 has \"x\", \"y\"" },
	{ "no such sheet",
	  { { "One", false, DATA }, { "Two", true, DATA } },
	  "Three",
	  NULL,
	  "no sheet \"Three\"; the sheets are \"One\", \"Two\"" },
	{ "all hidden",
	  { { "One", true, DATA } },
	  "",
	  NULL,
	  "every sheet is hidden: show the one that holds the waybills (in Excel, Unhide "
	  "on its tab), or name it" },
	{ "empty sheets",
	  { { "One", false, "" }, { "Two", false, "" } },
	  "",
	  NULL,
	  "the sheet is empty: choose the sheet that holds the waybills, or ask the "
	  "sender for the file again" },
	{ "the nearest of two sheets",
	  { { "One", false, "x|y" }, { "Two", false, "a|b|c\nCity|COD" } },
	  "",
	  NULL,
	  "no column for the waybill number; the headings in row 2 are \"City\", "
	  "\"COD\"" },
};

static void chooses_the_sheet(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sheet_rows); i++) {
		struct file file;
		struct err e = { 0 };
		struct slice sheet;
		struct columns c;
		struct arena a;
		struct row r;
		size_t n = 0;
		int got;

		while (n < COUNT(sheet_rows[i].sheets) &&
		       sheet_rows[i].sheets[n].name != NULL)
			n++;
		file = workbook_of(sheet_rows[i].sheets, n);
		arena_init(&a, 1 << 20);
		got = columns_find(file.t, slice_str(sheet_rows[i].wanted), &a, &c,
				   &sheet, &e);
		if (sheet_rows[i].error != NULL) {
			if (got == 0 || strcmp(e.text, sheet_rows[i].error) != 0)
				fail_msg("%s: %d %s", sheet_rows[i].name, got, e.text);
		} else {
			if (got < 0 || !slice_eq(sheet, slice_str(sheet_rows[i].found)))
				fail_msg("%s: %d %s", sheet_rows[i].name, got, e.text);
			assert_int_equal(table_next(file.t, &r, &e), PARSE_MORE);
			assert_true(slice_eq(r.cells[0].text, SLICE("JT1")));
		}
		arena_release(&a);
		file_close(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_heading_row),
		cmocka_unit_test(csv_has_no_sheets),
		cmocka_unit_test(chooses_the_sheet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
