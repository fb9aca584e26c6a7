/*
 * One entry of an archive as a stream of unpacked bytes: local header checked
 * against the directory, stored or deflated, length and CRC-32 checked at the end.
 */
#ifndef PARSE_ZIP_ENTRY_H
#define PARSE_ZIP_ENTRY_H

#include "parse/zip_dir.h"

struct zip_limits {
	uint64_t max_unpacked; /* bytes of one entry */
	uint32_t max_ratio;    /* unpacked : packed, looked at beyond the first MiB */
};

struct zip_stream;

/* Opens an entry for reading from its first byte. The directory (and its fd) must
 * outlive the stream; several streams may be open at once. ERR_INPUT: damaged,
 * encrypted or an unknown method. */
int zip_stream_open(const struct zip_dir *dir, const struct zip_entry *entry,
		    const struct zip_limits *limits, struct zip_stream **s_r,
		    struct err *e) MUST_CHECK;
/*
 * Writes up to `size` unpacked bytes to `to` and sets *n_r. Returns PARSE_DONE
 * with *n_r == 0 when all was read and the length and CRC were right, PARSE_MORE
 * with *n_r > 0, or -1: ERR_INPUT damaged, ERR_LIMIT over a limit.
 */
int zip_stream_read(struct zip_stream *s, char *to, size_t size, size_t *n_r,
		    struct err *e) MUST_CHECK;
/* Packed bytes consumed so far, for progress. */
uint64_t zip_stream_packed(const struct zip_stream *s);
void zip_stream_close(struct zip_stream **s);

#endif
