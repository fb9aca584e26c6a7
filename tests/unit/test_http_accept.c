/*
 * Pages or data, packed or not, by the fields that clients send (RFC 9110 sections
 * 12.5.1 and 12.5.3).
 */
#include "parse/http_accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	struct slice in;
	bool html;
} rows[] = {
	{ "absent", { NULL, 0 }, false },
	{ "12.5.1: empty", SLICE_INIT(""), false },
	{ "12.5.1: anything (curl)", SLICE_INIT("*/*"), false },
	{ "12.5.1: Firefox",
	  SLICE_INIT("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
	  true },
	{ "12.5.1: Chromium",
	  SLICE_INIT("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
		     "image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;"
		     "q=0.7"),
	  true },
	{ "12.5.1: fetch() of a page's script", SLICE_INIT("application/json"), false },
	{ "12.5.1: axios", SLICE_INIT("application/json, text/plain, */*"), false },
	{ "12.5.1: jQuery", SLICE_INIT("application/json, text/javascript, */*; q=0.01"),
	  false },
	{ "12.5.1: html alone", SLICE_INIT("text/html"), true },
	{ "12.5.1: any case", SLICE_INIT("TEXT/HTML"), true },
	{ "12.5.1: any text", SLICE_INIT("text/*"), true },
	{ "12.5.1: any application", SLICE_INIT("application/*"), false },
	{ "12.5.1: another type", SLICE_INIT("image/png"), false },
	{ "12.5.1: both alike", SLICE_INIT("text/html, application/json"), false },
	{ "12.5.1: json more", SLICE_INIT("text/html;q=0.5, application/json"), false },
	{ "12.5.1: html more", SLICE_INIT("application/json;q=0.9, text/html"), true },
	{ "12.5.1: html barely more",
	  SLICE_INIT("application/json;q=0.998,text/html;q=0.999"), true },
	{ "12.5.1: specific beats general", SLICE_INIT("text/html;q=0.1, */*;q=0.5"),
	  false },
	{ "12.5.1: ... in any order", SLICE_INIT("*/*;q=0.5, text/html;q=0.1"), false },
	{ "12.5.1: a type beats its range",
	  SLICE_INIT("text/html;q=0.1, text/*, */*;q=0.5"), false },
	{ "12.5.1: anything but json", SLICE_INIT("*/*, application/json;q=0"), true },
	{ "12.4.2: not html", SLICE_INIT("text/html;q=0"), false },
	{ "12.4.2: white space",
	  SLICE_INIT("text/html ; q=0.2 ,\tapplication/json;q=0.1"), true },
	{ "12.4.2: three zeros", SLICE_INIT("text/html;q=1.000,application/json;q=0.000"),
	  true },
	{ "12.4.2: Q", SLICE_INIT("text/html;Q=0.1,application/json"), false },
	{ "12.4.2: more than one is malformed", SLICE_INIT("text/html;q=1.1"), false },
	{ "12.4.2: four digits are malformed", SLICE_INIT("text/html;q=0.1234"), false },
	{ "12.4.2: a sign is malformed", SLICE_INIT("text/html;q=-1"), false },
	{ "12.4.2: no digit is malformed", SLICE_INIT("text/html;q=.5"), false },
	{ "12.4.2: an empty one is malformed", SLICE_INIT("text/html;q="), false },
	{ "12.5.1: a parameter", SLICE_INIT("text/html;level=1;q=0.3"), true },
	{ "12.5.1: a comma in a quoted parameter",
	  SLICE_INIT("text/html;a=\"b,c\\\",\";q=0, application/json;q=0.1"), false },
	{ "12.5.1: a quote that does not end", SLICE_INIT("text/html;a=\"b, */*"),
	  false },
	{ "5.6.1: empty elements", SLICE_INIT(", ,text/html,,"), true },
	{ "12.5.1: no subtype", SLICE_INIT("text"), false },
	{ "12.5.1: a longer subtype", SLICE_INIT("text/html5"), false },
	{ "12.5.1: *", SLICE_INIT("*"), false },
	{ "12.5.1: */html", SLICE_INIT("*/html"), false },
};

static void preferences(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (http_accept_html(rows[i].in) != rows[i].html)
			fail_msg("%s", rows[i].name);
}

static const struct coding_row {
	const char *name;
	struct slice in[2]; /* fields; p NULL: none */
	bool gzip;
} coding_rows[] = {
	{ "12.5.3: absent", { { NULL, 0 } }, false },
	{ "12.5.3: empty", { SLICE_INIT("") }, false },
	{ "12.5.3: gzip", { SLICE_INIT("gzip") }, true },
	{ "8.4.1.3: x-gzip", { SLICE_INIT("x-gzip") }, true },
	{ "8.4.1: any case", { SLICE_INIT("GZip") }, true },
	{ "12.5.3: browsers", { SLICE_INIT("gzip, deflate, br, zstd") }, true },
	{ "12.5.3: others", { SLICE_INIT("br, deflate") }, false },
	{ "12.5.3: a longer name", { SLICE_INIT("gzipped") }, false },
	{ "12.5.3: anything", { SLICE_INIT("*") }, true },
	{ "12.5.3: anything else", { SLICE_INIT("br, *;q=0") }, false },
	{ "12.5.3: not gzip", { SLICE_INIT("gzip;q=0") }, false },
	{ "12.5.3: not gzip, whatever the rest", { SLICE_INIT("*, gzip;q=0") }, false },
	{ "12.5.3: ... in any order", { SLICE_INIT("gzip;q=0.000, *") }, false },
	{ "12.5.3: gzip, nothing else", { SLICE_INIT("gzip, *;q=0") }, true },
	{ "12.5.3: identity alone", { SLICE_INIT("identity") }, false },
	{ "12.5.3: identity rather", { SLICE_INIT("gzip;q=0.5, identity") }, false },
	{ "12.5.3: identity barely rather",
	  { SLICE_INIT("gzip;q=0.998, identity;q=0.999") },
	  false },
	{ "12.5.3: gzip rather", { SLICE_INIT("identity;q=0.5, gzip;q=1.0") }, true },
	{ "12.5.3: both alike", { SLICE_INIT("identity, gzip") }, true },
	{ "12.5.3: no identity, but no gzip either",
	  { SLICE_INIT("identity;q=0, br") },
	  false },
	{ "12.5.3: the rest rather", { SLICE_INIT("gzip;q=0.5, *") }, false },
	{ "12.5.3: the example",
	  { SLICE_INIT("gzip;q=1.0, identity; q=0.5, *;q=0") },
	  true },
	{ "12.4.2: barely", { SLICE_INIT("gzip;q=0.001") }, true },
	{ "12.4.2: malformed", { SLICE_INIT("gzip;q=2") }, false },
	{ "12.4.2: malformed is passed over", { SLICE_INIT("gzip;q=x, gzip") }, true },
	{ "12.4.2: white space", { SLICE_INIT("gzip ; q=0 ,\tbr") }, false },
	{ "5.6.1: empty elements", { SLICE_INIT(",, gzip,") }, true },
	{ "5.3: two fields", { SLICE_INIT("br"), SLICE_INIT("gzip") }, true },
	{ "5.3: two fields, the first says no",
	  { SLICE_INIT("gzip;q=0"), SLICE_INIT("*") },
	  false },
};

static void codings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(coding_rows) / sizeof(coding_rows[0]); i++) {
		const struct coding_row *row = &coding_rows[i];
		struct http_head h = { .n_fields = 0 };

		for (size_t f = 0; f < 2 && row->in[f].p != NULL; f++)
			h.field[h.n_fields++] =
				(struct http_field){ SLICE("accept-encoding"),
						     row->in[f] };
		if (http_accept_gzip(&h) != row->gzip)
			fail_msg("%s", row->name);
	}
}

static const struct {
	const char *name;
	struct slice in;
	bool json;
} data_rows[] = {
	{ "absent", { NULL, 0 }, false },
	{ "anything (curl)", SLICE_INIT("*/*"), false },
	{ "a browser", SLICE_INIT("text/html,*/*;q=0.8"), false },
	{ "a page's script", SLICE_INIT("application/json"), true },
	{ "axios", SLICE_INIT("application/json, text/plain, */*"), false },
	{ "jQuery", SLICE_INIT("application/json, */*; q=0.01"), true },
	{ "both alike", SLICE_INIT("text/html, application/json"), false },
	{ "anything but a page", SLICE_INIT("*/*, text/html;q=0"), true },
};

static void prefers_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(data_rows) / sizeof(data_rows[0]); i++)
		if (http_accept_json(data_rows[i].in) != data_rows[i].json)
			fail_msg("%s", data_rows[i].name);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(preferences),
						   cmocka_unit_test(prefers_data),
						   cmocka_unit_test(codings) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
