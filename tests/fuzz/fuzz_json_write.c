/* Any bytes as a JSON string: valid text that decodes to what was given. */
#include "parse/json_token.h"
#include "parse/json_write.h"
#include "parse/utf8.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = { (const char *)data, size };
	struct json_token t;
	struct json j;
	struct err e = { 0 };
	struct arena a;
	struct buf b;

	buf_init(&b, 1 << 24);
	arena_init(&a, 1 << 24);
	assert(json_write_string(&b, s.n == 0 ? SLICE("") : s, &e) == 0);
	assert(b.n == json_string_size(s));
	assert(utf8_valid(buf_slice(&b)));
	json_init(&j, buf_slice(&b), &a);
	assert(json_next(&j, &t, &e) == 0 && t.kind == JSON_STRING);
	if (utf8_valid(s) && slice_find(s, '\0') == NULL)
		assert(slice_eq(t.text, s));
	assert(json_next(&j, &t, &e) == 0 && t.kind == JSON_END);
	arena_release(&a);
	buf_release(&b);
	return 0;
}
