/*
 * The measure for reading a workbook: every entry of a ZIP archive unpacked by zlib
 * into one buffer and forgotten. No checks, no XML: what remains is the price of the
 * format itself. Prints the unpacked bytes.
 */
#include "parse/zip_dir.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { LOCAL_HEADER = 30, CHUNK = 65536 };

static void fail(const char *what)
{
	fprintf(stderr, "inflate: %s\n", what);
	exit(1);
}

/* Where the packed bytes begin: behind the local header's name and extra field. */
static off_t data_at(int fd, const struct zip_entry *entry)
{
	unsigned char h[LOCAL_HEADER];

	if (pread(fd, h, sizeof(h), (off_t)entry->local_header) != sizeof(h))
		fail("no local header");
	return (off_t)entry->local_header + LOCAL_HEADER + (h[26] | h[27] << 8) +
	       (h[28] | h[29] << 8);
}

static uint64_t unpack(int fd, const struct zip_entry *entry)
{
	static unsigned char in[CHUNK], out[CHUNK];
	z_stream z = { .next_in = NULL };
	off_t at = data_at(fd, entry);
	uint64_t left = entry->packed, total = 0;
	int status = Z_OK;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		fail("zlib does not start");
	while (status != Z_STREAM_END) {
		if (z.avail_in == 0 && left > 0) {
			ssize_t n = pread(fd, in, left < CHUNK ? left : CHUNK, at);

			if (n <= 0)
				fail("cannot be read");
			at += n;
			left -= (uint64_t)n;
			z.next_in = in;
			z.avail_in = (unsigned)n;
		}
		z.next_out = out;
		z.avail_out = CHUNK;
		status = inflate(&z, Z_NO_FLUSH);
		if (status != Z_OK && status != Z_STREAM_END)
			fail("damaged");
		total += CHUNK - z.avail_out;
	}
	(void)inflateEnd(&z);
	return total;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	struct zip_dir *dir = NULL;
	struct err e = { .kind = ERR_NONE };
	struct stat st;
	uint64_t total = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		fail("usage: bench_inflate FILE");
	if (zip_dir_open(fd, 0, (uint64_t)st.st_size, 10000, &dir, &e) < 0)
		fail(e.text);
	for (size_t i = 0; i < zip_dir_count(dir); i++)
		if (zip_dir_at(dir, i)->method == 8)
			total += unpack(fd, zip_dir_at(dir, i));
	zip_dir_close(&dir);
	(void)close(fd);
	printf("%" PRIu64 "\n", total);
	return 0;
}
