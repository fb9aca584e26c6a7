/*
 * A workbook's parts as they are written, taken out of the archive again: cells in both
 * ways of holding texts, sheets, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parse/buf.h"
#include "parse/xlsx_write.h"
#include "parse/zip_entry.h"

enum { ROOM = 4 * 1024 * 1024 };

static int into_buf(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

static void read_all(struct zip_stream *s, struct buf *part)
{
	struct err e = { 0 };
	int step = PARSE_MORE;

	while (step == PARSE_MORE) {
		char bytes[4096];
		size_t n = 0;

		step = zip_stream_read(s, bytes, sizeof(bytes), &n, &e);
		if (step < 0 || buf_add(part, (struct slice){ bytes, n }, &e) < 0)
			fail_msg("%s", e.text);
	}
}

/* The part of that name, or nothing when there is none. */
static void take_part(const struct buf *book, const char *name, struct buf *part)
{
	static const struct zip_limits limits = { ROOM, UINT32_MAX };
	const struct zip_entry *entry;
	struct zip_stream *s;
	struct zip_dir *dir;
	struct err e = { 0 };
	FILE *f = tmpfile();

	buf_init(part, ROOM);
	assert_non_null(f);
	assert_int_equal(fwrite(book->p, 1, book->n, f), book->n);
	assert_int_equal(fflush(f), 0);
	if (zip_dir_open(fileno(f), 0, book->n, 100, &dir, &e) < 0)
		fail_msg("%s", e.text);
	entry = zip_dir_find(dir, slice_str(name));
	if (entry != NULL) {
		assert_int_equal(zip_stream_open(dir, entry, &limits, &s, &e), 0);
		read_all(s, part);
		zip_stream_close(&s);
	}
	zip_dir_close(&dir);
	(void)fclose(f);
}

static bool holds(const struct buf *part, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= part->n; i++)
		if (memcmp(part->p + i, text, n) == 0)
			return true;
	return false;
}

/* What stands between <sheetData> and </sheetData>, or <sst ...> and </sst>. */
static struct slice content(const struct buf *part)
{
	size_t start = 0, end = 0;

	for (size_t i = 0; i < part->n; i++) {
		struct slice rest = { part->p + i, part->n - i };

		if (slice_starts(rest, SLICE("<sheetData>")))
			start = i + 11;
		if (slice_starts(rest, SLICE("<sst ")))
			start = i + (size_t)(slice_find(rest, '>') - rest.p) + 1;
		if (slice_starts(rest, SLICE("</sheetData>")) ||
		    slice_starts(rest, SLICE("</sst>")))
			end = i;
	}
	assert_true(start > 0 && end >= start);
	return (struct slice){ part->p + start, end - start };
}

static struct xlsx_write *begin(struct buf *out, const struct xlsx_write_options *o)
{
	static const uint16_t widths[] = { 20, 5 };
	struct xlsx_write_sheet sheet = { SLICE("Manifest"), widths, 2, 0, 1 };
	struct xlsx_write *w;
	struct err e = { 0 };

	buf_init(out, ROOM);
	assert_int_equal(xlsx_write_open(&(struct sink){ into_buf, out }, o, &w, &e), 0);
	assert_int_equal(xlsx_write_sheet(w, &sheet, &e), 0);
	return w;
}

static void finish(struct xlsx_write *w)
{
	struct err e = { 0 };

	if (xlsx_write_finish(w, &e) < 0)
		fail_msg("%s", e.text);
	xlsx_write_close(&w);
	assert_null(w);
}

