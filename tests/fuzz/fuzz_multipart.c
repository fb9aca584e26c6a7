/*
 * A form gives the same parts however it is split, and every offset is where the data
 * stands. The first byte of the input says how many bytes arrive at a time.
 */
#include "parse/multipart.h"
#include "parse/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	struct buf shown;
	struct err e;
	uint64_t data_end; /* UINT64_MAX: no data yet */
	int r;
};

static void check(bool right)
{
	if (!right)
		abort();
}

static void add(struct buf *b, struct slice s)
{
	struct err e = { 0 };

	if (buf_add(b, s, &e) < 0 || buf_byte(b, '|', &e) < 0)
		abort();
}

static void show(struct outcome *o, const struct multipart_item *item, struct slice all)
{
	struct err e = { 0 };

	switch (item->event) {
	case MULTIPART_PART:
		check(item->name.p != NULL && utf8_valid(item->name));
		check(utf8_valid(item->filename));
		add(&o->shown, item->name);
		add(&o->shown, item->filename);
		add(&o->shown, item->content_type);
		o->data_end = UINT64_MAX;
		break;
	case MULTIPART_DATA:
		check(item->data.n > 0 && item->offset <= all.n &&
		      item->data.n <= all.n - item->offset);
		check(memcmp(all.p + item->offset, item->data.p, item->data.n) == 0);
		check(o->data_end == UINT64_MAX || o->data_end == item->offset);
		o->data_end = item->offset + item->data.n;
		if (buf_add(&o->shown, item->data, &e) < 0)
			abort();
		break;
	default:
		check(o->data_end == UINT64_MAX || o->data_end == item->offset);
		check(item->offset < all.n);
		add(&o->shown, SLICE(""));
	}
}

static void feed(struct outcome *o, struct slice all, size_t step)
{
	static const struct multipart_limits limits = { 4, 300 };
	struct multipart *m;
	struct slice rest = all;

	memset(o, 0, sizeof(*o));
	buf_init(&o->shown, 4 * all.n + 64);
	o->data_end = UINT64_MAX;
	if (multipart_open(SLICE("multipart/form-data; boundary=b"), &limits, &m, &o->e) <
	    0)
		abort();
	while (o->r >= 0 && rest.n > 0) {
		struct slice part = slice_take(&rest, step);
		bool got = true;

		while (got) {
			struct multipart_item item;

			o->r = multipart_feed(m, &part, &item, &got, &o->e);
			if (o->r != PARSE_MORE)
				break;
			if (got)
				show(o, &item, all);
		}
		check(o->r < 0 || part.n == 0);
	}
	multipart_close(&m);
}

static void content_type_check(struct slice in)
{
	static const struct multipart_limits limits = { 4, 300 };
	struct multipart *m;
	struct err e = { 0 };

	check((multipart_open(in, &limits, &m, &e) == 0) == (m != NULL));
	multipart_close(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = { (const char *)data + 1, size - 1 };
	struct outcome whole, pieces;

	if (size < 2)
		return 0;
	content_type_check(all);
	feed(&whole, all, all.n);
	feed(&pieces, all, data[0] % 32u + 1);
	check(whole.r == pieces.r && strcmp(whole.e.text, pieces.e.text) == 0);
	check(slice_eq(buf_slice(&whole.shown), buf_slice(&pieces.shown)));
	buf_release(&whole.shown);
	buf_release(&pieces.shown);
	return 0;
}
