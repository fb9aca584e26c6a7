/* Barcodes as drawings: their size, their name, and what is not drawn. */
#include "parse/code128_svg.h"

#include "parse/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* AB: start, two characters, check, 11 modules each, and stop of 13; twice ten of quiet.
 */
static const struct drawing {
	const char *name, *text;
	unsigned width, widest;
	const char *begins; /* NULL: not drawn */
} drawings[] = {
	{ "as wide as fits", "AB", 77 * 3 + 2, 9,
	  "<svg class=\"barcode\" width=\"231\" height=\"40\" viewBox=\"0 0 77 1\" " },
	{ "no wider than asked", "AB", 1000, 2,
	  "<svg class=\"barcode\" width=\"154\" height=\"40\" viewBox=\"0 0 77 1\" " },
	{ "just fits", "AB", 77, 9, "<svg class=\"barcode\" width=\"77\" " },
	{ "too narrow", "AB", 76, 9, NULL },
	{ "no Code 128", "\xc3\xb1", 1000, 9, NULL },
	{ "nothing", "", 1000, 9, NULL },
};

static int keep(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

static struct slice draw(struct buf *to, const struct drawing *d, bool want)
{
	struct sink out = { keep, to };
	struct html_write h;
	struct err e = { 0 };

	html_init(&h, &out);
	assert_int_equal(code128_svg(&h, slice_str(d->text), d->width, d->widest, 40),
			 want);
	assert_int_equal(html_finish(&h, &e), 0);
	return buf_slice(to);
}

static bool contains(struct slice text, struct slice what)
{
	for (; text.n >= what.n; (void)slice_take(&text, 1))
		if (slice_starts(text, what))
			return true;
	return false;
}

static void draws(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(drawings) / sizeof(drawings[0]); i++) {
		const struct drawing *d = &drawings[i];
		struct slice got;
		struct buf b;

		buf_init(&b, 1 << 16);
		got = draw(&b, d, d->begins != NULL);
		if (d->begins == NULL ? got.n > 0
				      : !slice_starts(got, slice_str(d->begins)))
			fail_msg("%s: %.*s", d->name, (int)got.n, got.p);
		buf_release(&b);
	}
}

/* Whole modules from behind the quiet zone to before the other. */
static void bars_fill_it(void **state)
{
	const struct drawing d = { "", "AB", 1000, 1, "" };
	struct slice got;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 16);
	got = draw(&b, &d, true);
	/* start B is 211214, and stop ends in a bar of two */
	assert_true(contains(got, SLICE("<path d=\"M10 0h2v1h-2zM13 0h1v1h-1z")));
	assert_true(contains(got, SLICE("M65 0h2v1h-2z\"/></svg>")));
	buf_release(&b);
}

/* The text is its name, and cannot leave the attribute. */
static void the_name_is_escaped(void **state)
{
	const struct drawing d = { "", "\"<&>'", 1000, 1, "" };
	struct slice got;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 16);
	got = draw(&b, &d, true);
	assert_true(contains(
		got, SLICE("aria-label=\"Barcode &quot;&lt;&amp;&gt;&#39;\"><path")));
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws),
		cmocka_unit_test(bars_fill_it),
		cmocka_unit_test(the_name_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
