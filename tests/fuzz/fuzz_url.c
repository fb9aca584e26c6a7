/*
 * A path that is taken has nothing in it that a file system, a C string or a second
 * decoder could read differently, and survives being escaped and read again. The same
 * input is read as a form.
 */
#include "parse/buf.h"
#include "parse/url.h"
#include "parse/utf8.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

static void path_check(struct slice path)
{
	check(utf8_valid(path) && path.n > 0 && path.p[0] == '/');
	for (size_t i = 0; i < path.n; i++)
		check((unsigned char)path.p[i] >= 0x20 && path.p[i] != 0x7f &&
		      path.p[i] != '\\');
	while (path.n > 0) {
		struct slice segment = slice_split(&path, '/');

		check(!slice_eq(segment, SLICE(".")) && !slice_eq(segment, SLICE("..")));
	}
}

/* Every byte but the slash as an escape: read again, it is the same path. */
static void escape_and_read(struct slice path, struct arena *a)
{
	struct err e = { 0 };
	struct buf escaped;
	struct url u;

	buf_init(&escaped, 3 * path.n + 1);
	for (size_t i = 0; i < path.n; i++)
		if ((path.p[i] == '/' ? buf_byte(&escaped, '/', &e)
				      : buf_printf(&escaped, &e, "%%%02x",
						   (unsigned char)path.p[i])) < 0)
			abort();
	check(url_parse(buf_slice(&escaped), a, &u, &e) == 0);
	check(slice_eq(u.path, path));
	buf_release(&escaped);
}

static void form_check(struct slice rest, struct arena *a)
{
	struct slice name, value;
	struct err e = { 0 };
	size_t before = rest.n + 1;

	while (url_pair_next(&rest, a, &name, &value, &e) == PARSE_MORE) {
		check(rest.n < before);
		before = rest.n;
		check(utf8_valid(name) && slice_find(name, '\0') == NULL);
		check(utf8_valid(value) && slice_find(value, '\0') == NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct err e = { 0 };
	struct arena a;
	struct url u;

	arena_init(&a, 1 << 20);
	if (url_parse(in, &a, &u, &e) == 0 && !slice_eq(u.path, SLICE("*"))) {
		path_check(u.path);
		escape_and_read(u.path, &a);
		form_check(u.query, &a);
	}
	form_check(in, &a);
	arena_release(&a);
	return 0;
}
