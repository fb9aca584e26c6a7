/*
 * Pages or data, by the Accept fields that clients send (RFC 9110 section 12.5.1).
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

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(preferences) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
