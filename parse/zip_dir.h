/*
 * The central directory of a ZIP archive (PKWARE APPNOTE 6.3.x, sections 4.3.12
 * to 4.3.16), ZIP64 included.
 */
#ifndef PARSE_ZIP_DIR_H
#define PARSE_ZIP_DIR_H

#include "parse/err.h"
#include "parse/file_part.h"
#include "parse/slice.h"

#include <stdint.h>

/* The index of one archive. Read-only once opened, so readers may share it. */
struct zip_dir;
struct zip_entry {
	struct slice name;     /* as stored; valid until zip_dir_close() */
	uint64_t packed;       /* bytes in the archive */
	uint64_t unpacked;     /* bytes the archive claims: a hint, never a bound */
	uint64_t local_header; /* bytes from `start`, prefix bytes included */
	uint64_t limit;        /* where the next entry, or the directory, begins */
	uint32_t crc;          /* of the unpacked bytes, as the archive claims */
	uint16_t method;       /* 0 stored, 8 deflated; others are refused when opened */
	bool encrypted;        /* general purpose bit 0 */
};

/*
 * Indexes the archive in `size` bytes of fd from byte `start` on (a part of an
 * upload's spool file; 0 for a file). Returns 0 and sets *dir_r, which the caller
 * owns, or -1 with *dir_r NULL and e filled: ERR_INPUT damaged (truncated,
 * duplicate or overlapping entries, offsets outside), ERR_LIMIT over max_entries,
 * or a directory of more than ZIP_DIR_PER_ENTRY bytes for each of them; ERR_INTERNAL
 * read failure. fd stays the caller's and must outlive *dir_r.
 *
 * A comment, and bytes in front of the archive, are tolerated where all offsets agree;
 * an archive in several volumes is not.
 */
enum { ZIP_DIR_PER_ENTRY = 1024 };
int zip_dir_open(int fd, uint64_t start, uint64_t size, uint32_t max_entries,
		 struct zip_dir **dir_r, struct err *e) MUST_CHECK;
/* Exact, case-sensitive lookup. NULL when absent; the result is borrowed. */
const struct zip_entry *zip_dir_find(const struct zip_dir *dir, struct slice name);
size_t zip_dir_count(const struct zip_dir *dir);
/* The i-th entry, i < zip_dir_count(), in the directory's order. */
const struct zip_entry *zip_dir_at(const struct zip_dir *dir, size_t i);
/* The archive's bytes, `local_header` and `limit` of an entry being offsets in them. */
const struct file_part *zip_dir_file(const struct zip_dir *dir);
/* Frees *dir and sets it to NULL. Fine on NULL. */
void zip_dir_close(struct zip_dir **dir);

#endif
