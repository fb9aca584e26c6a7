/*
 * Raw DEFLATE: the bytes and the verdict of zlib, however input and output are cut.
 */
#include "parse/inflate.h"

#include "tests/fuzz/digest.h"

#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20 };

struct result {
	int got; /* PARSE_DONE, PARSE_MORE: cut off, or -1 */
	size_t n, used;
	char bytes[MOST];
};

static void by_zlib(struct slice in, struct result *r)
{
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)in.p,
		       .avail_in = (uInt)in.n,
		       .next_out = (Bytef *)r->bytes,
		       .avail_out = MOST };
	int got = inflateInit2(&z, -MAX_WBITS);

	assert(got == Z_OK);
	do
		got = inflate(&z, Z_NO_FLUSH);
	while (got == Z_OK && z.avail_out > 0);
	r->got = got == Z_STREAM_END                 ? PARSE_DONE
		 : got == Z_BUF_ERROR || got == Z_OK ? PARSE_MORE
						     : -1;
	r->n = MOST - z.avail_out;
	r->used = in.n - z.avail_in;
	(void)inflateEnd(&z);
}

static void by_parts(struct slice in, size_t step, size_t room, struct result *r)
{
	struct err e = { 0 };
	struct inflate *f;
	struct slice part = slice_take(&in, step);
	int got = inflate_open(MOST, UINT32_MAX, &f, &e);

	assert(got == 0);
	for (r->n = 0;;) {
		size_t n, left = MOST - r->n;

		if (left == 0)
			break;
		got = inflate_feed(f, &part, r->bytes + r->n, room < left ? room : left,
				   &n, &e);
		r->n += n;
		if (got != PARSE_MORE)
			break;
		if (part.n == 0 && n == 0) {
			if (in.n == 0)
				break;
			part = slice_take(&in, step);
		}
	}
	assert(got >= 0 || e.kind == ERR_INPUT);
	r->got = got;
	r->used = (size_t)inflate_in(f);
	inflate_close(&f);
}

/* The first two bytes are how input and output of the second reading are cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct result zlib, whole, parts;
	struct slice in = { (const char *)data, size };
	struct slice cut = slice_take(&in, 2);
	size_t step = cut.n < 2 ? 1 : (unsigned char)cut.p[0] % 40u + 1;
	size_t room = cut.n < 2 ? 1 : (unsigned char)cut.p[1] * 7u + 1;

	by_zlib(in, &zlib);
	by_parts(in, size + 1, MOST, &whole);
	by_parts(in, step, room, &parts);
	assert(whole.n == zlib.n && memcmp(whole.bytes, zlib.bytes, zlib.n) == 0);
	assert(parts.n == zlib.n && memcmp(parts.bytes, zlib.bytes, zlib.n) == 0);
	if (zlib.n < MOST) {
		/* of a stream that is cut off as well, zlib may not see the damage */
		assert(whole.got == parts.got);
		assert(whole.got == zlib.got ||
		       (whole.got < 0 && zlib.got == PARSE_MORE));
		assert(zlib.got != PARSE_DONE ||
		       (whole.used == zlib.used && parts.used == zlib.used));
	}
	return 0;
}
