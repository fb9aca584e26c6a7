/*
 * A whole archive: if its directory opens, each entry lies within it and is found by its
 * name; if an entry can be read, then with the length and CRC-32 that were promised, and
 * the same in other parts.
 */
#include "parse/zip_entry.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct zip_limits limits = { .max_unpacked = 1 << 16, .max_ratio = 100 };

/* The bytes with a few around them that are not part of the archive. */
static int file_of(const uint8_t *data, size_t size, size_t start)
{
	static int fd = -1;

	if (fd < 0) {
		char name[] = "/tmp/fuzz-zip-XXXXXX";

		fd = mkstemp(name);
		if (fd < 0 || unlink(name) < 0)
			abort();
	}
	if (ftruncate(fd, 0) < 0 ||
	    pwrite(fd, data, size, (off_t)start) != (ssize_t)size ||
	    pwrite(fd, "xyz", 3, (off_t)(start + size)) != 3)
		abort();
	return fd;
}

struct result {
	int rc;
	uint64_t n;
	uLong crc;
	struct err e;
};

static struct result read_entry(const struct zip_dir *d, const struct zip_entry *entry,
				size_t room)
{
	struct result r = { .crc = crc32(0, NULL, 0) };
	struct zip_stream *s;
	char *to = malloc(room);
	size_t n;

	assert(to != NULL);
	r.rc = zip_stream_open(d, entry, &limits, &s, &r.e);
	if (r.rc == 0)
		while ((r.rc = zip_stream_read(s, to, room, &n, &r.e)) == PARSE_MORE) {
			assert(n > 0 && n <= room);
			r.n += n;
			r.crc = crc32(r.crc, (const Bytef *)to, (uInt)n);
			assert(r.n <= limits.max_unpacked && r.n <= entry->unpacked);
			assert(zip_stream_packed(s) <= entry->packed);
		}
	if (r.rc == PARSE_DONE)
		assert(r.n == entry->unpacked && r.crc == entry->crc);
	else
		assert(r.e.kind == ERR_INPUT || r.e.kind == ERR_LIMIT);
	zip_stream_close(&s);
	free(to);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t start = 7;
	struct err e = { 0 };
	struct zip_dir *d;

	if (size > 1 << 16)
		return 0;
	if (zip_dir_open(file_of(data, size, start), start, size, 20, &d, &e) < 0) {
		assert(e.kind == ERR_INPUT || e.kind == ERR_LIMIT);
		assert(d == NULL);
		return 0;
	}
	assert(zip_dir_count(d) <= 20);
	for (size_t i = 0; i < zip_dir_count(d); i++) {
		const struct zip_entry *entry = zip_dir_at(d, i);
		struct result whole, parts;

		assert(zip_dir_find(d, entry->name) == entry);
		assert(entry->limit <= size && entry->local_header < entry->limit);
		assert(entry->packed < entry->limit - entry->local_header);
		whole = read_entry(d, entry, 1 << 17);
		parts = read_entry(d, entry, 1 + size % 50);
		assert((whole.rc < 0) == (parts.rc < 0));
		assert(whole.rc < 0 || (whole.n == parts.n && whole.crc == parts.crc));
	}
	zip_dir_close(&d);
	return 0;
}
