/*
 * CSV as it is written: quoting, the byte order mark, defused formulas, and the same
 * bytes whatever the size of the writer's room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parse/buf.h"
#include "parse/csv_write.h"

/* Cells of one record, up to the first NULL. */
struct record {
	const char *cell[4];
};
static const struct row {
	const char *name;
	struct csv_write_options options;
	struct record record[3];
	size_t n;
	const char *want;
} rows[] = {
	{ "no records", { 0 }, { { { NULL } } }, 0, "" },
	{ "plain cells", { 0 }, { { { "a", "b" } } }, 1, "a,b\r\n" },
	{ "empty cells keep their place", { 0 }, { { { "", "b", "" } } }, 1, ",b,\r\n" },
	{ "a record without cells is an empty line",
	  { 0 },
	  { { { "a" } }, { { NULL } }, { { "b" } } },
	  3,
	  "a\r\n\r\nb\r\n" },
	{ "comma", { 0 }, { { { "1, Rizal St.", "x" } } }, 1, "\"1, Rizal St.\",x\r\n" },
	{ "quotes are doubled",
	  { 0 },
	  { { { "a \"b\" c", "\"" } } },
	  1,
	  "\"a \"\"b\"\" c\",\"\"\"\"\r\n" },
	{ "cr and lf",
	  { 0 },
	  { { { "a\nb", "a\rb", "a\r\nb" } } },
	  1,
	  "\"a\nb\",\"a\rb\",\"a\r\nb\"\r\n" },
	{ "blanks at the ends stay", { 0 }, { { { " a ", "\tb" } } }, 1, " a ,\tb\r\n" },
	{ "semicolons need no quotes", { 0 }, { { { "a;b" } } }, 1, "a;b\r\n" },
	{ "formulas stay unless asked", { 0 }, { { { "=1+1" } } }, 1, "=1+1\r\n" },
	{ "bom once",
	  { .bom = true },
	  { { { "a" } }, { { "b" } } },
	  2,
	  "\xEF\xBB\xBF"
	  "a\r\nb\r\n" },
	{ "bom before an empty line",
	  { .bom = true },
	  { { { NULL } } },
	  1,
	  "\xEF\xBB\xBF\r\n" },
	{ "defused",
	  { .defuse = true },
	  { { { "=1+1", "@SUM(A1)", "+cmd|x" } } },
	  1,
	  "'=1+1,'@SUM(A1),'+cmd|x\r\n" },
	{ "defused inside quotes",
	  { .defuse = true },
	  { { { "=HYPERLINK(\"u\",\"t\")" } } },
	  1,
	  "\"'=HYPERLINK(\"\"u\"\",\"\"t\"\")\"\r\n" },
	{ "defused behind white space",
	  { .defuse = true },
	  { { { " =1", "\t=1", "\n-a" } } },
	  1,
	  "' =1,'\t=1,\"'\n-a\"\r\n" },
	{ "defused, full width",
	  { .defuse = true },
	  { { { "\xEF\xBC\x9D"
		"1",
		"\xEF\xBC\xA0"
		"a" } } },
	  1,
	  "'\xEF\xBC\x9D"
	  "1,'\xEF\xBC\xA0"
	  "a\r\n" },
	{ "numbers are no formulas",
	  { .defuse = true },
	  { { { "-12.50", "+639171234567", "-.5" } } },
	  1,
	  "-12.50,+639171234567,-.5\r\n" },
	{ "nearly numbers are",
	  { .defuse = true },
	  { { { "-1.2.3", "-", "-1e5" } } },
	  1,
	  "'-1.2.3,'-,'-1e5\r\n" },
	{ "an inner sign is none",
	  { .defuse = true },
	  { { { "a=b", "1-2", "" } } },
	  1,
	  "a=b,1-2,\r\n" },
};

static int into_buf(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

static void write_row(const struct row *r, struct csv_write *w)
{
	struct err e = { 0 };

	for (size_t i = 0; i < r->n; i++) {
		for (size_t c = 0; c < 4 && r->record[i].cell[c] != NULL; c++)
			assert_int_equal(
				csv_write_cell(w, slice_str(r->record[i].cell[c]), &e),
				0);
		assert_int_equal(csv_write_row_end(w, &e), 0);
	}
	assert_int_equal(csv_write_flush(w, &e), 0);
}

static void rows_are_written_as_wanted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct csv_write w;
		struct buf out;

		buf_init(&out, 4096);
		csv_write_init(&w, &(struct sink){ into_buf, &out }, &rows[i].options);
		write_row(&rows[i], &w);
		if (!slice_eq(buf_slice(&out), slice_str(rows[i].want)))
			fail_msg("%s: got [%.*s]", rows[i].name, (int)out.n, out.p);
		buf_release(&out);
	}
}

/* The room fills at every possible byte of the record, and nothing is lost there. */
static void a_full_room_changes_nothing(void **state)
{
	static char filler[CSV_WRITE_ROOM];
	struct slice want = SLICE(",\"a\"\"b,\r\n\"\r\n");

	(void)state;
	memset(filler, 'x', sizeof(filler));
	for (size_t back = 0; back <= want.n + 1; back++) {
		static struct csv_write w;
		struct slice first = { filler, sizeof(filler) - back };
		struct err e = { 0 };
		struct buf out;

		buf_init(&out, (size_t)2 * CSV_WRITE_ROOM);
		csv_write_init(&w, &(struct sink){ into_buf, &out },
			       &(struct csv_write_options){ 0 });
		assert_int_equal(csv_write_cell(&w, first, &e), 0);
		assert_int_equal(csv_write_cell(&w, SLICE("a\"b,\r\n"), &e), 0);
		assert_int_equal(csv_write_row_end(&w, &e), 0);
		assert_int_equal(csv_write_flush(&w, &e), 0);
		assert_int_equal(out.n, first.n + want.n);
		assert_memory_equal(out.p, filler, first.n);
		assert_memory_equal(out.p + first.n, want.p, want.n);
		buf_release(&out);
	}
}

static int refuse(void *to, struct slice bytes, struct err *e)
{
	(void)to;
	return err_set(e, ERR_TRANSIENT, "%zu bytes refused", bytes.n);
}

static void a_failing_sink_is_reported(void **state)
{
	static struct csv_write w;
	static char filler[CSV_WRITE_ROOM];
	struct err e = { 0 };

	(void)state;
	memset(filler, ',', sizeof(filler));
	csv_write_init(&w, &(struct sink){ refuse, NULL },
		       &(struct csv_write_options){ 0 });
	assert_int_equal(csv_write_cell(&w, SLICE("short"), &e), 0);
	assert_int_equal(csv_write_cell(&w, (struct slice){ filler, sizeof(filler) }, &e),
			 -1);
	assert_int_equal(e.kind, ERR_TRANSIENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_written_as_wanted),
		cmocka_unit_test(a_full_room_changes_nothing),
		cmocka_unit_test(a_failing_sink_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
