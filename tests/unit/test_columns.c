/* Heading rows: which column is which field. (Where the row is: test_columns_find.) */
#include "parse/column_names.h"
#include "parse/columns.h"

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

/* Every row may repeat a heading, so none is longer than a cell should be. */
static void cuts_a_long_heading(void **state)
{
	static char text[2 * COLUMN_HEADING];
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
	/* 255 bytes, and no character is cut in two */
	assert_int_equal(c.column[2].heading.n, COLUMN_HEADING - 1);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_each_row),
		cmocka_unit_test(fields_without_a_column),
		cmocka_unit_test(counts_different_fields),
		cmocka_unit_test(makes_headings_unique),
		cmocka_unit_test(a_full_arena_is_a_limit),
		cmocka_unit_test(cuts_a_long_heading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
