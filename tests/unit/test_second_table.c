/* Headings below a manifest's own: which rows they reject. */
#include "parse/second_table.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEAD     "Waybill Number,Receiver,COD\n"

/* verdicts: of each row, w a waybill, a headings again, o others, b below them. */
static const struct file_row {
	const char *name;
	struct slice file;
	const char *verdicts;
} file_rows[] = {
	{ "none", SLICE_INIT(HEAD "JT1,Ana,5\nJT2,Ben,6\n"), "ww" },
	{ "the same", SLICE_INIT(HEAD "JT1,Ana,5\n" HEAD "JT2,Ben,6\n"), "waw" },
	{ "one of them", SLICE_INIT(HEAD "WAYBILL NUMBER,,\nJT2,Ben,6\n"), "aw" },
	{ "other spellings", SLICE_INIT(HEAD "AWB,Consignee,COD (PHP)\nJT2,Ben,6\n"),
	  "aw" },
	{ "other columns", SLICE_INIT(HEAD "Receiver,AWB,COD\nBen,JT2,6\nCy,JT3,7\n"),
	  "obb" },
	{ "a column further right", SLICE_INIT(HEAD "AWB,Receiver,,COD\nJT2,Ben,,6\n"),
	  "ob" },
	{ "twice", SLICE_INIT(HEAD "Receiver,AWB,COD\nBen,JT2,6\n" HEAD "JT3,Cy,7\n"),
	  "obaw" },
	{ "nothing in the number's column", SLICE_INIT(HEAD ",AWB,Receiver\n,JT2,Ben\n"),
	  "ob" },
	{ "a number with digits", SLICE_INIT(HEAD "JT1,AWB,Receiver\n"), "w" },
	{ "few of many cells", SLICE_INIT("AWB,City,a,b,c\nx,AWB,Receiver,y,z\n"), "w" },
	{ "no waybill number", SLICE_INIT(HEAD "City,Receiver,COD\n"), "w" },
	{ "two columns of one name", SLICE_INIT("AWB,COD,COD\nAWB,COD,COD\nJT1,1,2\n"),
	  "aw" },
};

static void check(const struct file_row *want)
{
	struct waybill_notes notes = { 0 };
	char got[16] = "";
	struct err e = { 0 };
	FILE *f = tmpfile();
	struct slice sheet;
	struct columns c;
	struct table *t;
	struct arena a;
	struct row r;
	size_t n = 0;

	assert_non_null(f);
	assert_int_equal(fwrite(want->file.p, 1, want->file.n, f), want->file.n);
	assert_int_equal(fflush(f), 0);
	arena_init(&a, 1 << 20);
	if (table_open(fileno(f), 0, want->file.n, &table_limits_default, &t, &e) < 0 ||
	    columns_find(t, SLICE(""), &a, &c, &sheet, &e) < 0)
		fail_msg("%s: %s", want->name, e.text);
	while (columns_next(&c, t, &r, &e) == PARSE_MORE) {
		const struct cell *number =
			r.n > 0 && r.cells[0].column == 0 ? r.cells : NULL;
		const char *fault = second_table_fault(&c, &r, number, &notes);

		assert_true(n + 1 < sizeof(got));
		got[n++] = fault == NULL       ? 'w'
			   : fault[0] == 't'   ? 'a'
			   : notes.below_other ? fault[0]
					       : '?';
	}
	got[n] = '\0';
	if (strcmp(got, want->verdicts) != 0)
		fail_msg("%s: %s", want->name, got);
	arena_release(&a);
	table_close(&t);
	assert_int_equal(fclose(f), 0);
}

static void tells_headings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(file_rows); i++)
		check(&file_rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_headings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