static const struct row {
	const char *name;
	enum xlsx_write_kind kind;
	const char *text;
	const char *shared;  /* what stands in the sheet */
	const char *string;  /* and in the shared strings */
	const char *in_line; /* what stands in the sheet without shared strings */
} rows[] = {
	{ "text", XLSX_TEXT, "Cebu", "<c r=\"A1\" t=\"s\"><v>0</v></c>",
	  "<si><t>Cebu</t></si>",
	  "<c r=\"A1\" t=\"inlineStr\"><is><t>Cebu</t></is></c>" },
	{ "heading", XLSX_HEADING, "City", "<c r=\"A1\" s=\"1\" t=\"s\"><v>0</v></c>",
	  "<si><t>City</t></si>",
	  "<c r=\"A1\" s=\"1\" t=\"inlineStr\"><is><t>City</t></is></c>" },
	{ "blanks at the ends", XLSX_TEXT, " a\n", "<c r=\"A1\" t=\"s\"><v>0</v></c>",
	  "<si><t xml:space=\"preserve\"> a\n</t></si>",
	  "<c r=\"A1\" t=\"inlineStr\"><is><t xml:space=\"preserve\"> a\n</t></is></c>" },
	{ "markup", XLSX_TEXT, "<&>", "<c r=\"A1\" t=\"s\"><v>0</v></c>",
	  "<si><t>&lt;&amp;&gt;</t></si>",
	  "<c r=\"A1\" t=\"inlineStr\"><is><t>&lt;&amp;&gt;</t></is></c>" },
	{ "number", XLSX_NUMBER, "-12.50", "<c r=\"A1\"><v>-12.50</v></c>", "",
	  "<c r=\"A1\"><v>-12.50</v></c>" },
	{ "a number that one cannot hold", XLSX_NUMBER, "0917",
	  "<c r=\"A1\" t=\"s\"><v>0</v></c>", "<si><t>0917</t></si>",
	  "<c r=\"A1\" t=\"inlineStr\"><is><t>0917</t></is></c>" },
	{ "time", XLSX_DATE, "2025-01-31 12:00:00",
	  "<c r=\"A1\" s=\"2\"><v>45688.500000000000</v></c>", "",
	  "<c r=\"A1\" s=\"2\"><v>45688.500000000000</v></c>" },
	{ "date", XLSX_DATE, "2025-01-31", "<c r=\"A1\" s=\"3\"><v>45688</v></c>", "",
	  "<c r=\"A1\" s=\"3\"><v>45688</v></c>" },
	{ "no date", XLSX_DATE, "soon", "<c r=\"A1\" t=\"s\"><v>0</v></c>",
	  "<si><t>soon</t></si>",
	  "<c r=\"A1\" t=\"inlineStr\"><is><t>soon</t></is></c>" },
};

static void expect_cell(const struct row *r, bool in_line)
{
	struct xlsx_write_options o = { .inline_strings = in_line };
	struct buf out, sheet, strings;
	struct xlsx_write *w = begin(&out, &o);
	struct err e = { 0 };
	char want[300];

	assert_int_equal(xlsx_write_cell(w, r->kind, slice_str(r->text), &e), 0);
	assert_int_equal(xlsx_write_row_end(w, &e), 0);
	finish(w);
	take_part(&out, "xl/worksheets/sheet1.xml", &sheet);
	(void)snprintf(want, sizeof(want), "<row r=\"1\">%s</row>",
		       in_line ? r->in_line : r->shared);
	if (!slice_eq(content(&sheet), slice_str(want)))
		fail_msg("%s: got %.*s", r->name, (int)content(&sheet).n,
			 content(&sheet).p);
	take_part(&out, "xl/sharedStrings.xml", &strings);
	if (in_line)
		assert_int_equal(strings.n, 0);
	else if (!slice_eq(content(&strings), slice_str(r->string)))
		fail_msg("%s: strings %.*s", r->name, (int)strings.n, strings.p);
	buf_release(&out);
	buf_release(&sheet);
	buf_release(&strings);
}

static void cells_are_written_as_wanted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_cell(&rows[i], false);
		expect_cell(&rows[i], true);
	}
}

/* Empty cells and rows leave gaps; repeated texts are held once. */
static void gaps_and_repeats(void **state)
{
	struct buf out, part;
	struct xlsx_write *w = begin(&out, &(struct xlsx_write_options){ 0 });
	struct err e = { 0 };

	(void)state;
	assert_int_equal(xlsx_write_cell(w, XLSX_TEXT, SLICE("x"), &e), 0);
	assert_int_equal(xlsx_write_cell(w, XLSX_TEXT, SLICE(""), &e), 0);
	assert_int_equal(xlsx_write_cell(w, XLSX_TEXT, SLICE("y"), &e), 0);
	assert_int_equal(xlsx_write_row_end(w, &e), 0);
	assert_int_equal(xlsx_write_row_end(w, &e), 0);
	assert_int_equal(xlsx_write_cell(w, XLSX_TEXT, SLICE(""), &e), 0);
	assert_int_equal(xlsx_write_cell(w, XLSX_TEXT, SLICE("x"), &e), 0);
	assert_int_equal(xlsx_write_row_end(w, &e), 0);
	assert_int_equal(xlsx_write_rows(w), 3);
	finish(w);
	take_part(&out, "xl/worksheets/sheet1.xml", &part);
	assert_true(
		slice_eq(content(&part),
			 SLICE("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c>"
			       "<c r=\"C1\" t=\"s\"><v>1</v></c></row>"
			       "<row r=\"3\"><c r=\"B3\" t=\"s\"><v>0</v></c></row>")));
	assert_true(holds(&part, "<pane ySplit=\"1\" topLeftCell=\"A2\""));
	assert_true(
		holds(&part, "<col min=\"2\" max=\"2\" width=\"5\" customWidth=\"1\"/>"));
	buf_release(&part);
	take_part(&out, "xl/sharedStrings.xml", &part);
	assert_true(
		slice_eq(content(&part), SLICE("<si><t>x</t></si><si><t>y</t></si>")));
	buf_release(&part);
	buf_release(&out);
}

