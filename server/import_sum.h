/*
 * What a file is known by when it comes again: its size and the CRC-32 of its bytes.
 * Enough to notice a mistake, not to withstand intent.
 */
#ifndef SERVER_IMPORT_SUM_H
#define SERVER_IMPORT_SUM_H

#include "parse/err.h"

#include <stdint.h>

struct import_sum {
	uint64_t size;
	uint32_t crc32; /* as in zip and PNG */
};

/* Of `size` bytes of fd from byte `start` on; the descriptor's offset stays.
 * ERR_INTERNAL: they cannot be read. A file that has become shorter is summed as far as
 * it goes. */
int import_sum(int fd, uint64_t start, uint64_t size, struct import_sum *sum_r,
	       struct err *e) MUST_CHECK;

#endif
