/*
 * A chunked body gives the same data and ends at the same byte however it is split. The
 * first byte of the input says how many bytes arrive at a time.
 */
#include "parse/buf.h"
#include "parse/http_chunked.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	struct http_chunked c;
	struct buf data;
	struct err e;
	size_t used;
	int r;
};

static void check(bool right)
{
	if (!right)
		abort();
}

static void feed(struct outcome *o, struct slice all, size_t step)
{
	struct slice rest = all;

	memset(o, 0, sizeof(*o));
	buf_init(&o->data, all.n + 1);
	while (o->r == PARSE_MORE && rest.n > 0) {
		struct slice part = slice_take(&rest, step);
		size_t given = part.n;

		while (o->r == PARSE_MORE && part.n > 0) {
			struct slice run;

			o->r = http_chunked_feed(&o->c, &part, &run, &o->e);
			if (o->r == PARSE_MORE && buf_add(&o->data, run, &o->e) < 0)
				abort();
		}
		o->used += given - part.n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = { (const char *)data + 1, size - 1 };
	struct outcome whole, pieces;

	if (size < 2)
		return 0;
	feed(&whole, all, all.n);
	feed(&pieces, all, data[0] % 32u + 1);
	check(whole.r == pieces.r && whole.used == pieces.used);
	check(strcmp(whole.e.text, pieces.e.text) == 0);
	check(slice_eq(buf_slice(&whole.data), buf_slice(&pieces.data)));
	check(whole.c.overhead <= HTTP_CHUNKED_OVERHEAD + 1);
	if (whole.r == PARSE_DONE)
		check(whole.used >= 5 && memcmp(all.p + whole.used - 2, "\r\n", 2) == 0);
	buf_release(&whole.data);
	buf_release(&pieces.data);
	return 0;
}
