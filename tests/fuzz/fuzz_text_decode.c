/*
 * Text in any encoding: two splits give the same text and the same failure, the text is
 * valid UTF-8, and what was UTF-8 comes out as it was.
 */
#include "parse/text_decode.h"
#include "parse/utf8.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
	char *text;
	size_t n;
	struct err e;
};

static void decode(struct slice in, size_t bom, enum text_encoding encoding, size_t step,
		   size_t room, struct result *r)
{
	struct text_decode d;
	struct slice part = { in.p, 0 };
	int rc = PARSE_MORE;

	*r = (struct result){ .text = malloc(in.n * 3 + 1) };
	assert(r->text != NULL);
	text_decode_init(&d, encoding, bom);
	(void)slice_take(&in, bom);
	while (rc == PARSE_MORE) {
		char *out = malloc(room);
		size_t n;

		assert(out != NULL);
		if (part.n == 0)
			part = slice_take(&in, step);
		rc = text_decode_feed(&d, &part, in.n == 0, out, room, &n, &r->e);
		assert(n <= room);
		memcpy(r->text + r->n, out, n);
		r->n += n;
		free(out);
	}
	assert((rc < 0) == (r->e.kind != ERR_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct result whole, parts;
	size_t bom;
	enum text_encoding encoding = text_detect(in, &bom);

	assert(bom <= size);
	decode(in, bom, encoding, size + 1, size * 3 + TEXT_ROOM, &whole);
	decode(in, bom, encoding, size == 0 ? 1 : 1 + data[size - 1] % 5,
	       TEXT_ROOM + size % 7, &parts);
	assert(whole.n == parts.n && whole.e.kind == parts.e.kind);
	assert(strcmp(whole.e.text, parts.e.text) == 0);
	assert(memcmp(whole.text, parts.text, whole.n) == 0);
	assert(utf8_valid((struct slice){ whole.text, whole.n }));
	if (utf8_valid(in) && slice_find(in, '\0') == NULL && size < TEXT_HEAD) {
		assert(whole.e.kind == ERR_NONE && whole.n == size - bom);
		assert(memcmp(whole.text, data + bom, whole.n) == 0);
	}
	free(whole.text);
	free(parts.text);
	return 0;
}
