/*
 * Writes ZIP archives piece by piece, sound or not, into memory and into an unlinked
 * file: for tests of the readers.
 */
#ifndef TESTS_ZIP_BUILD_H
#define TESTS_ZIP_BUILD_H

#include "parse/slice.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum { ZB_MOST = 16, ZB_SIZE = 1 << 20 };

struct zb_entry {
	struct slice name;
	uint16_t flags, method;
	uint32_t crc;
	uint64_t packed, unpacked, offset;
};

struct zip_build {
	char p[ZB_SIZE];
	size_t n;
	struct zb_entry e[ZB_MOST];
	size_t n_e;
	size_t dir; /* where the directory begins */
};

static inline void zb_bytes(struct zip_build *z, const void *p, size_t n)
{
	if (n > sizeof(z->p) - z->n)
		abort();
	if (n > 0)
		memcpy(z->p + z->n, p, n);
	z->n += n;
}

static inline void zb_num(struct zip_build *z, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = (char)(i < 8 ? v >> (8 * i) & 0xff : 0);

		zb_bytes(z, &c, 1);
	}
}

/* Overwrites n bytes at `at` with a number. */
static inline void zb_patch(struct zip_build *z, size_t at, uint64_t v, size_t n)
{
	size_t was = z->n;

	z->n = at;
	zb_num(z, v, n);
	z->n = was;
}

/* A local header and its data; what they say is taken over into the directory. */
static inline void zb_local(struct zip_build *z, struct zb_entry e, struct slice data,
			    struct slice extra)
{
	e.offset = z->n;
	z->e[z->n_e++] = e;
	zb_num(z, 0x04034b50, 4);
	zb_num(z, 20, 2);
	zb_num(z, e.flags, 2);
	zb_num(z, e.method, 2);
	zb_num(z, 0, 4);
	/* with a data descriptor the header knows nothing yet */
	zb_num(z, (e.flags & 8) != 0 ? 0 : e.crc, 4);
	zb_num(z, (e.flags & 8) != 0 ? 0 : e.packed, 4);
	zb_num(z, (e.flags & 8) != 0 ? 0 : e.unpacked, 4);
	zb_num(z, e.name.n, 2);
	zb_num(z, extra.n, 2);
	zb_bytes(z, e.name.p, e.name.n);
	zb_bytes(z, extra.p, extra.n);
	zb_bytes(z, data.p, data.n);
	if ((e.flags & 8) != 0) {
		zb_num(z, 0x08074b50, 4);
		zb_num(z, e.crc, 4);
		zb_num(z, e.packed, 4);
		zb_num(z, e.unpacked, 4);
	}
}

static inline uint32_t zb_crc(struct slice s)
{
	return (uint32_t)crc32(0, (const Bytef *)s.p, (uInt)s.n);
}

static inline void zb_stored(struct zip_build *z, const char *name, struct slice data)
{
	struct zb_entry e = { slice_str(name), 0, 0, zb_crc(data), data.n, data.n, 0 };

	zb_local(z, e, data, SLICE(""));
}

/* Raw DEFLATE of data; the caller frees p. */
static inline struct slice zb_deflate(struct slice data)
{
	z_stream s = { .next_in = (z_const Bytef *)(uintptr_t)data.p,
		       .avail_in = (uInt)data.n };
	uLong size;
	char *to;

	if (deflateInit2(&s, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	size = deflateBound(&s, (uLong)data.n);
	to = malloc(size);
	if (to == NULL)
		abort();
	s.next_out = (Bytef *)to;
	s.avail_out = (uInt)size;
	if (deflate(&s, Z_FINISH) != Z_STREAM_END)
		abort();
	(void)deflateEnd(&s);
	return (struct slice){ to, size - s.avail_out };
}

static inline void zb_deflated(struct zip_build *z, const char *name, struct slice data,
			       uint16_t flags)
{
	struct slice packed = zb_deflate(data);
	struct zb_entry e = {
		slice_str(name), flags, 8, zb_crc(data), packed.n, data.n, 0
	};

	zb_local(z, e, packed, SLICE(""));
	free((void *)(uintptr_t)packed.p);
}

/* The directory. With zip64 each entry has its sizes and offset in an extra field. */
static inline void zb_dir(struct zip_build *z, bool zip64)
{
	z->dir = z->n;
	for (size_t i = 0; i < z->n_e; i++) {
		const struct zb_entry *e = &z->e[i];

		zb_num(z, 0x02014b50, 4);
		zb_num(z, 45, 2);
		zb_num(z, 45, 2);
		zb_num(z, e->flags, 2);
		zb_num(z, e->method, 2);
		zb_num(z, 0, 4);
		zb_num(z, e->crc, 4);
		zb_num(z, zip64 ? 0xffffffff : e->packed, 4);
		zb_num(z, zip64 ? 0xffffffff : e->unpacked, 4);
		zb_num(z, e->name.n, 2);
		zb_num(z, zip64 ? 33 : 0, 2);
		zb_num(z, 0, 2 + 2 + 2 + 4);
		zb_num(z, zip64 ? 0xffffffff : e->offset, 4);
		zb_bytes(z, e->name.p, e->name.n);
		if (!zip64)
			continue;
		zb_num(z, 0x5455, 2); /* another field before it */
		zb_num(z, 1, 2);
		zb_num(z, 0, 1);
		zb_num(z, 1, 2);
		zb_num(z, 24, 2);
		zb_num(z, e->unpacked, 8);
		zb_num(z, e->packed, 8);
		zb_num(z, e->offset, 8);
	}
}

static inline void zb_end(struct zip_build *z, struct slice comment)
{
	size_t size = z->n - z->dir;

	zb_num(z, 0x06054b50, 4);
	zb_num(z, 0, 4);
	zb_num(z, z->n_e, 2);
	zb_num(z, z->n_e, 2);
	zb_num(z, size, 4);
	zb_num(z, z->dir, 4);
	zb_num(z, comment.n, 2);
	zb_bytes(z, comment.p, comment.n);
}

static inline void zb_end64(struct zip_build *z)
{
	size_t size = z->n - z->dir, record = z->n;

	zb_num(z, 0x06064b50, 4);
	zb_num(z, 44, 8);
	zb_num(z, 45, 2);
	zb_num(z, 45, 2);
	zb_num(z, 0, 8);
	zb_num(z, z->n_e, 8);
	zb_num(z, z->n_e, 8);
	zb_num(z, size, 8);
	zb_num(z, z->dir, 8);
	zb_num(z, 0x07064b50, 4);
	zb_num(z, 0, 4);
	zb_num(z, record, 8);
	zb_num(z, 1, 4);
	zb_num(z, 0x06054b50, 4);
	zb_num(z, 0, 4);
	zb_num(z, 0xffff, 2);
	zb_num(z, 0xffff, 2);
	zb_num(z, 0xffffffff, 4);
	zb_num(z, 0xffffffff, 4);
	zb_num(z, 0, 2);
}

/* The bytes as a file behind `prefix` bytes that are not part of it. */
static inline int zb_file(struct slice bytes, size_t prefix)
{
	char name[] = "/tmp/test-zip-XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0 || unlink(name) < 0 ||
	    pwrite(fd, bytes.p, bytes.n, (off_t)prefix) != (ssize_t)bytes.n)
		abort();
	return fd;
}

#endif
