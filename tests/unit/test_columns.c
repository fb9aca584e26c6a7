/* Heading rows: which column is which field, and where the row is. */
#include "parse/columns.h"

#include "parse/zip_write.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { CELLS = 32 };

/* Headings and what becomes of them, '|' between columns; an empty one is no cell, "~"
 * a cell of white space. want: the field's name, "-" for extra, "!" before a shadowed
 * one; p NULL for a row that is no heading row. */
static const struct map_row {
	const char *name, *headings, *want;
} map_rows[] = {
	{ "the 15 documented columns",
	  "Waybill Number|Sender Name/Product|Sender Address|Sender Phone|Receiver Name|"
	  "Receiver Address|Receiver Phone|Destination|Number of Items|Weight|"
	  "Express Type/Service Type|COD Amount|Remarks|Order Status|Signing Time",
	  "waybill_number|sender_name|sender_address|sender_phone|receiver_name|"
	  "receiver_address|receiver_phone|destination|number_of_items|weight|"
	  "express_type|cod_amount|remarks|status|signing_time" },
	{ "the order a J&T portal shows",
	  "Serial Number|Creator Code|Status|Waybill Number|Sign For "
	  "Pictures|SigningTime|"
	  "Receiver|Receiver Cellphone|Province|City|Barangay|Address|Payment Method|"
	  "Settlement Weight|Receivable Freight|Receipt Waybill No|Total Shipping Cost|"
	  "COD|Pouches Size|Submission Time|RTS Reason|Remarks|Operating",
	  "-|-|status|waybill_number|-|signing_time|receiver_name|receiver_phone|"
	  "province|city|barangay|receiver_address|-|weight|-|-|-|cod_amount|-|"
	  "submission_time|-|remarks|-" },
	{ "truncated", "Waybill Numb|Receiver Ce|Submission Tir",
	  "waybill_number|receiver_phone|submission_time" },
	{ "Flash Express",
	  "PNO|Tracking No.|Return Tracking No.|The Original Tracking No.|"
	  "Consignee|COD Amt|COD Fee|COD Transfer Fee|PU Time",
	  "!waybill_number|waybill_number|-|-|receiver_name|cod_amount|-|-|"
	  "submission_time" },
	{ "Indonesian",
	  "Nomor Resi|Nama Pengirim|Telepon Pengirim|Nama Penerima|Telepon Penerima|"
	  "Alamat Penerima|Provinsi Penerima|Kota Penerima|Kecamatan Penerima|Berat|"
	  "Jumlah Barang|Layanan|COD|Nilai COD|Keterangan|Waktu TTD",
	  "waybill_number|sender_name|sender_phone|receiver_name|receiver_phone|"
	  "receiver_address|province|city|barangay|weight|number_of_items|express_type|"
	  "!cod_amount|cod_amount|remarks|signing_time" },
	{ "Chinese", "运单编号|Receiver|备注", "waybill_number|receiver_name|-" },
	{ "template",
	  "Receiver(*)|Receiver Telephone (*)|Receiver Province (*)|Receiver City (*)|"
	  "Receiver Region (*)|Sender City|Weight (kg) (*)|COD (PHP) (*)|"
	  "Total parcels(*)|Parcel Name (*)|Waybill No.",
	  "receiver_name|receiver_phone|province|city|barangay|-|weight|cod_amount|"
	  "number_of_items|item_name|waybill_number" },
	{ "the most specific wins, left or right",
	  "Status|Order Status|COD Amount|COD|Waybill",
	  "!status|status|cod_amount|!cod_amount|waybill_number" },
	{ "of two alike the leftmost wins", "Waybill|Receiver|Consignee|Tracking No",
	  "waybill_number|receiver_name|!receiver_name|!waybill_number" },
	{ "of three the best", "Product|Item Name|Item Type|Waybill",
	  "!item_name|item_name|!item_name|waybill_number" },
	{ "remarks are joined", "Waybill|Remark1|Remark2|Remark3",
	  "waybill_number|remarks|remarks|remarks" },
	{ "remarks are joined to the remarks", "Remark3|Waybill|Remark1|Remarks|Notes",
	  "remarks|waybill_number|remarks|remarks|!remarks" },
	{ "the same remark twice", "Waybill|Remark1|Remark1",
	  "waybill_number|remarks|!remarks" },
	{ "street beside an address", "Waybill|Street|Address",
	  "waybill_number|street|receiver_address" },
	{ "street alone", "Waybill|Street|Street",
	  "waybill_number|receiver_address|!receiver_address" },
	{ "signing beats delivery", "Waybill|Delivery Time|SigningTime",
	  "waybill_number|!signing_time|signing_time" },
	{ "gaps and blanks", "Waybill||~|City", "waybill_number||-|city" },
	{ "dress", "\xef\xbb\xbfWaybill Number|\tReceiver\xc2\xa0Name *",
	  "waybill_number|receiver_name" },
	{ "no waybill number", "Receiver|City|COD", NULL },
	{ "the waybill number alone", "Waybill Number|Foo|Bar", NULL },
	{ "only what must not match", "Receipt Waybill No|Return Tracking No.|City",
	  NULL },
	{ "nothing", "", NULL },
};

