/* The small parts of a workbook that is written: well formed, and what leads where. */
#include "parse/xlsx_parts.h"

#include "parse/xlsx_rich.h"
#include "parse/xlsx_styles.h"
#include "tests/unit/xml_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ROOM = 64 * 1024 };

static struct xml *opened(struct xml_feed *feed)
{
	struct err e = { 0 };
	struct xml *x;

	assert_int_equal(xml_open(xml_feed_read, feed, &xlsx_xml_limits, &x, &e), 0);
	return x;
}

/* Each element of that name as "value of one attribute=of another;" */
static void collect(struct slice part, const char *name, const char *one,
		    const char *other, struct buf *to)
{
	struct xml_feed feed = { part, part.n };
	struct xml *x = opened(&feed);
	struct xml_token t;
	struct err e = { 0 };
	int got;

	to->n = 0;
	while ((got = xml_next(x, &t, &e)) == PARSE_MORE) {
		struct slice a, b;

		if (t.kind != XML_START || !slice_eq(t.name, slice_str(name)))
			continue;
		a = xml_attr_raw(&t, slice_str(one));
		b = xml_attr_raw(&t, slice_str(other));
		assert_int_equal(
			buf_printf(to, &e, "%.*s=%.*s;", (int)a.n, a.p, (int)b.n, b.p),
			0);
	}
	if (got != PARSE_DONE)
		fail_msg("%s", e.text);
	xml_close(&x);
}

static const struct row {
	const char *name;
	unsigned sheets;
	bool strings;
	const char *rels, *types;
} rows[] = {
	{ "one sheet, inline strings", 1, false,
	  "rId1=worksheets/sheet1.xml;rId2=styles.xml;",
	  "/xl/workbook.xml=sheet.main;/xl/worksheets/sheet1.xml=worksheet;"
	  "/xl/styles.xml=styles;" },
	{ "one sheet", 1, true,
	  "rId1=worksheets/sheet1.xml;rId2=styles.xml;rId3=sharedStrings.xml;",
	  "/xl/workbook.xml=sheet.main;/xl/worksheets/sheet1.xml=worksheet;"
	  "/xl/styles.xml=styles;/xl/sharedStrings.xml=sharedStrings;" },
	{ "two sheets", 2, true,
	  "rId1=worksheets/sheet1.xml;rId2=worksheets/sheet2.xml;rId3=styles.xml;"
	  "rId4=sharedStrings.xml;",
	  "/xl/workbook.xml=sheet.main;/xl/worksheets/sheet1.xml=worksheet;"
	  "/xl/worksheets/sheet2.xml=worksheet;/xl/styles.xml=styles;"
	  "/xl/sharedStrings.xml=sharedStrings;" },
};

/* "...spreadsheetml.styles+xml" as "styles" */
static void shorten_types(struct buf *b)
{
	static const char head[] =
		"application/vnd.openxmlformats-officedocument.spreadsheetml.";
	char *at;

	b->p[b->n] = '\0';
	while ((at = strstr(b->p, head)) != NULL)
		memmove(at, at + sizeof(head) - 1, strlen(at + sizeof(head) - 1) + 1);
	while ((at = strstr(b->p, "+xml")) != NULL)
		memmove(at, at + 4, strlen(at + 4) + 1);
	b->n = strlen(b->p);
}

static void parts_lead_to_each_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct buf part, got;
		struct err e = { 0 };

		buf_init(&part, ROOM);
		buf_init(&got, ROOM);
		assert_int_equal(xlsx_parts_rels(&part, r->sheets, r->strings, &e), 0);
		collect(buf_slice(&part), "Relationship", "Id", "Target", &got);
		if (!slice_eq(buf_slice(&got), slice_str(r->rels)))
			fail_msg("%s: %.*s", r->name, (int)got.n, got.p);
		part.n = 0;
		assert_int_equal(xlsx_parts_types(&part, r->sheets, r->strings, &e), 0);
		collect(buf_slice(&part), "Override", "PartName", "ContentType", &got);
		assert_int_equal(buf_reserve(&got, 1, &e), 0);
		shorten_types(&got);
		if (!slice_eq(buf_slice(&got), slice_str(r->types)))
			fail_msg("%s: %.*s", r->name, (int)got.n, got.p);
		buf_release(&part);
		buf_release(&got);
	}
}

static void a_part_over_its_cap(void **state)
{
	(void)state;
	for (size_t cap = 0; cap < 400; cap += 40) {
		struct err e = { 0 };
		struct buf b;

		buf_init(&b, cap);
		assert_int_equal(xlsx_parts_rels(&b, 1, true, &e), -1);
		assert_int_equal(e.kind, ERR_LIMIT);
		b.n = 0;
		assert_int_equal(xlsx_parts_types(&b, 1, true, &e), -1);
		buf_release(&b);
	}
}

/* Our own reader takes each of enum xlsx_style for what it is. */
static void styles_are_what_they_are_called(void **state)
{
	static const bool date[] = {
		[XLSX_STYLE_NONE] = false, [XLSX_STYLE_HEADING] = false,
		[XLSX_STYLE_TIME] = true,  [XLSX_STYLE_DATE] = true,
		[XLSX_STYLE_TEXT] = false,
	};
	struct xml_feed feed = { xlsx_parts_styles, xlsx_parts_styles.n };
	struct xml *x = opened(&feed);
	struct xlsx_styles s;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(xlsx_styles_read(x, &s, &e), 0);
	assert_int_equal(s.n, sizeof(date) / sizeof(date[0]));
	for (size_t i = 0; i < s.n; i++)
		assert_int_equal(s.date[i], date[i]);
	xlsx_styles_release(&s);
	xml_close(&x);
}

static void fixed_parts_are_well_formed(void **state)
{
	struct err e = { 0 };
	struct buf whole, got;

	(void)state;
	buf_init(&whole, ROOM);
	buf_init(&got, ROOM);
	collect(xlsx_parts_root_rels, "Relationship", "Id", "Target", &got);
	assert_true(slice_eq(buf_slice(&got), SLICE("rId1=xl/workbook.xml;")));
	assert_int_equal(buf_add(&whole, xlsx_parts_workbook_head, &e), 0);
	assert_int_equal(buf_add(&whole,
				 SLICE("<sheet name=\"A\" sheetId=\"1\" r:id=\"rId1\"/>"),
				 &e),
			 0);
	assert_int_equal(buf_add(&whole, xlsx_parts_workbook_tail, &e), 0);
	collect(buf_slice(&whole), "sheet", "name", "r:id", &got);
	assert_true(slice_eq(buf_slice(&got), SLICE("A=rId1;")));
	buf_release(&whole);
	buf_release(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_lead_to_each_other),
		cmocka_unit_test(a_part_over_its_cap),
		cmocka_unit_test(styles_are_what_they_are_called),
		cmocka_unit_test(fixed_parts_are_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
