/* Strings of workbooks: runs joined, hints left out, escapes resolved, in every split. */
#include "parse/xlsx_rich.h"

#include "tests/unit/xml_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef int read_fn(struct xml *x, struct buf *to, struct err *e);

static const struct row {
	const char *name;
	read_fn *read;
	const char *xml;
	const char *want; /* NULL: refused */
} rows[] = {
	{ "plain", xlsx_plain_read, "<t>JT 1</t>", "JT 1" },
	{ "empty", xlsx_plain_read, "<t></t>", "" },
	{ "an empty element", xlsx_plain_read, "<t/>", "" },
	{ "white space, asked for or not", xlsx_plain_read,
	  "<t xml:space='preserve'> a\n b </t>", " a\n b " },
	{ "white space that nobody asked for", xlsx_plain_read, "<t>  a </t>", "  a " },
	{ "references", xlsx_plain_read, "<t>&lt;Ni&#241;o &amp; &#x6f;&gt;</t>",
	  "<Ni\xc3\xb1o & o>" },
	{ "CDATA is text", xlsx_plain_read, "<t>a<![CDATA[<b>&amp;]]>c</t>",
	  "a<b>&amp;c" },
	{ "comments and instructions are none", xlsx_plain_read,
	  "<t>a<!-- x -->b<?y z?>c</t>", "abc" },
	{ "escapes", xlsx_plain_read, "<t>a_x000D__x000A_b</t>", "a\r\nb" },
	{ "an escaped escape", xlsx_plain_read, "<t>_x005F_x0041_</t>", "_x0041_" },
	{ "an escape in pieces of markup", xlsx_plain_read,
	  "<t>_x00<!-- -->41<![CDATA[_]]></t>", "A" },
	{ "an escaped surrogate pair", xlsx_plain_read, "<t>_xD83D__xDCE6_</t>",
	  "\xf0\x9f\x93\xa6" },
	{ "elements in a text are left out", xlsx_plain_read, "<t>a<b>c<d/></b>e</t>",
	  "ae" },
	{ "cut off", xlsx_plain_read, "<t>abc", NULL },
	{ "a reference to nothing", xlsx_plain_read, "<t>&x;</t>", NULL },

	{ "one text", xlsx_rich_read, "<si><t>Ana</t></si>", "Ana" },
	{ "nothing", xlsx_rich_read, "<si/>", "" },
	{ "runs", xlsx_rich_read,
	  "<si><r><rPr><b/><sz val='11'/></rPr><t>Ana </t></r>"
	  "<r><t>Cruz</t></r></si>",
	  "Ana Cruz" },
	{ "a text and runs", xlsx_rich_read, "<si><t>A</t><r><t>B</t></r></si>", "AB" },
	{ "phonetic hints", xlsx_rich_read,
	  "<si><t>\xe8\xbf\x90</t><rPh sb='0' eb='1'><t>yun</t></rPh>"
	  "<phoneticPr fontId='1'/></si>",
	  "\xe8\xbf\x90" },
	{ "prefixes", xlsx_rich_read, "<x:si xmlns:x='u'><x:r><x:t>a</x:t></x:r></x:si>",
	  "a" },
	{ "text between elements is none", xlsx_rich_read,
	  "<si> <r> <t>a</t> </r> b </si>", "a" },
	{ "a run in a run is none", xlsx_rich_read,
	  "<si><r><r><t>a</t></r><t>b</t></r></si>", "b" },
	{ "escapes do not reach over runs", xlsx_rich_read,
	  "<si><r><t>_x00</t></r><r><t>41_</t></r></si>", "_x0041_" },
	{ "what follows is left", xlsx_rich_read, "<sst><si><t>a</t></si><si/></sst>",
	  "a" },
	{ "cut off in a run", xlsx_rich_read, "<si><r><t>a</t>", NULL },
};

/* The string's START is the last one that may come: an enclosing <sst> is passed. */
static int open_at_string(struct xml *x, struct err *e)
{
	struct xml_token t;
	int got = xml_next(x, &t, e);

	if (got == PARSE_MORE && slice_eq(t.name, SLICE("sst")))
		got = xml_next(x, &t, e);
	return got == PARSE_MORE && t.kind == XML_START ? 0 : -1;
}

static void check(const struct row *r, size_t step)
{
	struct xml_feed feed = { slice_str(r->xml), step };
	struct err e = { 0 };
	struct xml *x;
	struct buf b;
	int rc;

	buf_init(&b, 1000);
	assert_int_equal(buf_add(&b, SLICE("before "), &e), 0);
	assert_int_equal(xml_open(xml_feed_read, &feed, &xlsx_xml_limits, &x, &e), 0);
	assert_int_equal(open_at_string(x, &e), 0);
	rc = r->read(x, &b, &e);
	xml_close(&x);
	if (r->want == NULL ? rc == 0 || e.kind != ERR_INPUT : rc != 0)
		fail_msg("%s, step %zu: %d %s", r->name, step, rc, e.text);
	if (r->want != NULL &&
	    !slice_eq(slice_from(buf_slice(&b), strlen("before ")), slice_str(r->want)))
		fail_msg("%s, step %zu: %.*s", r->name, step, (int)b.n, b.p);
	assert_true(slice_starts(buf_slice(&b), SLICE("before ")));
	buf_release(&b);
}

static void same_for_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t step = 1; step <= strlen(rows[i].xml) + 1; step++)
			check(&rows[i], step);
}

static void longer_than_its_cap(void **state)
{
	struct xml_feed feed = { SLICE("<t>123456&amp;</t>"), 100 };
	struct err e = { 0 };
	struct xml *x;
	struct buf b;

	(void)state;
	buf_init(&b, 6);
	assert_int_equal(xml_open(xml_feed_read, &feed, &xlsx_xml_limits, &x, &e), 0);
	assert_int_equal(open_at_string(x, &e), 0);
	assert_int_equal(xlsx_plain_read(x, &b, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	xml_close(&x);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_for_every_split),
		cmocka_unit_test(longer_than_its_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