/* Cells of `text`, '|' between them; returns the row. */
static struct row row_of(const char *text, struct cell cells[CELLS])
{
	struct row r = { .number = 1, .cells = cells, .n = 0 };
	struct slice rest = slice_str(text);

	for (uint32_t column = 0; rest.n > 0; column++) {
		struct slice one = slice_split(&rest, '|');

		if (one.n == 0)
			continue;
		if (slice_eq(one, SLICE("~")))
			one = SLICE(" \t\xc2\xa0");
		assert_true(r.n < CELLS);
		cells[r.n++] =
			(struct cell){ .column = column, .kind = CELL_TEXT, .text = one };
	}
	return r;
}

static void check_column(const char *name, const struct columns *c, struct slice want,
			 const struct column *column)
{
	struct slice got = slice_str(field_name(column->field));
	bool shadowed = slice_starts(want, SLICE("!"));

	if (shadowed)
		(void)slice_take(&want, 1);
	if (slice_eq(want, SLICE("-")))
		want = SLICE("extra");
	if (!slice_eq(got, want) || shadowed != column->shadowed)
		fail_msg("%s: column %u is %s%s", name, column->column,
			 column->shadowed ? "shadowed " : "", got.p);
	if (column->field == FIELD_EXTRA || shadowed)
		return;
	if (c->of[column->field] < 0 ||
	    c->column[c->of[column->field]].field != column->field)
		fail_msg("%s: of[%s] is %d", name, got.p, (int)c->of[column->field]);
}

static void maps_each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(map_rows); i++) {
		struct cell cells[CELLS];
		struct row r = row_of(map_rows[i].headings, cells);
		struct slice want = slice_str(map_rows[i].want);
		struct columns c;
		struct err e = { 0 };
		struct arena a;
		int got;

		arena_init(&a, 1 << 20);
		got = columns_map(&r, &a, &c, &e);
		if ((got == 0) != (map_rows[i].want != NULL))
			fail_msg("%s: %d %s", map_rows[i].name, got, e.text);
		if ((columns_score(&r) > 0) != (got == 0))
			fail_msg("%s: score %u", map_rows[i].name, columns_score(&r));
		if (got < 0) {
			assert_int_equal(e.kind, ERR_INPUT);
			arena_release(&a);
			continue;
		}
		assert_int_equal(c.n, r.n);
		for (size_t j = 0; want.n > 0;) {
			struct slice one = slice_split(&want, '|');

			if (one.n > 0)
				check_column(map_rows[i].name, &c, one, &c.column[j++]);
		}
		arena_release(&a);
	}
}

static void fields_without_a_column(void **state)
{
	struct cell cells[CELLS];
	struct row r = row_of("Foo|Waybill|City", cells);
	struct err e = { 0 };
	struct columns c;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	assert_int_equal(columns_map(&r, &a, &c, &e), 0);
	assert_int_equal(c.heading_row, 1);
	for (size_t f = 0; f < FIELD_COUNT; f++)
		assert_int_equal(c.of[f], f == FIELD_WAYBILL_NUMBER ? 1
					  : f == FIELD_CITY         ? 2
								    : -1);
	arena_release(&a);
}

static void counts_different_fields(void **state)
{
	struct cell cells[CELLS];
	struct row r = row_of("Waybill|Tracking No|City|Receiver City|Foo", cells);

	(void)state;
	assert_int_equal(columns_score(&r), 2);
	cells[2].kind = CELL_NUMBER; /* only text is a heading */
	cells[3].kind = CELL_NUMBER;
	assert_int_equal(columns_score(&r), 0);
}

