/* Rows with more cells than headings: shifted, or with a last column of their own. */
#include "parse/columns_wide.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEAD     "Waybill,Receiver,Receiver Phone,COD\n"
#define FINE     "JT1,Ana,0917,500\n"
#define WIDE     "JT1,Ana,0917,500,note\n"
#define TORN     "JT1,Cruz, Ana,0917,500\n"
#define TEN(a)   a a a a a a a a a a

/* shifted: of all rows; over: of the last one. */
static const struct wide_row {
	const char *name;
	struct slice file;
	unsigned shifted;
	uint32_t over;
	bool wide;
} wide_rows[] = {
	{ "as wide as its headings", SLICE_INIT(HEAD FINE), 0, 0, false },
	{ "torn, alone", SLICE_INIT(HEAD TORN), 1, 5, false },
	{ "torn, among others", SLICE_INIT(HEAD TEN(FINE) TORN), 1, 5, false },
	{ "all of them torn", SLICE_INIT(HEAD TEN(TORN)), 10, 5, false },
	{ "one torn where all are wide", SLICE_INIT(HEAD TEN(WIDE) TORN), 11, 5, false },
	{ "a column without a heading", SLICE_INIT(HEAD TEN(WIDE)), 0, 5, true },
	{ "nine in ten", SLICE_INIT(HEAD TEN(WIDE) FINE), 0, 0, true },
	{ "half of them", SLICE_INIT(HEAD WIDE WIDE FINE FINE), 2, 0, false },
	{ "a note, alone", SLICE_INIT(HEAD WIDE), 1, 5, false },
	{ "torn behind what is looked at", SLICE_INIT(HEAD TEN(TEN(FINE)) TEN(WIDE)), 10,
	  5, false },
	{ "white space", SLICE_INIT(HEAD "JT1,Ana,0917,500, ,\n"), 0, 0, false },
	{ "an empty heading", SLICE_INIT("Waybill,Receiver,\nJT1,Ana,note\n"), 0, 3,
	  false },
	{ "more than the empty heading",
	  SLICE_INIT("Waybill,Receiver,\nJT1,Cruz,Ana,note\n"), 1, 4, false },
	{ "a flag is an amount", SLICE_INIT("Waybill,COD\nJT1,COD,x\nJT2,no,y\n"), 0, 3,
	  true },
	{ "no amount", SLICE_INIT("Waybill,COD\nJT1,Juan,1\nJT2,5,y\n"), 2, 3, false },
	{ "a row that ends the file badly",
	  SLICE_INIT(HEAD TEN(WIDE) TEN(WIDE) TEN(WIDE) "JT1,\"Ana\"x,0917,500\n"), 0, 5,
	  true },
};

static void check(const struct wide_row *want)
{
	struct err e = { 0 };
	unsigned shifted = 0;
	FILE *f = tmpfile();
	struct slice sheet;
	struct columns c;
	struct table *t;
	struct arena a;
	struct row r = { .over = 0 };

	assert_non_null(f);
	assert_int_equal(fwrite(want->file.p, 1, want->file.n, f), want->file.n);
	assert_int_equal(fflush(f), 0);
	arena_init(&a, 1 << 20);
	if (table_open(fileno(f), 0, want->file.n, &table_limits_default, &t, &e) < 0 ||
	    columns_find(t, SLICE(""), &a, &c, &sheet, &e) < 0)
		fail_msg("%s: %s", want->name, e.text);
	while (columns_next(&c, t, &r, &e) == PARSE_MORE)
		shifted += columns_shifted(&c, &r);
	if (shifted != want->shifted || r.over != want->over || c.wide != want->wide)
		fail_msg("%s: %u rows, over %u, wide %d", want->name, shifted,
			 (unsigned)r.over, c.wide);
	arena_release(&a);
	table_close(&t);
	assert_int_equal(fclose(f), 0);
}

static void tells_shifted_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wide_rows); i++)
		check(&wide_rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_shifted_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
