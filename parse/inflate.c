/*
 * zlib's inflate with caps. Ignorant of where the bytes come from and go to, and of
 * ZIP: it neither knows the length that an archive claims nor the CRC.
 */
#include "parse/inflate.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct inflate {
	z_stream z;
	uint64_t in, out;
	uint64_t max_out;
	uint32_t max_ratio;
	bool done;
};

int inflate_open(uint64_t max_out, uint32_t max_ratio, struct inflate **f_r,
		 struct err *e)
{
	struct inflate *f = calloc(1, sizeof(*f));

	*f_r = NULL;
	if (f == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	f->max_out = max_out;
	f->max_ratio = max_ratio == 0 ? 1 : max_ratio;
	/* Negative window bits: raw DEFLATE, without zlib's header. */
	if (inflateInit2(&f->z, -MAX_WBITS) != Z_OK) {
		free(f);
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	*f_r = f;
	return 0;
}

static int check_caps(const struct inflate *f, struct err *e)
{
	if (f->out > f->max_out)
		return err_set(e, ERR_LIMIT,
			       "it unpacks to more than %llu bytes, which is the limit",
			       (unsigned long long)f->max_out);
	if (f->out > INFLATE_RATIO_FREE && f->out / f->max_ratio > f->in)
		return err_set(
			e, ERR_LIMIT,
			"it unpacks to more than %u times its size, which is the limit",
			f->max_ratio);
	return 0;
}

int inflate_feed(struct inflate *f, struct slice *in, char *to, size_t size, size_t *n_r,
		 struct err *e)
{
	uInt had = in->n > UINT_MAX ? UINT_MAX : (uInt)in->n;
	uInt room = size > UINT_MAX ? UINT_MAX : (uInt)size;
	int rc;

	assert(size > 0);
	*n_r = 0;
	if (f->done)
		return PARSE_DONE;
	if (had == 0)
		return PARSE_MORE;
	/* zlib takes the input as const, its older headers do not say so */
	f->z.next_in = (z_const Bytef *)(uintptr_t)in->p;
	f->z.avail_in = had;
	f->z.next_out = (Bytef *)to;
	f->z.avail_out = room;
	rc = inflate(&f->z, Z_NO_FLUSH);
	(void)slice_take(in, had - f->z.avail_in);
	f->in += had - f->z.avail_in;
	f->out += room - f->z.avail_out;
	if (rc == Z_MEM_ERROR)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
		return err_set(e, ERR_INPUT, "damaged compressed data%s%s",
			       f->z.msg == NULL ? "" : ": ",
			       f->z.msg == NULL ? "" : f->z.msg);
	if (check_caps(f, e) < 0)
		return -1;
	*n_r = room - f->z.avail_out;
	f->done = rc == Z_STREAM_END;
	return f->done ? PARSE_DONE : PARSE_MORE;
}

uint64_t inflate_in(const struct inflate *f)
{
	return f->in;
}

uint64_t inflate_out(const struct inflate *f)
{
	return f->out;
}

void inflate_close(struct inflate **f)
{
	if (*f == NULL)
		return;
	(void)inflateEnd(&(*f)->z);
	free(*f);
	*f = NULL;
}
