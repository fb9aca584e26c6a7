/*
 * JSON's tokens nest, their texts are UTF-8 without NUL, and skipping a value agrees
 * with reading it.
 */
#include "parse/json_token.h"
#include "parse/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

static int read_all(struct slice in, struct arena *a)
{
	struct json_token t;
	struct err e = { 0 };
	unsigned depth = 0;
	struct json j;

	json_init(&j, in, a);
	for (;;) {
		if (json_next(&j, &t, &e) < 0) {
			check(e.kind == ERR_INPUT || e.kind == ERR_LIMIT);
			return -1;
		}
		if (t.kind == JSON_OBJECT || t.kind == JSON_ARRAY)
			depth++;
		if (t.kind == JSON_OBJECT_END || t.kind == JSON_ARRAY_END)
			check(depth-- > 0);
		check(depth <= JSON_MAX_DEPTH);
		check(utf8_valid(t.text) && slice_find(t.text, '\0') == NULL);
		if (t.kind == JSON_END)
			break;
	}
	check(depth == 0);
	return 0;
}

static int skip_all(struct slice in, struct arena *a)
{
	struct json_token t;
	struct err e = { 0 };
	struct json j;

	json_init(&j, in, a);
	if (json_skip(&j, &e) < 0 || json_next(&j, &t, &e) < 0)
		return -1;
	check(t.kind == JSON_END);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct arena a;

	arena_init(&a, 1 << 20);
	check(read_all(in, &a) == skip_all(in, &a));
	arena_release(&a);
	return 0;
}
