/*
 * The table of shared strings: plain and rich ones, escapes, limits.
 */
#include "parse/xlsx_strings.h"

#include "tests/unit/xml_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NS "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

static const struct table_limits limits = { .max_strings = 200, .max_cell = 40 };

static const struct sample {
	const char *name, *xml;
	const char *want; /* the strings, each with a '|' behind it; NULL: refused */
	enum err_kind kind;
	const char *text; /* of the refusal, a part of it */
} rows[] = {
	{ "none", "<sst xmlns='" NS "'/>", "", 0, NULL },
	{ "plain", "<sst><si><t>a</t></si><si><t>b c</t></si></sst>", "a|b c|", 0, NULL },
	{ "counts are hints",
	  "<sst count='1' uniqueCount='999999999'><si><t>a</t></si></sst>", "a|", 0,
	  NULL },
	{ "empty ones keep their place",
	  "<sst><si/><si><t/></si><si><t></t></si><si><t>x</t></si></sst>", "|||x|", 0,
	  NULL },
	/* Once added an offset to the NULL that a table without bytes has. */
	{ "nothing but empty ones", "<sst><si/><si><t/></si></sst>", "||", 0, NULL },
	{ "rich runs joined",
	  "<sst><si><r><rPr><b/><sz val='11'/></rPr><t>Juan "
	  "</t></r><r><t>Cruz</t></r></si></sst>",
	  "Juan Cruz|", 0, NULL },
	{ "phonetic left out",
	  "<sst><si><t>\xE6\x9D\xB1</t><rPh sb='0' eb='1'><t>\xE3\x83\x88</t></rPh>"
	  "<phoneticPr fontId='1'/></si></sst>",
	  "\xE6\x9D\xB1|", 0, NULL },
	{ "space kept",
	  "<sst><si><t xml:space='preserve'> a </t></si><si><t> b\n</t></si></sst>",
	  " a | b\n|", 0, NULL },
	{ "space between elements is none",
	  "<sst>\n <si>\n  <t>a</t>\n </si>\n <si>\n <r>\n <t>b</t>\n </r>\n "
	  "</si>\n</sst>\n",
	  "a|b|", 0, NULL },
	{ "references", "<sst><si><t>R&amp;D &lt;1&gt; &#xF1;&#33;</t></si></sst>",
	  "R&D <1> \xC3\xB1!|", 0, NULL },
	{ "cdata", "<sst><si><t>a<![CDATA[<b>]]>c</t></si></sst>", "a<b>c|", 0, NULL },
	{ "comment inside", "<sst><si><t>a<!-- no -->b</t></si></sst>", "ab|", 0, NULL },
	{ "escapes", "<sst><si><t>a_x000A_b_x005F_x000D_</t></si></sst>", "a\nb_x000D_|",
	  0, NULL },
	{ "no escape across runs",
	  "<sst><si><r><t>_x00</t></r><r><t>41_</t></r></si></sst>", "_x0041_|", 0,
	  NULL },
	{ "prefixed", "<x:sst xmlns:x='" NS "'><x:si><x:t>a</x:t></x:si></x:sst>", "a|",
	  0, NULL },
	{ "extension passed over",
	  "<sst><si><t>a</t></si><extLst><ext><si><t>no</t></si></ext></extLst></sst>",
	  "a|", 0, NULL },
	{ "40 characters",
	  "<sst><si><t>\xC3\xB1"
	  "123456789012345678901234567890123456789</t></si></sst>",
	  "\xC3\xB1"
	  "123456789012345678901234567890123456789|",
	  0, NULL },
	{ "41 characters",
	  "<sst><si><t>ok</t></si><si><t>12345678901234567890123456789012345678901</t>"
	  "</si></sst>",
	  NULL, ERR_LIMIT, "shared strings: string 1 is longer than 40 characters" },
	{ "too many bytes",
	  "<sst><si><t>1234567890123456789012345678901234567890</t></si>"
	  "<si><t>1234567890123456789012345678901234567890</t></si>"
	  "<si><t>1234567890123456789012345678901234567890</t></si>"
	  "<si><t>1234567890123456789012345678901234567890</t></si>"
	  "<si><t>12345678901234567890123456789</t></si></sst>",
	  NULL, ERR_LIMIT, "shared strings: more than 200 bytes" },
	{ "too many of them",
	  "<sst><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/"
	  "><si/>"
	  "<si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/"
	  "><si/>"
	  "<si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/><si/"
	  "><si/>"
	  "<si/><si/><si/><si/></sst>",
	  NULL, ERR_LIMIT, "shared strings: more than 200 bytes" },
	{ "another part", "<worksheet><sheetData/></worksheet>", NULL, ERR_INPUT,
	  "\"worksheet\" is not a table of shared strings" },
	{ "cut off", "<sst><si><t>a</t></si><si><t>b", NULL, ERR_INPUT,
	  "shared strings: XML" },
	{ "not well formed", "<sst><si><t>a</si></sst>", NULL, ERR_INPUT,
	  "shared strings: XML" },
	{ "nothing", "", NULL, ERR_INPUT, "shared strings: XML" },
};

/* The strings of one reading, each with a '|' behind it. */
static struct slice list(const struct xlsx_strings *s, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < xlsx_strings_count(s); i++) {
		struct slice text = xlsx_strings_at(s, i);

		assert_true(text.n < size - n);
		if (text.n > 0)
			memcpy(to + n, text.p, text.n);
		n += text.n;
		to[n++] = '|';
	}
	return (struct slice){ to, n };
}

static void check(const struct sample *row, size_t step)
{
	struct xml_feed feed = { slice_str(row->xml), step };
	struct xlsx_strings *s;
	struct err e = { 0 };
	char text[512];
	int got = xlsx_strings_open(xml_feed_read, &feed, &limits, &s, &e);

	if (row->want == NULL) {
		if (got != -1 || s != NULL || e.kind != row->kind ||
		    strstr(e.text, row->text) == NULL)
			fail_msg("%s, step %zu: %d, kind %u, \"%s\"", row->name, step,
				 got, e.kind, e.text);
		return;
	}
	if (got != 0)
		fail_msg("%s, step %zu: %s", row->name, step, e.text);
	if (!slice_eq(list(s, text, sizeof(text)), slice_str(row->want)))
		fail_msg("%s, step %zu: \"%.*s\"", row->name, step,
			 (int)list(s, text, sizeof(text)).n, text);
	xlsx_strings_close(&s);
	assert_null(s);
}

static void same_for_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t step = 1; step <= strlen(rows[i].xml) + 1; step++)
			check(&rows[i], step);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_for_every_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
