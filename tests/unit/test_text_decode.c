/* Encodings: detection, and decoding in every split of input and output. */
#include "parse/text_decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static const struct row {
	const char *name;
	struct slice in;
	enum text_encoding encoding; /* as detected */
	const char *want;            /* text, and behind a '!' the error */
} rows[] = {
	{ "empty", SLICE_INIT(""), TEXT_ASCII, "" },
	{ "ascii", SLICE_INIT("abc\r\n"), TEXT_ASCII, "abc\r\n" },
	{ "utf-8",
	  SLICE_INIT("Do\xc3\xb1"
		     "a \xe8\xbf\x90 \xf0\x9f\x93\xa6"),
	  TEXT_UTF8,
	  "Do\xc3\xb1"
	  "a \xe8\xbf\x90 \xf0\x9f\x93\xa6" },
	{ "utf-8 with a mark", SLICE_INIT("\xef\xbb\xbf\xc3\xb1"), TEXT_UTF8,
	  "\xc3\xb1" },
	{ "ascii with a mark", SLICE_INIT("\xef\xbb\xbf\x61"), TEXT_UTF8, "a" },
	{ "1252 behind a mark is damage", SLICE_INIT("\xef\xbb\xbf\x61\xf1\x61"),
	  TEXT_UTF8, "a!byte 4 (0xf1) is no UTF-8, as the text before it is" },
	{ "1252", SLICE_INIT("Do\xf1\x61, \x80 5, \x93x\x94"), TEXT_WINDOWS_1252,
	  "Do\xc3\xb1\x61, \xe2\x82\xac 5, \xe2\x80\x9cx\xe2\x80\x9d" },
	{ "1252 at the end", SLICE_INIT("Espa\xf1"), TEXT_WINDOWS_1252, "Espa\xc3\xb1" },
	{ "1252 high end", SLICE_INIT("\xff\xe9"), TEXT_WINDOWS_1252,
	  "\xc3\xbf\xc3\xa9" },
	{ "gbk", SLICE_INIT("a,\xd5\xc5\xce\xb0\n"), TEXT_WINDOWS_1252,
	  "a,\xc3\x95\xc3\x85\xc3\x8e\xc2\xb0\n!byte 7: the text before it looks Chinese "
	  "or Korean, in an encoding that is not read" },
	{ "big5", SLICE_INIT("\xb1\x69\xb0\xb6\xa4\xa4"), TEXT_WINDOWS_1252,
	  "\xc2\xb1i\xc2\xb0\xc2\xb6\xc2\xa4\xc2\xa4!byte 6: the text before it looks "
	  "Chinese or Korean, in an encoding that is not read" },
	{ "two letters side by side, once", SLICE_INIT("CA\xd1\xd3N"), TEXT_WINDOWS_1252,
	  "CA\xc3\x91\xc3\x93N" },
	{ "the same among others", SLICE_INIT("\xd1\xd3 \xd1\xd3 \xf1 \xf1"),
	  TEXT_WINDOWS_1252, "\xc3\x91\xc3\x93 \xc3\x91\xc3\x93 \xc3\xb1 \xc3\xb1" },
	{ "no such 1252", SLICE_INIT("\xf1\xf1\x81"), TEXT_WINDOWS_1252,
	  "\xc3\xb1\xc3\xb1!byte 2 (0x81) is no Windows-1252, as the text before it is" },
	{ "damaged utf-8", SLICE_INIT("\xc3\xb1\xc3\xb1 \xf1"), TEXT_UTF8,
	  "\xc3\xb1\xc3\xb1 !byte 5: the file ends inside a character" },
	{ "damaged utf-8 inside", SLICE_INIT("\xc3\xb1\xc3\xb1 \xf1 a"), TEXT_UTF8,
	  "\xc3\xb1\xc3\xb1 !byte 5 (0xf1) is no UTF-8, as the text before it is" },
	{ "overlong", SLICE_INIT("\xc3\xb1\xc3\xb1\xc0\x80"), TEXT_UTF8,
	  "\xc3\xb1\xc3\xb1!byte 4 (0xc0) is no UTF-8, as the text before it is" },
	{ "nul", SLICE_INIT("a\0b"), TEXT_ASCII, "a.b" },
	{ "nul in utf-8", SLICE_INIT("\xc3\xb1\0b"), TEXT_UTF8, "\xc3\xb1.b" },
	{ "nul in 1252", SLICE_INIT("\xf1 \0b"), TEXT_WINDOWS_1252, "\xc3\xb1 .b" },
	{ "utf-16le", SLICE_INIT("\xff\xfe\x61\0\xf1\0\xd0\x8f\x3d\xd8\xe6\xdc"),
	  TEXT_UTF16LE, "a\xc3\xb1\xe8\xbf\x90\xf0\x9f\x93\xa6" },
	{ "utf-16be", SLICE_INIT("\xfe\xff\0\x61\0\xf1\x8f\xd0\xd8\x3d\xdc\xe6"),
	  TEXT_UTF16BE, "a\xc3\xb1\xe8\xbf\x90\xf0\x9f\x93\xa6" },
	{ "utf-16le without a mark", SLICE_INIT("a\0b\0\xd0\x8f"), TEXT_UTF16LE,
	  "ab\xe8\xbf\x90" },
	{ "utf-16be without a mark", SLICE_INIT("\0a\0b\x8f\xd0"), TEXT_UTF16BE,
	  "ab\xe8\xbf\x90" },
	{ "utf-16 cut in half", SLICE_INIT("\xff\xfe\x61\0\x62"), TEXT_UTF16LE,
	  "a!byte 4: the file ends inside a character" },
	{ "utf-16 cut in a pair", SLICE_INIT("\xff\xfe\x61\0\x3d\xd8"), TEXT_UTF16LE,
	  "a!byte 4: the file ends inside a character" },
	{ "lone high surrogate", SLICE_INIT("\xfe\xff\0\x61\xd8\x3d\0\x61"), TEXT_UTF16BE,
	  "a!byte 4 (0xd8) is no UTF-16BE, as the text before it is" },
	{ "lone low surrogate", SLICE_INIT("\xff\xfe\xe6\xdc\x61\0"), TEXT_UTF16LE,
	  "!byte 2 (0xe6) is no UTF-16LE, as the text before it is" },
	{ "nul in utf-16", SLICE_INIT("\xff\xfe\x61\0\0\0\x62\0"), TEXT_UTF16LE, "a.b" },
};

