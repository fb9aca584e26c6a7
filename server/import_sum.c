/*
 * A checksum over a range of a file. Ignorant of what is in it.
 */
#include "server/import_sum.h"

#include "parse/crc.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 64 * 1024 };

int import_sum(int fd, uint64_t start, uint64_t size, struct import_sum *sum_r,
	       struct err *e)
{
	char piece[PIECE];
	uint64_t done = 0;
	uint32_t crc = 0;

	while (done < size) {
		size_t want = size - done < PIECE ? (size_t)(size - done) : PIECE;
		ssize_t n = pread(fd, piece, want, (off_t)(start + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, ERR_INTERNAL, "the file cannot be read: %s",
				       strerror(errno));
		if (n == 0)
			break;
		crc = crc_32(crc, (struct slice){ piece, (size_t)n });
		done += (uint64_t)n;
	}
	*sum_r = (struct import_sum){ done, crc };
	return 0;
}
