/*
 * What counts is a token and cookie-octets, taken from the field in its order; written
 * again it is read as the same pairs.
 */
#include "parse/buf.h"
#include "parse/cookie.h"
#include "parse/http_byte.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

static void write_again(struct slice in, struct buf *b)
{
	struct slice name, value;
	struct err e = { 0 };
	const char *last = in.p;

	while (cookie_next(&in, &name, &value)) {
		check(http_byte_token(name) && name.p >= last && value.p > name.p);
		last = value.p + value.n;
		for (size_t i = 0; i < value.n; i++)
			check(value.p[i] > 0x20 && value.p[i] < 0x7f &&
			      value.p[i] != '"' && value.p[i] != ';' &&
			      value.p[i] != ',' && value.p[i] != '\\');
		check(buf_printf(b, &e, "%s%.*s=%.*s", b->n == 0 ? "" : "; ", (int)name.n,
				 name.p, (int)value.n, value.p) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size }, value;
	struct err e = { 0 };
	struct buf once, twice;

	if (size > 65536)
		return 0;
	buf_init(&once, 2 * size + 16);
	buf_init(&twice, 2 * size + 16);
	write_again(in, &once);
	write_again(buf_slice(&once), &twice);
	check(slice_eq(buf_slice(&once), buf_slice(&twice)));
	if (cookie_find(in, SLICE("s"), &value, &e) == 0 && value.p != NULL)
		check(slice_find(in, 's') != NULL && value.n < size);
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
