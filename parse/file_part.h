/*
 * A stretch of a file as a file of its own: a part of an upload's spool file, or a
 * whole file. Read with pread(), so that several readers may share the descriptor.
 */
#ifndef PARSE_FILE_PART_H
#define PARSE_FILE_PART_H

#include "parse/err.h"

#include <stddef.h>
#include <stdint.h>

struct file_part {
	int fd;
	uint64_t start; /* bytes of the file before the part */
	uint64_t size;  /* bytes of the part */
};

/* Reads `n` bytes from byte `at` of the part on, fewer only where the part ends, and
 * sets *n_r. ERR_INTERNAL: fd cannot be read, or the file is shorter than the part. */
int file_part_read(const struct file_part *f, uint64_t at, char *to, size_t n,
		   size_t *n_r, struct err *e) MUST_CHECK;
/* Exactly n bytes, or ERR_INPUT where the part has fewer. */
int file_part_exact(const struct file_part *f, uint64_t at, char *to, size_t n,
		    struct err *e) MUST_CHECK;

#endif