/* Over the cap new texts go into the cells, known ones are still shared. */
static void full_strings_go_inline(void **state)
{
	struct buf out, part;
	struct xlsx_write *w =
		begin(&out, &(struct xlsx_write_options){ .max_strings = 4 });
	struct err e = { 0 };

	(void)state;
	assert_int_equal(xlsx_write_cell(w, XLSX_TEXT, SLICE("abc"), &e), 0);
	assert_int_equal(xlsx_write_cell(w, XLSX_TEXT, SLICE("def"), &e), 0);
	assert_int_equal(xlsx_write_cell(w, XLSX_TEXT, SLICE("abc"), &e), 0);
	assert_int_equal(xlsx_write_row_end(w, &e), 0);
	finish(w);
	take_part(&out, "xl/worksheets/sheet1.xml", &part);
	assert_true(slice_eq(content(&part),
			     SLICE("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c>"
				   "<c r=\"B1\" t=\"inlineStr\"><is><t>def</t></is></c>"
				   "<c r=\"C1\" t=\"s\"><v>0</v></c></row>")));
	buf_release(&part);
	buf_release(&out);
}

static void sheets_are_listed(void **state)
{
	struct xlsx_write_sheet more = { SLICE("R&D"), NULL, 0, 0, 0 };
	struct buf out, part;
	struct xlsx_write *w = begin(&out, &(struct xlsx_write_options){ 0 });
	struct err e = { 0 };

	(void)state;
	assert_int_equal(xlsx_write_row_end(w, &e), 0);
	assert_int_equal(xlsx_write_sheet(w, &more, &e), 0);
	assert_int_equal(xlsx_write_rows(w), 0);
	finish(w);
	take_part(&out, "xl/workbook.xml", &part);
	assert_true(holds(
		&part, "<sheets><sheet name=\"Manifest\" sheetId=\"1\" r:id=\"rId1\"/>"
		       "<sheet name=\"R&amp;D\" sheetId=\"2\" r:id=\"rId2\"/></sheets>"));
	buf_release(&part);
	take_part(&out, "xl/_rels/workbook.xml.rels", &part);
	assert_true(holds(&part, "Target=\"worksheets/sheet2.xml\""));
	assert_true(holds(&part, "Target=\"sharedStrings.xml\""));
	buf_release(&part);
	take_part(&out, "[Content_Types].xml", &part);
	assert_true(holds(&part, "/xl/worksheets/sheet2.xml"));
	buf_release(&part);
	buf_release(&out);
}

static void bad_sheet_names_are_refused(void **state)
{
	static const char *const names[] = {
		"",  "a/b", "a\\b", "[x]",  "a:b",  "what?",
		"*", "'a",  "a'",   "a\nb", "\xff", "abcdefghijklmnopqrstuvwxyz123456"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct xlsx_write_sheet s = { slice_str(names[i]), NULL, 0, 0, 0 };
		struct buf out;
		struct xlsx_write *w = begin(&out, &(struct xlsx_write_options){ 0 });
		struct err e = { 0 };

		if (xlsx_write_sheet(w, &s, &e) == 0)
			fail_msg("'%s' was taken", names[i]);
		assert_int_equal(e.kind, ERR_INTERNAL);
		xlsx_write_close(&w);
		buf_release(&out);
	}
}

static void limits_are_kept(void **state)
{
	struct buf out;
	struct xlsx_write *w = begin(&out, &(struct xlsx_write_options){ .level = 1 });
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < XLSX_MAX_COLUMNS; i++)
		assert_int_equal(xlsx_write_cell(w, XLSX_NUMBER, SLICE("1"), &e), 0);
	assert_int_equal(xlsx_write_cell(w, XLSX_NUMBER, SLICE("1"), &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	e = (struct err){ 0 };
	for (int i = 0; i < XLSX_MAX_ROWS; i++)
		assert_int_equal(xlsx_write_row_end(w, &e), 0);
	assert_int_equal(xlsx_write_cell(w, XLSX_NUMBER, SLICE("1"), &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	e = (struct err){ 0 };
	assert_int_equal(xlsx_write_row_end(w, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	xlsx_write_close(&w);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_written_as_wanted),
		cmocka_unit_test(gaps_and_repeats),
		cmocka_unit_test(full_strings_go_inline),
		cmocka_unit_test(sheets_are_listed),
		cmocka_unit_test(bad_sheet_names_are_refused),
		cmocka_unit_test(limits_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
