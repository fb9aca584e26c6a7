/*
 * Delimited text: rows obey the limits and rise, cells are valid UTF-8, a NUL is told of;
 * read again it is the same; and behind a first line so long that the blocks in which the
 * file is read begin elsewhere, it is the same too.
 */
#include "parse/buf.h"
#include "parse/csv_read.h"
#include "parse/text_decode.h"
#include "parse/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct csv_limits narrow = { 50, 100, 1000 };
static const struct csv_limits wide = { 50, 4 * TEXT_HEAD, 8 * TEXT_HEAD };

static void note(struct buf *b, struct slice s)
{
	struct err e = { 0 };

	if (buf_add(b, s, &e) < 0)
		abort();
}

/* All rows but the first `skip` ones, from which their numbers count. */
static void read_rows(struct csv *c, const struct csv_limits *limits, size_t skip,
		      struct buf *b)
{
	struct csv_row r;
	struct err e = { 0 };
	uint64_t number = 0;
	int rc;

	b->n = 0;
	while ((rc = csv_next(c, &r, &e)) == PARSE_MORE) {
		char line[32];
		bool nul = false;

		assert(r.number > number && r.n > 0 && r.n <= limits->max_columns);
		number = r.number;
		if (number <= skip)
			continue;
		(void)snprintf(line, sizeof(line), "%llu",
			       (unsigned long long)(number - skip));
		note(b, slice_str(line));
		for (size_t i = 0; i < r.n; i++) {
			nul = nul || slice_find(r.cells[i], '\0') != NULL;
			assert(utf8_valid(r.cells[i]) &&
			       r.cells[i].n <= 4 * (size_t)limits->max_cell);
			note(b, (struct slice){ "", 1 });
			note(b, r.cells[i]);
		}
		assert(nul == r.nul);
	}
	assert((rc < 0) == (e.kind != ERR_NONE));
	assert(rc < 0 || csv_next(c, &r, &e) == PARSE_DONE);
	note(b, rc < 0 ? SLICE("!") : SLICE("."));
}

static int file_of(const uint8_t *data, size_t size, size_t pad)
{
	static char line[3 * TEXT_HEAD];
	static int fd = -1;

	if (fd < 0) {
		char name[] = "/tmp/fuzz-csv-XXXXXX";

		fd = mkstemp(name);
		if (fd < 0 || unlink(name) < 0)
			abort();
		memset(line, 'x', sizeof(line));
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, line, pad, 0) != (ssize_t)pad ||
	    (pad > 0 && pwrite(fd, "\n", 1, (off_t)pad - 1) != 1) ||
	    pwrite(fd, data, size, (off_t)pad) != (ssize_t)size)
		abort();
	return fd;
}

/* The pad is longer than the head, which then says nothing: the comma it is. */
static void read_padded(const uint8_t *data, size_t size, size_t pad, struct buf *b)
{
	struct err e = { 0 };
	struct csv *c;

	if (csv_open(file_of(data, size, pad), 0, pad + size, &wide, &c, &e) < 0)
		abort();
	assert(csv_delimiter(c) == ',');
	read_rows(c, &wide, 1, b);
	csv_close(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first, again;
	struct err e = { 0 };
	struct csv *c;

	if (size > 4096)
		return 0;
	buf_init(&first, SIZE_MAX / 2);
	buf_init(&again, SIZE_MAX / 2);
	if (csv_open(file_of(data, size, 0), 0, size, &narrow, &c, &e) == 0) {
		read_rows(c, &narrow, 0, &first);
		if (csv_rewind(c, &e) < 0)
			abort();
		read_rows(c, &narrow, 0, &again);
		assert(slice_eq(buf_slice(&first), buf_slice(&again)));
		assert(csv_progress(c) <= size);
		csv_close(&c);
	} else {
		assert(e.kind == ERR_INPUT);
	}
	/* bytes of another encoding decide otherwise in the head than behind it */
	if (size > 0 && utf8_valid((struct slice){ (const char *)data, size })) {
		read_padded(data, size, TEXT_HEAD + 200, &first);
		read_padded(data, size, 2 * TEXT_HEAD - data[size - 1] % size, &again);
		assert(slice_eq(buf_slice(&first), buf_slice(&again)));
	}
	buf_release(&first);
	buf_release(&again);
	return 0;
}
