/*
 * Range fields: the first eight bytes are the size, the rest is the value.
 */
#include "parse/buf.h"
#include "parse/http_range.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

/* What is read is inside, and the same when written as a Content-Range's numbers. */
static void part_check(uint64_t size, uint64_t first, uint64_t n)
{
	uint64_t again_first, again_n;
	struct err e = { 0 };
	struct buf b;

	check(n > 0 && first < size && n <= size - first);
	buf_init(&b, 64);
	if (buf_printf(&b, &e, "bytes=%llu-%llu", (unsigned long long)first,
		       (unsigned long long)(first + n - 1)) < 0)
		abort();
	check(http_range_read(buf_slice(&b), size, &again_first, &again_n) ==
	      HTTP_RANGE_PART);
	check(again_first == first && again_n == n);
	buf_release(&b);
}

/* An element that says nothing changes nothing. */
static void longer_check(struct slice in, uint64_t size, enum http_range want)
{
	uint64_t first, n;
	struct err e = { 0 };
	struct buf longer;

	buf_init(&longer, in.n + 16);
	if (buf_add(&longer, in, &e) < 0 || buf_add(&longer, SLICE(" ,,\t"), &e) < 0)
		abort();
	check(http_range_read(buf_slice(&longer), size, &first, &n) == want);
	buf_release(&longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
	struct slice in = { (const char *)data, n_data };
	uint64_t size = 0, first, n;
	enum http_range got;

	for (struct slice s = slice_take(&in, 8); s.n > 0;)
		size = size << 8 | (unsigned char)*slice_take(&s, 1).p;
	got = http_range_read(in, size, &first, &n);
	if (got == HTTP_RANGE_PART)
		part_check(size, first, n);
	else
		check(first == 0 && n == 0);
	if (slice_find(in, '=') != NULL)
		longer_check(in, size, got);
	return 0;
}
