/* PROXY headers, of both versions, whole and in every split. */
#include "parse/proxy_protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define TEN       "aaaaaaaaaa"

static const struct row {
	const char *name;
	struct slice in;
	int want;
	size_t used;
	const char *source; /* NULL: not known */
} rows[] = {
	{ "v1 TCP4", SLICE_INIT("PROXY TCP4 1.2.3.4 5.6.7.8 1 65535\r\nGET"), PARSE_DONE,
	  36, "1.2.3.4" },
	{ "v1 TCP6", SLICE_INIT("PROXY TCP6 2001:db8::1 ::1 0 80\r\n"), PARSE_DONE, 33,
	  "2001:db8::1" },
	{ "v1 unknown", SLICE_INIT("PROXY UNKNOWN\r\nGET"), PARSE_DONE, 15, NULL },
	{ "v1 unknown with more", SLICE_INIT("PROXY UNKNOWN ffff::1 x 1 2\r\n"),
	  PARSE_DONE, 29, NULL },
	{ "v1 cut", SLICE_INIT("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r"), PARSE_MORE, 0, NULL },
	{ "v1 no CR", SLICE_INIT("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n"), -1, 0, NULL },
	{ "v1 wrong family", SLICE_INIT("PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n"), -1, 0,
	  NULL },
	{ "v1 mixed families", SLICE_INIT("PROXY TCP4 1.2.3.4 ::1 1 2\r\n"), -1, 0,
	  NULL },
	{ "v1 UDP", SLICE_INIT("PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n"), -1, 0, NULL },
	{ "v1 lower case", SLICE_INIT("proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n"), -1, 0,
	  NULL },
	{ "v1 port over", SLICE_INIT("PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n"), -1, 0,
	  NULL },
	{ "v1 port 00", SLICE_INIT("PROXY TCP4 1.2.3.4 5.6.7.8 00 1\r\n"), -1, 0, NULL },
	{ "v1 no ports", SLICE_INIT("PROXY TCP4 1.2.3.4 5.6.7.8\r\n"), -1, 0, NULL },
	{ "v1 more behind", SLICE_INIT("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n"), -1, 0,
	  NULL },
	{ "v1 two blanks", SLICE_INIT("PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n"), -1, 0,
	  NULL },
	{ "v1 bare", SLICE_INIT("PROXY \r\n"), -1, 0, NULL },
	{ "v1 of 107 bytes",
	  SLICE_INIT("PROXY UNKNOWN " TEN TEN TEN TEN TEN TEN TEN TEN TEN "a\r\n"),
	  PARSE_DONE, 107, NULL },
	{ "v1 of 108 bytes",
	  SLICE_INIT("PROXY UNKNOWN " TEN TEN TEN TEN TEN TEN TEN TEN TEN "aa\r\n"), -1,
	  0, NULL },
	{ "v2 TCP4", SLICE_INIT(SIGNATURE "\x21\x11\0\x0c\1\2\3\4\5\6\7\x08\0\1\0\2GET"),
	  PARSE_DONE, 28, "1.2.3.4" },
	{ "v2 TCP4 with extensions",
	  SLICE_INIT(SIGNATURE "\x21\x11\0\x10\1\2\3\4\5\6\7\x08\0\1\0\2\4\0\1x"),
	  PARSE_DONE, 32, "1.2.3.4" },
	{ "v2 TCP6",
	  SLICE_INIT(SIGNATURE "\x21\x21\0\x24\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
			       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\1\0\2"),
	  PARSE_DONE, 52, "2001:db8::1" },
	{ "v2 local", SLICE_INIT(SIGNATURE "\x20\0\0\0GET"), PARSE_DONE, 16, NULL },
	{ "v2 local with bytes", SLICE_INIT(SIGNATURE "\x20\x11\0\2ab"), PARSE_DONE, 18,
	  NULL },
	{ "v2 unspecified", SLICE_INIT(SIGNATURE "\x21\0\0\0"), PARSE_DONE, 16, NULL },
	{ "v2 cut in the signature", SLICE_INIT("\r\n\r\n\0\r"), PARSE_MORE, 0, NULL },
	{ "v2 cut in the addresses", SLICE_INIT(SIGNATURE "\x21\x11\0\x0c\1\2"),
	  PARSE_MORE, 0, NULL },
	{ "v2 version 1", SLICE_INIT(SIGNATURE "\x11\x11\0\0"), -1, 0, NULL },
	{ "v2 command 2", SLICE_INIT(SIGNATURE "\x22\x11\0\0"), -1, 0, NULL },
	{ "v2 UDP", SLICE_INIT(SIGNATURE "\x21\x12\0\x0c\1\2\3\4\5\6\7\x08\0\1\0\2"), -1,
	  0, NULL },
	{ "v2 short addresses", SLICE_INIT(SIGNATURE "\x21\x11\0\4\1\2\3\4"), -1, 0,
	  NULL },
	{ "v2 too long", SLICE_INIT(SIGNATURE "\x21\x11\x08\1"), -1, 0, NULL },
	{ "a request", SLICE_INIT("GET / HTTP/1.1\r\n"), -1, 0, NULL },
	{ "nearly", SLICE_INIT("PROXX"), -1, 0, NULL },
	{ "nothing", SLICE_INIT(""), PARSE_MORE, 0, NULL },
};

/* Every row must give one answer however the network slices it. */
static void same_result_for_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t step = 1; step <= rows[i].in.n + 1; step++) {
			const struct row *w = &rows[i];
			struct proxy_header h;
			struct err e = { 0 };
			char text[IP_TEXT] = "";
			size_t used = 0, n = 0;
			int got = PARSE_MORE;

			while (got == PARSE_MORE && n < w->in.n) {
				n = n + step < w->in.n ? n + step : w->in.n;
				got = proxy_header_read((struct slice){ w->in.p, n }, &h,
							&used, &e);
			}
			if (got != w->want || (got == PARSE_DONE && used != w->used))
				fail_msg("%s, step %zu: %d, %zu", w->name, step, got,
					 used);
			if (got != PARSE_DONE)
				continue;
			if (h.known)
				ip_write(&h.source, text);
			if (h.known != (w->source != NULL) ||
			    (h.known && strcmp(text, w->source) != 0))
				fail_msg("%s: %s", w->name, text);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_result_for_every_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
