/*
 * Styles: which of them show a date.
 */
#include "parse/xlsx_styles.h"

#include "parse/xlsx_rich.h"
#include "tests/unit/xml_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct sample {
	const char *name, *xml;
	const char *want; /* a letter for each style: d a date, n none; NULL: refused */
} samples[] = {
	{ "none", "<styleSheet/>", "" },
	{ "built in",
	  "<styleSheet><cellXfs count='9'><xf numFmtId='0'/><xf numFmtId='14'/><xf "
	  "numFmtId='2'/>"
	  "<xf numFmtId='22'/><xf numFmtId='31'/><xf/></cellXfs></styleSheet>",
	  "ndnddn" },
	{ "own formats",
	  "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='yyyy\\-mm\\-dd;@'/>"
	  "<numFmt numFmtId='165' formatCode='0.00&quot; days&quot;'/></numFmts>"
	  "<cellXfs><xf numFmtId='165'/><xf numFmtId='164'/><xf "
	  "numFmtId='166'/></cellXfs>"
	  "</styleSheet>",
	  "ndn" },
	{ "own formats win over built-in ones",
	  "<styleSheet><numFmts><numFmt numFmtId='14' formatCode='0.00'/>"
	  "<numFmt numFmtId='1' formatCode='h:mm'/></numFmts>"
	  "<cellXfs><xf numFmtId='1'/><xf numFmtId='14'/></cellXfs></styleSheet>",
	  "dn" },
	{ "formats behind the styles",
	  "<styleSheet><cellXfs><xf numFmtId='200'/></cellXfs>"
	  "<numFmts><numFmt numFmtId='200' formatCode='d'/></numFmts></styleSheet>",
	  "d" },
	{ "styles of styles are others",
	  "<styleSheet><cellStyleXfs><xf numFmtId='14'/><xf "
	  "numFmtId='14'/></cellStyleXfs>"
	  "<cellXfs><xf numFmtId='0'><alignment/><extLst><xf "
	  "numFmtId='14'/></extLst></xf>"
	  "<xf numFmtId='14'/></cellXfs><dxfs><dxf><numFmt numFmtId='0' "
	  "formatCode='d'/></dxf>"
	  "</dxfs></styleSheet>",
	  "nd" },
	{ "prefixed",
	  "<x:styleSheet xmlns:x='u'><x:cellXfs><x:xf numFmtId='14'/></x:cellXfs>"
	  "</x:styleSheet>",
	  "d" },
	{ "an id that is none",
	  "<styleSheet><cellXfs><xf numFmtId='x'/></cellXfs></styleSheet>", NULL },
	{ "another part", "<sst/>", NULL },
	{ "cut off", "<styleSheet><cellXfs><xf numFmtId='14'/>", NULL },
};

static void check(const struct sample *sample, size_t step)
{
	struct xml_feed feed = { slice_str(sample->xml), step };
	struct xlsx_styles s;
	struct err e = { 0 };
	struct xml *x;
	char got[64] = "";
	int rc;

	assert_int_equal(xml_open(xml_feed_read, &feed, &xlsx_xml_limits, &x, &e), 0);
	rc = xlsx_styles_read(x, &s, &e);
	xml_close(&x);
	if (sample->want == NULL ? rc == 0 || e.kind != ERR_INPUT : rc != 0)
		fail_msg("%s, step %zu: %d %s", sample->name, step, rc, e.text);
	if (sample->want != NULL) {
		assert_true(s.n < sizeof(got));
		for (size_t i = 0; i < s.n; i++)
			got[i] = s.date[i] ? 'd' : 'n';
		if (strcmp(got, sample->want) != 0)
			fail_msg("%s, step %zu: %s", sample->name, step, got);
	}
	xlsx_styles_release(&s);
}

static void same_for_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		for (size_t step = 1; step <= strlen(samples[i].xml) + 1; step++)
			check(&samples[i], step);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_for_every_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
