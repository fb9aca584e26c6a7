/*
 * ZIP archives, written front to back. Ignorant of what the entries hold, and of
 * descriptors and sockets: bytes leave through the sink.
 *
 * PKWARE APPNOTE 6.3.10, 4.3.6: [local file header, file data, data descriptor] for
 * each entry, then the central directory, then (zip64 end, zip64 locator,) end.
 * All numbers are little-endian.
 */
#include "parse/zip_write.h"

#include "parse/buf.h"

#include <assert.h>
#include <stdlib.h>
#include <zlib.h>

enum {
	DEFLATED = 8,
	/* Bit 3: sizes and CRC follow the data. Bit 11: the name is UTF-8. */
	FLAGS = 1 << 3 | 1 << 11,
	VERSION = 20,          /* 4.4.3.2: deflate */
	VERSION64 = 45,        /* 4.4.3.2: ZIP64 */
	DOS_DATE = 1 << 5 | 1, /* 1980-01-01 */
	DEFAULT_LEVEL = 4,
	OUT_SIZE = 64 * 1024,
	DIRECTORY_MAX = 64 * 1024 * 1024
};
static const uint32_t MAX32 = 0xFFFFFFFF; /* says: look into the ZIP64 field */
static const uint16_t MAX16 = 0xFFFF;

struct zip_write {
	struct sink out;
	z_stream z;
	bool zip64;
	uint64_t offset; /* bytes written so far */
	uint64_t count;  /* entries ended */
	/* The open entry. */
	bool open;
	uint64_t start, packed, unpacked;
	uint32_t crc;
	struct buf directory; /* the central directory as it will be written */
	struct buf entry_name;
	unsigned char packed_bytes[OUT_SIZE];
};

/* A record of fixed fields, built up in front of being written at once. */
struct record {
	unsigned char p[128];
	size_t n;
};

static void put_le(struct record *r, uint64_t value, size_t bytes)
{
	assert(bytes <= sizeof(r->p) - r->n);
	for (size_t i = 0; i < bytes; i++)
		r->p[r->n++] = (unsigned char)(value >> (8 * i) & 0xFF);
}

static void put16(struct record *r, uint16_t value)
{
	put_le(r, value, 2);
}

static void put32(struct record *r, uint32_t value)
{
	put_le(r, value, 4);
}

static void put64(struct record *r, uint64_t value)
{
	put_le(r, value, 8);
}

static struct slice record_slice(const struct record *r)
{
	return (struct slice){ (const char *)r->p, r->n };
}

static int emit(struct zip_write *w, struct slice bytes, struct err *e)
{
	w->offset += bytes.n;
	return bytes.n == 0 ? 0 : w->out.write(w->out.to, bytes, e);
}

int zip_write_open(const struct sink *out, const struct zip_write_options *o,
		   struct zip_write **w_r, struct err *e)
{
	struct zip_write *w = calloc(1, sizeof(*w));

