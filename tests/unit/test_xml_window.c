/* The part of an XML document in memory: what comes in, in every split, is the same text.
 */
#include "parse/xml_window.h"

#include "xml_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

/* want: the text, and "!" with the message of what ends it. */
static const struct document {
	const char *name;
	struct slice in;
	const char *want;
} documents[] = {
	{ "nothing", SLICE_INIT(""), "" },
	{ "utf-8", SLICE_INIT("<a>\xc3\xb1\xe8\xbf\x90\xf0\x9f\x93\xa6</a>"),
	  "<a>\xc3\xb1\xe8\xbf\x90\xf0\x9f\x93\xa6</a>" },
	{ "a mark", SLICE_INIT("\xef\xbb\xbf<a/>"), "<a/>" },
	{ "less than a mark", SLICE_INIT("\xef\xbb"),
	  "!XML byte 0: not a character that XML allows, or not UTF-8" },
	{ "utf-16le", SLICE_INIT("\xff\xfe<\0\xf1\0\x3d\xd8\xe6\xdc"),
	  "<\xc3\xb1\xf0\x9f\x93\xa6" },
	{ "utf-16be", SLICE_INIT("\xfe\xff\0<\0\xf1\xd8\x3d\xdc\xe6"),
	  "<\xc3\xb1\xf0\x9f\x93\xa6" },
	{ "bad byte",
	  SLICE_INIT("abc\xff"
		     "defgh"),
	  "abc!XML byte 3: not a character that XML allows, or not UTF-8" },
	{ "cut by the end", SLICE_INIT("abc\xe8\xbf"),
	  "abc!XML byte 3: not a character that XML allows, or not UTF-8" },
	{ "nul", SLICE_INIT("ab\0cd"),
	  "ab!XML byte 2: not a character that XML allows, or not UTF-8" },
	{ "nul in utf-16",
	  SLICE_INIT("\xff\xfe"
		     "a\0b\0\0\0c\0d\0e\0f\0"),
	  "ab!XML byte 2: not a character that XML allows, or not UTF-8" },
	{ "nul at the end of utf-16",
	  SLICE_INIT("\xff\xfe"
		     "a\0\0\0"),
	  "a!XML byte 1: not a character that XML allows, or not UTF-8" },
	{ "noncharacter in utf-16",
	  SLICE_INIT("\xff\xfe"
		     "a\0\xff\xff"),
	  "a!XML byte 1: not a character that XML allows, or not UTF-8" },
	{ "half a unit",
	  SLICE_INIT("\xff\xfe"
		     "a\0b"),
	  "a!byte 4: the file ends inside a character" },
};

/* Reads in pieces of `step`, keeping `keep` bytes back whenever there are as many. */
static void read_all(struct slice in, size_t step, size_t keep, char *to)
{
	struct xml_feed feed = { in, step };
	struct xml_window w;
	struct err e = { 0 };
	size_t n = 0, seen = 0;
	int got;

	assert_int_equal(xml_window_open(&w, xml_feed_read, &feed, 8, &e), 0);
	for (;;) {
		size_t drop = w.n > keep ? w.n - keep : 0;

		if (xml_window_full(&w, drop))
			assert_int_equal(xml_window_grow(&w, &e), 0);
		got = xml_window_more(&w, drop, &e);
		seen -= drop;
		if (got != PARSE_MORE)
			break;
		assert_true(w.n > seen && w.buf[w.n] == '\0');
		memcpy(to + n, w.buf + seen, w.n - seen);
		n += w.n - seen;
		seen = w.n;
	}
	assert_int_equal(w.base + w.n, n);
	to[n] = '\0';
	if (got < 0)
		(void)snprintf(to + n, 100, "!%.90s", e.text);
	xml_window_release(&w);
}

static void same_text_for_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		for (size_t step = 1; step <= documents[i].in.n + 1; step++)
			for (size_t keep = 0; keep < 12; keep += 5) {
				char got[200];

				read_all(documents[i].in, step, keep, got);
				if (strcmp(got, documents[i].want) != 0)
					fail_msg("%s, step %zu, keep %zu: %s",
						 documents[i].name, step, keep, got);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_text_for_every_split) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
