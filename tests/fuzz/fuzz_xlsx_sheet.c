/*
 * A worksheet's part: the same rows, and the same failure, however it is cut.
 */
#include "parse/xlsx_sheet.h"

#include "tests/fuzz/digest.h"
#include "tests/unit/xml_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct xlsx_strings *three_strings(void)
{
	const struct table_limits limits = { .max_strings = 1000, .max_cell = 100 };
	struct xml_feed feed = {
		SLICE("<sst><si><t>a</t></si><si/><si><t>c</t></si></sst>"), 1000
	};
	struct xlsx_strings *s;
	struct err e = { 0 };
	int got = xlsx_strings_open(xml_feed_read, &feed, &limits, &s, &e);

	assert(got == 0);
	return s;
}

static uint64_t read_sheet(struct slice xml, size_t step,
			   const struct xlsx_strings *strings)
{
	static const bool date[] = { false, true };
	const struct xlsx_sheet_setup setup = { strings, date, 2, true, 1000, 100 };
	struct xml_feed feed = { xml, step };
	uint64_t d = 0, last = 0;
	struct xlsx_sheet *s;
	struct err e = { 0 };
	struct row r;
	int got = xlsx_sheet_open(xml_feed_read, &feed, &setup, &s, &e);

	assert(got == 0);
	while ((got = xlsx_sheet_next(s, &r, &e)) == PARSE_MORE)
		d = digest_row(d, &r, &last);
	assert(got == PARSE_DONE || e.kind != ERR_NONE);
	xlsx_sheet_close(&s);
	return digest_err(d, &e);
}

/* The first byte is how the second reading is cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xlsx_strings *strings;
	struct slice in = { (const char *)data, size };
	struct slice cut = slice_take(&in, 1);
	size_t step = cut.n == 0 ? 1 : (unsigned char)cut.p[0] % 64u + 1;
	uint64_t whole, pieces;

	if (strings == NULL)
		strings = three_strings();
	whole = read_sheet(in, size + 1, strings);
	pieces = read_sheet(in, step, strings);
	assert(pieces == whole);
	return 0;
}