static const struct {
	const char *name, *headings, *want;
} name_rows[] = {
	{ "trimmed", " Waybill \xc2\xa0|\tCity", "Waybill|City" },
	{ "twice", "Waybill|City|COD|COD|COD", "Waybill|City|COD|COD (2)|COD (3)" },
	{ "twice, one of them there already", "Waybill|City|A|A (2)|A|A",
	  "Waybill|City|A|A (2)|A (3)|A (4)" },
	{ "made names twice", "Waybill|City|A|A (2)|A|A (2)",
	  "Waybill|City|A|A (2)|A (3)|A (2) (2)" },
	{ "case makes a difference", "Waybill|City|a|A", "Waybill|City|a|A" },
	{ "without one", "Waybill|City|~|~", "Waybill|City|Column C|Column D" },
	{ "its own name", "Waybill|City|Column C", "Waybill|City|Column C" },
	{ "another's name", "Waybill|City|Column F|~|~|~",
	  "Waybill|City|Column F (2)|Column D|Column E|Column F" },
	{ "almost a name", "Waybill|City|Column f|Column 1|Column",
	  "Waybill|City|Column f|Column 1|Column" },
};

static void makes_headings_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(name_rows); i++) {
		struct cell cells[CELLS];
		struct row r = row_of(name_rows[i].headings, cells);
		struct slice want = slice_str(name_rows[i].want);
		struct err e = { 0 };
		struct columns c;
		struct arena a;

		arena_init(&a, 1 << 20);
		assert_int_equal(columns_map(&r, &a, &c, &e), 0);
		for (size_t j = 0; j < c.n; j++)
			if (!slice_eq(c.column[j].heading, slice_split(&want, '|')))
				fail_msg("%s: column %zu is \"%s\"", name_rows[i].name, j,
					 c.column[j].heading.p);
		arena_release(&a);
	}
}

static void a_full_arena_is_a_limit(void **state)
{
	struct cell cells[CELLS];
	struct row r = row_of("Waybill|City|COD|COD", cells);
	struct columns c;
	struct arena a;
	size_t cap = 0;
	int got = -1;

	(void)state;
	for (; got < 0 && cap < 4096; cap += 16) {
		struct err e = { 0 };

		arena_init(&a, cap);
		got = columns_map(&r, &a, &c, &e);
		if (got < 0)
			assert_int_equal(e.kind, ERR_LIMIT);
		arena_release(&a);
	}
	assert_int_equal(got, 0);
	assert_true(cap > 64);
}

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
	assert_string_equal(e.text, "no sheet \"Sheet1\": a csv file has no sheets");
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
	  "every sheet is hidden; name the one to read" },
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

/* Every row may repeat a heading, so none is longer than a cell should be. */
static void cuts_a_long_heading(void **state)
{
	static char text[2 * TABLE_CELL_CHARS + 1];
	const struct cell cells[] = {
		{ .column = 0, .kind = CELL_TEXT, .text = SLICE_INIT("Waybill") },
		{ .column = 1, .kind = CELL_TEXT, .text = SLICE_INIT("City") },
		{ .column = 2, .kind = CELL_TEXT, .text = { text, sizeof(text) } },
	};
	const struct row r = { .number = 1, .cells = cells, .n = 3 };
	struct err e = { 0 };
	struct columns c;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "\xc3\xb1"[i % 2];
	assert_int_equal(columns_map(&r, &a, &c, &e), 0);
	/* an odd number of bytes, and no character is cut in two */
	assert_int_equal(c.column[2].heading.n, TABLE_CELL_CHARS - 1);
	arena_release(&a);
}

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
		cmocka_unit_test(maps_each_row),
		cmocka_unit_test(fields_without_a_column),
		cmocka_unit_test(counts_different_fields),
		cmocka_unit_test(makes_headings_unique),
		cmocka_unit_test(a_full_arena_is_a_limit),
		cmocka_unit_test(finds_the_heading_row),
		cmocka_unit_test(csv_has_no_sheets),
		cmocka_unit_test(chooses_the_sheet),
		cmocka_unit_test(cuts_a_long_heading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