	*w_r = NULL;
	if (w == NULL)
		return err_set(e, ERR_MEMORY, "out of memory for an archive");
	w->out = *out;
	w->zip64 = o->zip64;
	buf_init(&w->directory, DIRECTORY_MAX);
	buf_init(&w->entry_name, MAX16);
	/* Negative window bits: raw deflate, as 4.4.5 wants it. */
	if (deflateInit2(&w->z, o->level == 0 ? DEFAULT_LEVEL : o->level, Z_DEFLATED,
			 -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(w);
		return err_set(e, ERR_INTERNAL, "deflate cannot be set up");
	}
	*w_r = w;
	return 0;
}

/* Hands what deflate made so far to the sink and gives it room again. */
static int drain(struct zip_write *w, struct err *e)
{
	size_t n = sizeof(w->packed_bytes) - w->z.avail_out;

	w->packed += n;
	w->z.next_out = w->packed_bytes;
	w->z.avail_out = sizeof(w->packed_bytes);
	return emit(w, (struct slice){ (const char *)w->packed_bytes, n }, e);
}

/* 4.3.9: signature, crc-32, compressed size, uncompressed size; the sizes take
 * eight bytes each in ZIP64 format. */
static int put_descriptor(struct zip_write *w, bool large, struct err *e)
{
	struct record r = { .n = 0 };

	put32(&r, 0x08074b50);
	put32(&r, w->crc);
	put_le(&r, w->packed, large ? 8 : 4);
	put_le(&r, w->unpacked, large ? 8 : 4);
	return emit(w, record_slice(&r), e);
}

/* 4.3.12: the central directory's header of the entry that just ended, with the
 * extended information (4.5.3) for those fields that do not fit. */
static int directory_add(struct zip_write *w, bool large, struct err *e)
{
	bool far = w->zip64 || w->start >= MAX32;
	struct record r = { .n = 0 }, extra = { .n = 0 };

	if (large || far) {
		put16(&extra, 0x0001);
		put16(&extra, (uint16_t)((large ? 16 : 0) + (far ? 8 : 0)));
		if (large) {
			put64(&extra, w->unpacked);
			put64(&extra, w->packed);
		}
		if (far)
			put64(&extra, w->start);
	}
	put32(&r, 0x02014b50);
	put16(&r, large || far ? VERSION64 : VERSION); /* made by, on MS-DOS */
	put16(&r, large || far ? VERSION64 : VERSION); /* needed to extract */
	put16(&r, FLAGS);
	put16(&r, DEFLATED);
	put16(&r, 0); /* time */
	put16(&r, DOS_DATE);
	put32(&r, w->crc);
	put32(&r, large ? MAX32 : (uint32_t)w->packed);
	put32(&r, large ? MAX32 : (uint32_t)w->unpacked);
	put16(&r, (uint16_t)w->entry_name.n);
	put16(&r, (uint16_t)extra.n);
	put16(&r, 0); /* comment */
	put16(&r, 0); /* disk */
	put16(&r, 0); /* internal attributes */
	put32(&r, 0); /* external attributes */
	put32(&r, far ? MAX32 : (uint32_t)w->start);
	if (buf_add(&w->directory, record_slice(&r), e) < 0 ||
	    buf_add(&w->directory, buf_slice(&w->entry_name), e) < 0 ||
	    buf_add(&w->directory, record_slice(&extra), e) < 0)
		return err_prefix(e, "archive directory");
	return 0;
}

static int entry_end(struct zip_write *w, struct err *e)
{
	bool large;
	int step;

	if (!w->open)
		return 0;
	w->open = false;
	w->z.next_in = NULL;
	w->z.avail_in = 0;
	do {
		step = deflate(&w->z, Z_FINISH);
		if (step != Z_OK && step != Z_STREAM_END)
			return err_set(e, ERR_INTERNAL, "deflate failed (%d)", step);
		if (drain(w, e) < 0)
			return -1;
	} while (step != Z_STREAM_END);
	large = w->zip64 || w->packed >= MAX32 || w->unpacked >= MAX32;
	w->count++;
	return put_descriptor(w, large, e) < 0 ? -1 : directory_add(w, large, e);
}

/* 4.3.7: the local file header; sizes and CRC are zero, as 4.4.4 says for bit 3.
 * An entry that grows beyond 4 GiB unannounced still gets its sizes in the
 * directory, and a descriptor with eight-byte sizes. */
static int put_local_header(struct zip_write *w, struct err *e)
{
	struct record r = { .n = 0 }, extra = { .n = 0 };

	if (w->zip64) {
		put16(&extra, 0x0001);
		put16(&extra, 16);
		put64(&extra, 0);
		put64(&extra, 0);
	}
	put32(&r, 0x04034b50);
	put16(&r, w->zip64 ? VERSION64 : VERSION);
	put16(&r, FLAGS);
	put16(&r, DEFLATED);
	put16(&r, 0); /* time */
	put16(&r, DOS_DATE);
	put32(&r, 0); /* crc-32 */
	put32(&r, w->zip64 ? MAX32 : 0);
	put32(&r, w->zip64 ? MAX32 : 0);
	put16(&r, (uint16_t)w->entry_name.n);
	put16(&r, (uint16_t)extra.n);
	if (emit(w, record_slice(&r), e) < 0 || emit(w, buf_slice(&w->entry_name), e) < 0)
		return -1;
	return emit(w, record_slice(&extra), e);
}

int zip_write_entry(struct zip_write *w, struct slice name, struct err *e)
{
	assert(name.n > 0);
	if (entry_end(w, e) < 0)
		return -1;
	w->entry_name.n = 0;
	if (buf_add(&w->entry_name, name, e) < 0)
		return err_prefix(e, "entry name");
	w->open = true;
	w->start = w->offset;
	w->packed = w->unpacked = 0;
	w->crc = (uint32_t)crc32(0, NULL, 0);
	if (deflateReset(&w->z) != Z_OK)
		return err_set(e, ERR_INTERNAL, "deflate cannot be reset");
	w->z.next_out = w->packed_bytes;
	w->z.avail_out = sizeof(w->packed_bytes);
	return put_local_header(w, e);
}

/* At most 1 GiB, so that the length fits zlib's counters. */
static int data_piece(struct zip_write *w, struct slice part, struct err *e)
{
	w->crc = (uint32_t)crc32(w->crc, (const Bytef *)part.p, (uInt)part.n);
	w->unpacked += part.n;
	/* zlib does not write to its input; the cast is for its older interface. */
	w->z.next_in = (Bytef *)(uintptr_t)part.p;
	w->z.avail_in = (uInt)part.n;
	while (w->z.avail_in > 0) {
		int step = deflate(&w->z, Z_NO_FLUSH);

		if (step != Z_OK)
			return err_set(e, ERR_INTERNAL, "deflate failed (%d)", step);
		if (w->z.avail_out == 0 && drain(w, e) < 0)
			return -1;
	}
	return 0;
}

int zip_write_data(struct zip_write *w, struct slice bytes, struct err *e)
{
	assert(w->open);
	while (bytes.n > 0)
		if (data_piece(w, slice_take(&bytes, (size_t)1 << 30), e) < 0)
			return -1;
	return 0;
}

/* 4.3.14 and 4.3.15: the zip64 end of central directory record and its locator. */
static void put_end64(struct record *r, const struct zip_write *w, uint64_t start)
{
	put32(r, 0x06064b50);
	put64(r, 44); /* bytes of this record behind this field */
	put16(r, VERSION64);
	put16(r, VERSION64);
	put32(r, 0); /* this disk */
	put32(r, 0); /* the directory's disk */
	put64(r, w->count);
	put64(r, w->count);
	put64(r, w->directory.n);
	put64(r, start);
	put32(r, 0x07064b50);
	put32(r, 0); /* the disk of the record above */
	put64(r, w->offset);
	put32(r, 1); /* disks */
}

/* 4.3.16: the end of central directory record. */
static void put_end(struct record *r, const struct zip_write *w, uint64_t start, bool far)
{
	put32(r, 0x06054b50);
	put16(r, 0); /* this disk */
	put16(r, 0); /* the directory's disk */
	put16(r, far ? MAX16 : (uint16_t)w->count);
	put16(r, far ? MAX16 : (uint16_t)w->count);
	put32(r, far ? MAX32 : (uint32_t)w->directory.n);
	put32(r, far ? MAX32 : (uint32_t)start);
	put16(r, 0); /* comment */
}

int zip_write_finish(struct zip_write *w, struct err *e)
{
	struct record r = { .n = 0 };
	uint64_t start;
	bool far;

	if (entry_end(w, e) < 0)
		return -1;
	start = w->offset;
	far = w->zip64 || w->count >= MAX16 || start >= MAX32;
	if (emit(w, buf_slice(&w->directory), e) < 0)
		return -1;
	if (far)
		put_end64(&r, w, start);
	put_end(&r, w, start, far);
	return emit(w, record_slice(&r), e);
}

void zip_write_close(struct zip_write **w)
{
	if (*w == NULL)
		return;
	(void)deflateEnd(&(*w)->z); /* Z_DATA_ERROR when given up half-way: fine */
	buf_release(&(*w)->directory);
	buf_release(&(*w)->entry_name);
	free(*w);
	*w = NULL;
}