/* Decodes `in` in parts of `step` bytes to parts of `room` bytes; a NUL becomes a dot. */
static void decode(struct slice in, size_t step, size_t room, enum text_encoding encoding,
		   size_t bom, char *to)
{
	struct text_decode d;
	struct err e = { 0 };
	struct slice part = { in.p, 0 };
	size_t at = 0;
	int rc = PARSE_MORE;

	text_decode_init(&d, encoding, bom);
	(void)slice_take(&in, bom);
	while (rc == PARSE_MORE) {
		/* exactly as large as it is said to be */
		char *out = malloc(room);
		size_t n;

		assert_non_null(out);
		if (part.n == 0)
			part = slice_take(&in, step);
		rc = text_decode_feed(&d, &part, in.n == 0, out, room, &n, &e);
		assert_true(n <= room && (rc >= 0 || n == 0));
		for (size_t i = 0; i < n; i++)
			to[at++] = out[i] == '\0' ? '.' : out[i];
		free(out);
	}
	to[at] = '\0';
	if (rc < 0)
		(void)snprintf(to + at, 100, "!%.90s", e.text);
}

static void same_text_for_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t bom;
		enum text_encoding encoding = text_detect(rows[i].in, &bom);

		if (encoding != rows[i].encoding)
			fail_msg("%s: detected %s", rows[i].name,
				 text_encoding_name(encoding));
		for (size_t step = 1; step <= rows[i].in.n + 1; step++)
			for (size_t room = TEXT_ROOM; room < 40; room++) {
				char got[300];

				decode(rows[i].in, step, room, encoding, bom, got);
				if (strcmp(got, rows[i].want) != 0)
					fail_msg("%s, step %zu, room %zu: got %s",
						 rows[i].name, step, room, got);
			}
	}
}

/* The head was nothing but ASCII: what comes later decides, and then stays. */
static void first_high_byte_decides(void **state)
{
	static const struct row late[] = {
		{ "1252", SLICE_INIT("abc Do\xf1\x61 \xc3\xb1"), 0,
		  "abc Do\xc3\xb1\x61 \xc3\x83\xc2\xb1" },
		{ "utf-8", SLICE_INIT("abc Do\xc3\xb1\x61 \xe8\xbf\x90"), 0,
		  "abc Do\xc3\xb1\x61 \xe8\xbf\x90" },
		{ "utf-8, then 1252", SLICE_INIT("abc \xc3\xb1 \xf1\x61"), 0,
		  "abc \xc3\xb1 !byte 7 (0xf1) is no UTF-8, as the text before it is" },
		{ "1252 that looks like cut utf-8", SLICE_INIT("abc \xe8\xbf"), 0,
		  "abc \xc3\xa8\xc2\xbf" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++)
		for (size_t step = 1; step <= late[i].in.n; step++) {
			char got[300];

			decode(late[i].in, step, 20, TEXT_ASCII, 0, got);
			if (strcmp(got, late[i].want) != 0)
				fail_msg("%s, step %zu: got %s", late[i].name, step, got);
		}
}

/* A sequence that the end of the head cuts is no damage. */
static void head_may_end_inside_a_character(void **state)
{
	static char head[TEXT_HEAD];
	size_t bom;

	(void)state;
	memset(head, 'x', sizeof(head));
	head[sizeof(head) - 2] = '\xe8';
	head[sizeof(head) - 1] = '\xbf';
	assert_int_equal(text_detect((struct slice){ head, sizeof(head) }, &bom),
			 TEXT_ASCII);
	head[0] = '\xc3';
	head[1] = '\xb1';
	assert_int_equal(text_detect((struct slice){ head, sizeof(head) }, &bom),
			 TEXT_UTF8);
	assert_int_equal(bom, 0);
}

static void names_encodings(void **state)
{
	(void)state;
	assert_string_equal(text_encoding_name(TEXT_ASCII), "UTF-8");
	assert_string_equal(text_encoding_name(TEXT_UTF16LE), "UTF-16LE");
	assert_string_equal(text_encoding_name(TEXT_UTF16BE), "UTF-16BE");
	assert_string_equal(text_encoding_name(TEXT_WINDOWS_1252), "Windows-1252");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_text_for_every_split),
		cmocka_unit_test(first_high_byte_decides),
		cmocka_unit_test(head_may_end_inside_a_character),
		cmocka_unit_test(names_encodings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
