/*
 * A part of shared strings: the same strings, and the same failure, however it is cut.
 */
#include "parse/xlsx_strings.h"

#include "tests/fuzz/digest.h"
#include "tests/unit/xml_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t read_strings(struct slice xml, size_t step)
{
	const struct table_limits limits = { .max_strings = 4000, .max_cell = 300 };
	struct xml_feed feed = { xml, step };
	uint64_t d = 0, bytes = 0;
	struct xlsx_strings *s;
	struct err e = { 0 };

	if (xlsx_strings_open(xml_feed_read, &feed, &limits, &s, &e) < 0)
		return digest_err(d, &e);
	for (size_t i = 0; i < xlsx_strings_count(s); i++) {
		struct slice text = xlsx_strings_at(s, i);

		assert(utf8_valid(text) && slice_find(text, '\0') == NULL);
		d = digest(digest(d, &text.n, sizeof(text.n)), text.p, text.n);
		bytes += text.n + 4;
	}
	assert(bytes <= limits.max_strings);
	xlsx_strings_close(&s);
	return d;
}

/* The first byte is how the second reading is cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct slice cut = slice_take(&in, 1);
	size_t step = cut.n == 0 ? 1 : (unsigned char)cut.p[0] % 64u + 1;
	uint64_t whole = read_strings(in, size + 1);
	uint64_t pieces = read_strings(in, step);

	assert(pieces == whole);
	return 0;
}
