/* A stretch of a file: never a byte before or behind it. */
#include "parse/file_part.h"

#include "parse/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

static int ten_bytes(void)
{
	char name[] = "/tmp/test-part-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(write(fd, "0123456789", 10), 10);
	return fd;
}

static const struct row {
	uint64_t start, size, at;
	size_t n;
	struct slice want;
} rows[] = {
	{ 0, 10, 0, 10, SLICE_INIT("0123456789") },
	{ 0, 10, 0, 100, SLICE_INIT("0123456789") },
	{ 3, 4, 0, 100, SLICE_INIT("3456") },
	{ 3, 4, 1, 2, SLICE_INIT("45") },
	{ 3, 4, 3, 9, SLICE_INIT("6") },
	{ 3, 4, 4, 9, SLICE_INIT("") },
	{ 3, 4, UINT64_MAX, 9, SLICE_INIT("") },
	{ 3, 4, 0, 0, SLICE_INIT("") },
	{ 3, 0, 0, 9, SLICE_INIT("") },
};

static void reads_within(void **state)
{
	int fd = ten_bytes();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct file_part f = { fd, rows[i].start, rows[i].size };
		struct err e = { 0 };
		char got[100];
		size_t n;

		assert_int_equal(file_part_read(&f, rows[i].at, got, rows[i].n, &n, &e),
				 0);
		if (!slice_eq((struct slice){ got, n }, rows[i].want))
			fail_msg("row %zu: %zu bytes", i, n);
		if (n == rows[i].n) {
			assert_int_equal(file_part_exact(&f, rows[i].at, got, n, &e), 0);
		} else {
			assert_int_equal(
				file_part_exact(&f, rows[i].at, got, rows[i].n, &e), -1);
			assert_int_equal(e.kind, ERR_INPUT);
		}
	}
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 10);
	close(fd);
}

static void tells_failures(void **state)
{
	int fd = ten_bytes();
	const struct file_part bad[] = {
		{ -1, 0, 10 },
		{ fd, 0, 11 },              /* the file is shorter */
		{ fd, UINT64_MAX - 5, 10 }, /* no file is so long */
		{ fd, 10, UINT64_MAX - 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = { 0 };
		char got[20];
		size_t n;

		assert_int_equal(file_part_read(&bad[i], 0, got, 20, &n, &e), -1);
		assert_int_equal(e.kind, ERR_INTERNAL);
		assert_int_equal(n, 0);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_within),
		cmocka_unit_test(tells_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
