/*
 * Small archives for tests: stored entries in a temporary file.
 */
#ifndef TESTS_UNIT_MKZIP_H
#define TESTS_UNIT_MKZIP_H

#include "parse/slice.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <zlib.h>

struct mkzip_entry {
	const char *name; /* NULL ends the list */
	const char *text;
};

static inline size_t mkzip_le(unsigned char *to, uint32_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++, value >>= 8)
		to[i] = (unsigned char)value;
	return bytes;
}

/* Local header (APPNOTE 4.3.7), or the directory's (4.3.12) with the entry's place. */
static inline void mkzip_header(FILE *f, const struct mkzip_entry *entry, bool directory,
				uint32_t at)
{
	uint32_t size = (uint32_t)strlen(entry->text),
		 name = (uint32_t)strlen(entry->name);
	uint32_t crc = (uint32_t)crc32(0, (const unsigned char *)entry->text, size);
	unsigned char h[46] = { 0 };
	size_t n = mkzip_le(h, directory ? 0x02014b50 : 0x04034b50, 4);

	n += directory ? mkzip_le(h + n, 20, 2) : 0;
	n += mkzip_le(h + n, 20, 2);
	n += mkzip_le(h + n, 0, 4);        /* flags, method: stored */
	n += mkzip_le(h + n, 0x210000, 4); /* 1980-01-01 */
	n += mkzip_le(h + n, crc, 4);
	n += mkzip_le(h + n, size, 4);
	n += mkzip_le(h + n, size, 4);
	n += mkzip_le(h + n, name, 2);
	n += mkzip_le(h + n, 0, 2);
	if (directory) {
		n += 10; /* no comment, first disk, no attributes */
		n += mkzip_le(h + n, at, 4);
	}
	assert(n == (directory ? 46 : 30));
	assert(fwrite(h, 1, n, f) == n && fwrite(entry->name, 1, name, f) == name);
}

/* Writes the archive to f from where it stands, and returns its size. */
static inline uint64_t mkzip(FILE *f, const struct mkzip_entry *entries)
{
	uint32_t at[32], start = (uint32_t)ftell(f), n = 0, directory, size;
	unsigned char end[22] = { 0 };

	for (; entries[n].name != NULL; n++) {
		size_t length = strlen(entries[n].text);

		assert(n < sizeof(at) / sizeof(at[0]));
		at[n] = (uint32_t)ftell(f) - start;
		mkzip_header(f, &entries[n], false, 0);
		assert(fwrite(entries[n].text, 1, length, f) == length);
	}
	directory = (uint32_t)ftell(f) - start;
	for (uint32_t i = 0; i < n; i++)
		mkzip_header(f, &entries[i], true, at[i]);
	size = (uint32_t)ftell(f) - start - directory;
	(void)mkzip_le(end, 0x06054b50, 4); /* 4.3.16 */
	(void)mkzip_le(end + 8, n, 2);
	(void)mkzip_le(end + 10, n, 2);
	(void)mkzip_le(end + 12, size, 4);
	(void)mkzip_le(end + 16, directory, 4);
	assert(fwrite(end, 1, sizeof(end), f) == sizeof(end) && fflush(f) == 0);
	return (uint64_t)ftell(f) - start;
}

#endif
