/*
 * Any bytes as a table: rows keep the interface's promises, and a second reading
 * gives the same as the first.
 */
#include "parse/table.h"

#include "tests/fuzz/digest.h"

#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BEFORE = 3, SHEETS = 4 };

static uint64_t read_sheet(struct table *t, size_t i)
{
	uint64_t d = 0, last = 0, done, total;
	struct err e = { 0 };
	struct row r;
	int got;

	if (table_select(t, i, &e) < 0)
		return digest_err(d, &e);
	while ((got = table_next(t, &r, &e)) == PARSE_MORE)
		d = digest_row(d, &r, &last);
	done = table_progress(t, &total);
	assert(got == PARSE_DONE || e.kind != ERR_NONE);
	assert(done <= total);
	return digest_err(d, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct table_limits limits = {
		.max_unpacked = 1 << 18,
		.max_all = 1 << 20,
		.max_ratio = 100,
		.max_strings = 1 << 16,
		.max_entries = 50,
		.max_columns = 500,
		.max_cell = 200,
	};
	static FILE *file;
	struct table *t;
	struct err e = { 0 };
	int fd, got;
	bool wrote;

	if (file == NULL)
		file = tmpfile();
	assert(file != NULL);
	fd = fileno(file);
	got = ftruncate(fd, 0);
	assert(got == 0);
	wrote = pwrite(fd, "abc", BEFORE, 0) == BEFORE &&
		(size == 0 || pwrite(fd, data, size, BEFORE) == (ssize_t)size);
	assert(wrote);
	if (table_open(fd, BEFORE, size, &limits, &t, &e) < 0) {
		assert(t == NULL && e.kind != ERR_NONE && e.text[0] != '\0');
		return 0;
	}
	for (size_t i = 0; i < table_sheets(t) && i < SHEETS; i++) {
		uint64_t once = read_sheet(t, i), again = read_sheet(t, i);

		assert(again == once);
	}
	table_close(&t);
	return 0;
}
