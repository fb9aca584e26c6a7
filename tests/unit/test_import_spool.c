/* Bytes kept aside come back whole and in order, and leave nothing in the folder. */
#include "server/import_spool.h"

#include <dirent.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char folder[] = "/tmp/test_import_spool.XXXXXX";

static int collect(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

static size_t files_in_folder(void)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *f = readdir(d); f != NULL; f = readdir(d))
		n += f->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

/* `lines` lines in, the same out, read twice. */
static void round_trip(struct import_spool *s, size_t lines)
{
	struct err e = { 0 };
	struct buf in, out;

	buf_init(&in, 10 * 1000 * 1000);
	for (size_t i = 0; i < lines; i++) {
		size_t from = in.n;

		assert_int_equal(buf_printf(&in, &e, "row %zu of the file\n", i), 0);
		assert_int_equal(
			import_spool_add(s, slice_from(buf_slice(&in), from), &e), 0);
	}
	assert_int_equal(s->size, in.n);
	for (int again = 0; again < 2; again++) {
		buf_init(&out, 10 * 1000 * 1000);
		assert_int_equal(import_spool_read(s, (struct sink){ collect, &out }, &e),
				 0);
		assert_true(slice_eq(buf_slice(&in), buf_slice(&out)));
		buf_release(&out);
	}
	buf_release(&in);
}

static void test_round_trips(void **state)
{
	static const size_t lines[] = { 0, 1, 2, 100, 4000, 100000 };
	struct err e = { 0 };
	struct import_spool s;

	(void)state;
	import_spool_init(&s, folder);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		round_trip(&s, lines[i]);
		assert_int_equal(files_in_folder(), 0);
		/* An attempt that is made again begins with nothing. */
		assert_int_equal(import_spool_clear(&s, &e), 0);
	}
	import_spool_release(&s);
}

static void test_no_file_without_bytes(void **state)
{
	struct err e = { 0 };
	struct import_spool s;

	(void)state;
	import_spool_init(&s, "/nonexistent");
	assert_int_equal(import_spool_clear(&s, &e), 0);
	assert_int_equal(import_spool_read(&s, (struct sink){ collect, NULL }, &e), 0);
	assert_int_equal(import_spool_add(&s, SLICE("x"), &e), 0);
	assert_int_equal(import_spool_read(&s, (struct sink){ collect, NULL }, &e), -1);
	assert_int_equal(e.kind, ERR_INTERNAL);
	assert_non_null(strstr(e.text, "/nonexistent"));
	import_spool_release(&s);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_no_file_without_bytes),
	};

	return cmocka_run_group_tests_name("import_spool", tests, make_folder,
					   remove_folder);
}
