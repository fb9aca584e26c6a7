/* HTML onto a sink: escapes, pieces larger than the room, failures; barcodes inside. */
#include "parse/buf.h"
#include "parse/code128_svg.h"
#include "parse/html_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int to_buf(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

static void begin(struct html_write *h, struct buf *b, size_t cap)
{
	struct sink sink = { .write = to_buf, .to = b };

	buf_init(b, cap);
	html_init(h, &sink);
}

static const struct row {
	const char *name;
	struct slice in;
	const char *want;
} rows[] = {
	{ "plain", SLICE_INIT("JT0001"), "JT0001" },
	{ "empty", SLICE_INIT(""), "" },
	{ "an element", SLICE_INIT("<script>"), "&lt;script&gt;" },
	{ "out of an attribute", SLICE_INIT("\" onload='x'"),
	  "&quot; onload=&#39;x&#39;" },
	{ "an ampersand, once", SLICE_INIT("&amp;"), "&amp;amp;" },
	{ "other letters", SLICE_INIT("Ni\u00f1o \u8fd0"), "Ni\u00f1o \u8fd0" },
	{ "white space stays", SLICE_INIT("a\tb\r\nc"), "a\tb\r\nc" },
	{ "controls", SLICE_INIT("\0\x1b\x7f"), "\uFFFD\uFFFD\uFFFD" },
	{ "no UTF-8", SLICE_INIT("a\xff\xe8\xbf"), "a\uFFFD\uFFFD\uFFFD" },
};

static void escapes(void **state)
{
	static struct html_write h;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		struct buf b;

		begin(&h, &b, 1000);
		html_text(&h, rows[i].in);
		assert_int_equal(html_finish(&h, &e), 0);
		if (!slice_eq(buf_slice(&b), slice_str(rows[i].want)))
			fail_msg("%s: %.*s", rows[i].name, (int)b.n, b.p);
		buf_release(&b);
	}
}

static void closes_what_it_opened(void **state)
{
	static const char want[] = "<td class=\"num\">1 &lt; 2</td>"
				   "<b>x</b>18446744073709551615 0";
	static struct html_write h;
	struct err e = { 0 };
	struct buf b;

	(void)state;
	begin(&h, &b, 1000);
	html_element(&h, "td class=\"num\"", SLICE("1 < 2"));
	html_element(&h, "b", SLICE("x"));
	html_uint(&h, UINT64_MAX);
	html_markup(&h, " ");
	html_uint(&h, 0);
	assert_int_equal(html_finish(&h, &e), 0);
	assert_true(slice_eq(buf_slice(&b), slice_str(want)));
	buf_release(&b);
}

/* An escape that falls on the end of the room is not cut. */
static void passes_on_all_that_does_not_fit(void **state)
{
	enum { TIMES = HTML_WRITE_ROOM };
	static struct html_write h;
	struct err e = { 0 };
	struct buf b;

	(void)state;
	begin(&h, &b, (size_t)TIMES * 8);
	html_markup(&h, "x");
	for (int i = 0; i < TIMES; i++)
		html_text(&h, SLICE("&"));
	assert_int_equal(html_finish(&h, &e), 0);
	assert_int_equal(b.n, 1 + (size_t)TIMES * 5);
	for (size_t i = 0; i < TIMES; i++)
		assert_memory_equal(b.p + 1 + i * 5, "&amp;", 5);
	buf_release(&b);
}

static void tells_the_first_failure(void **state)
{
	static struct html_write h;
	struct err e = { 0 };
	struct buf b;

	(void)state;
	begin(&h, &b, HTML_WRITE_ROOM);
	for (int i = 0; i < HTML_WRITE_ROOM; i++)
		html_text(&h, SLICE("abc"));
	assert_int_equal(html_finish(&h, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	buf_release(&b);
}

static void draws_a_barcode(void **state)
{
	static struct html_write h;
	struct err e = { 0 };
	struct buf b;

	(void)state;
	begin(&h, &b, 4000);
	/* 46 modules and two quiet zones are 66: two pixels each fit into 150, not three.
	 */
	assert_true(code128_svg(&h, SLICE("00"), 150, 3, 40));
	assert_int_equal(html_finish(&h, &e), 0);
	assert_int_equal(buf_byte(&b, '\0', &e), 0);
	assert_string_equal(
		b.p,
		"<svg class=\"barcode\" width=\"132\" height=\"40\" viewBox=\"0 0 66 1\" "
		"preserveAspectRatio=\"none\" shape-rendering=\"crispEdges\" "
		"role=\"img\" "
		"aria-label=\"Barcode 00\"><path d=\""
		"M10 0h2v1h-2zM13 0h1v1h-1zM16 0h3v1h-3z" /* 21 12 32 */
		"M21 0h2v1h-2zM24 0h2v1h-2zM28 0h2v1h-2z" /* 21 22 22 */
		"M32 0h2v1h-2zM36 0h2v1h-2zM40 0h2v1h-2z" /* 22 22 21 */
		"M43 0h2v1h-2zM48 0h3v1h-3zM52 0h1v1h-1zM54 0h2v1h-2z\"/></svg>");
	buf_release(&b);
}

static void draws_none_that_nobody_could_read(void **state)
{
	static struct html_write h;
	struct err e = { 0 };
	struct buf b;

	(void)state;
	begin(&h, &b, 4000);
	assert_false(code128_svg(&h, SLICE("00"), 65, 3, 40));
	assert_false(code128_svg(&h, SLICE("\u8fd0"), 1000, 3, 40));
	assert_false(code128_svg(&h, SLICE(""), 1000, 3, 40));
	assert_int_equal(html_finish(&h, &e), 0);
	assert_int_equal(b.n, 0);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(closes_what_it_opened),
		cmocka_unit_test(passes_on_all_that_does_not_fit),
		cmocka_unit_test(tells_the_first_failure),
		cmocka_unit_test(draws_a_barcode),
		cmocka_unit_test(draws_none_that_nobody_could_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
