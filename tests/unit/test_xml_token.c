/* XML: tokens, well-formedness, encodings and limits, in every split. */
#include "parse/xml_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static const struct xml_limits limits = {
	.max_depth = 4, .max_attrs = 3, .max_markup = 200, .window = 64
};

/*
 * Tokens are written "<p:name a=v>", "</p:name>" and the text as it is; an empty
 * element's START as "<name/>". References are resolved. A failure is "!kind text".
 */
static const struct row {
	const char *name;
	struct slice in;
	const char *want;
} rows[] = {
	{ "empty element", SLICE_INIT("<a/>"), "<a/></a>" },
	{ "text", SLICE_INIT("<a>b</a>"), "<a>b</a>" },
	{ "cell", SLICE_INIT("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>12</v></c></row>"),
	  "<row r=1><c r=A1 t=s><v>12</v></c></row>" },
	{ "quotes of both kinds", SLICE_INIT("<a b='\"' c=\"'\"/>"),
	  "<a b=\" c='/></a>" },
	{ "spaces in tags", SLICE_INIT("<a \n b = \"c\"\t>d</a \r\n>"), "<a b=c>d</a>" },
	{ "prefixes", SLICE_INIT("<x:a y:b=\"c\"><x:d/></x:a>"),
	  "<x:a y:b=c><x:d/></x:d></x:a>" },
	{ "names longer than a word",
	  SLICE_INIT("<worksheets><x:sheetData1><a234567><b/></a234567></x:sheetData1>"
		     "</worksheets>"),
	  "<worksheets><x:sheetData1><a234567><b/></b></a234567></x:sheetData1></"
	  "worksheets>" },
	{ "siblings with long names",
	  SLICE_INIT("<a><sheetDimension>1</sheetDimension><sheetViewport>2</"
		     "sheetViewport></a>"),
	  "<a><sheetDimension>1</sheetDimension><sheetViewport>2</sheetViewport></a>" },
	{ "names beyond ascii", SLICE_INIT("<\xc3\xb1 \xe8\xbf\x90=\"1\"/>"),
	  "<\xc3\xb1 \xe8\xbf\x90=1/></\xc3\xb1>" },
	{ "references",
	  SLICE_INIT("<a b=\"&lt;&#65;&#x42;\">&amp;&gt;&quot;&apos;&#xF1;</a>"),
	  "<a b=<AB>&>\"'\xc3\xb1</a>" },
	{ "cdata", SLICE_INIT("<a>b<![CDATA[<c>&amp;]]]]><![CDATA[]]>d</a>"),
	  "<a>b<c>&amp;]]d</a>" },
	{ "long cdata",
	  SLICE_INIT(
		  "<a><![CDATA[0123456789012345678901234567890123456789012345678901234567"
		  "89\xe8\xbf\x90\xe8\xbf\x90\xe8\xbf\x90\r\n\r\r\n]]]]]></a>"),
	  "<a>012345678901234567890123456789012345678901234567890123456789"
	  "\xe8\xbf\x90\xe8\xbf\x90\xe8\xbf\x90\n\n\n]]]</a>" },
	{ "long text",
	  SLICE_INIT("<a>01234567890123456789012345678901234567890123456789012345678&amp;"
		     "&lt;"
		     "\xe8\xbf\x90\xe8\xbf\x90\xe8\xbf\x90\r\n012345678901234567890123456"
		     "78901"
		     "2345678901234567890123456789]]\r\r\n]</a>"),
	  "<a>01234567890123456789012345678901234567890123456789012345678&<"
	  "\xe8\xbf\x90\xe8\xbf\x90\xe8\xbf\x90\n0123456789012345678901234567890123456789"
	  "01234"
	  "567890123456789]]\n\n]</a>" },
	{ "a tag longer than the window",
	  SLICE_INIT("<a b=\"012345678901234567890123456789012345678901234567890123456789"
		     "012345678901234567890123456789012345678901234567890123456789\"/>"),
	  "<a "
	  "b=0123456789012345678901234567890123456789012345678901234567890123456789012345"
	  "67890123456789012345678901234567890123456789/></a>" },
	{ "line ends", SLICE_INIT("<a>b\r\nc\rd\ne</a>"), "<a>b\nc\nd\ne</a>" },
	{ "a reference is no line end", SLICE_INIT("<a>b&#13;&#10;c</a>"),
	  "<a>b\r\nc</a>" },
	{ "comments and instructions",
	  SLICE_INIT("<?xml version=\"1.0\"?><!-- <b> - --><?p?><a><!----><?p q? >?>b</a>"
		     "<!--c--> <?p?>\n"),
	  "<a>b</a>" },
	{ "brackets in text", SLICE_INIT("<a>]]x]&gt;]></a>"), "<a>]]x]>]></a>" },
	{ "declaration",
	  SLICE_INIT("<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\r\n<a/>"),
	  "<a/></a>" },
	{ "utf-8 mark", SLICE_INIT("\xef\xbb\xbf<?xml version='1.0'?><a>\xc3\xb1</a>"),
	  "<a>\xc3\xb1</a>" },
	{ "utf-16le", SLICE_INIT("\xff\xfe<\0a\0>\0\xf1\0\x3d\xd8\xe6\xdc<\0/\0a\0>\0"),
	  "<a>\xc3\xb1\xf0\x9f\x93\xa6</a>" },
	{ "utf-16be", SLICE_INIT("\xfe\xff\0<\0a\0>\0\xf1\xd8\x3d\xdc\xe6\0<\0/\0a\0>"),
	  "<a>\xc3\xb1\xf0\x9f\x93\xa6</a>" },
	{ "utf-16 that says so",
	  SLICE_INIT("\xff\xfe<\0?\0x\0m\0l\0 \0v\0e\0r\0s\0i\0o\0n\0=\0'\0"
		     "1\0.\0"
		     "0\0'\0 \0e\0n\0c\0o\0d\0i\0n\0g\0=\0'\0U\0T\0F\0-\0"
		     "1\0"
		     "6\0'\0?\0>\0<\0a\0/\0>\0"),
	  "<a/></a>" },

	{ "nothing", SLICE_INIT(""), "!1 XML byte 0: the document has no element" },
	{ "only space", SLICE_INIT(" \n"), "!1 XML byte 2: the document has no element" },
	{ "cut in a tag", SLICE_INIT("<a><b "),
	  "<a>!1 XML byte 6: the document is cut off" },
	{ "cut in text", SLICE_INIT("<a>b"),
	  "<a>!1 XML byte 4: the document is cut off" },
	{ "cut in cdata", SLICE_INIT("<a><![CDATA[b]]"),
	  "<a>!1 XML byte 15: the document is cut off" },
	{ "cut in a comment", SLICE_INIT("<a/><!-- "),
	  "<a/></a>!1 XML byte 9: the document is cut off" },
	{ "wrong end", SLICE_INIT("<a><b></a>"),
	  "<a><b>!1 XML byte 6: </a> does not close what is open" },
	{ "end that begins alike", SLICE_INIT("<a></ab>"),
	  "<a>!1 XML byte 3: </ab> does not close what is open" },
	{ "long end that differs late", SLICE_INIT("<sheetData1></sheetData2>"),
	  "<sheetData1>!1 XML byte 12: </sheetData2> does not close what is open" },
	{ "wrong end with a long name", /* it was cut inside of a character */
	  SLICE_INIT("<a></"
		     "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\xc3\xb1\xc3\xb1\xc3\xb1\xc3"
		     "\xb1"
		     "\xc3\xb1\xc3\xb1\xc3\xb1\xc3\xb1\xc3\xb1\xc3\xb1\xc3\xb1\xc3\xb1>"),
	  "<a>!1 XML byte 3: the end tag does not close what is open" },
	{ "end with another prefix", SLICE_INIT("<x:a></y:a>"),
	  "<x:a>!1 XML byte 5: </y:a> does not close what is open" },
	{ "end without start", SLICE_INIT("</a>"),
	  "!1 XML byte 0: an end tag without a start" },
	{ "end with an attribute", SLICE_INIT("<a></a b='c'>"),
	  "<a>!1 XML byte 7: not part of an end tag" },
	{ "two roots", SLICE_INIT("<a/><b/>"),
	  "<a/></a>!1 XML byte 4: a second root element" },
	{ "text before", SLICE_INIT("b<a/>"),
	  "!1 XML byte 0: text outside of the root element" },
	{ "text behind", SLICE_INIT("<a/> b"),
	  "<a/></a>!1 XML byte 5: text outside of the root element" },
	{ "cdata outside", SLICE_INIT("<![CDATA[]]><a/>"),
	  "!1 XML byte 0: '<!' that begins nothing known" },
	{ "the same attribute twice", SLICE_INIT("<a b='1' c='2' b='3'/>"),
	  "!1 XML byte 15: the same attribute twice" },
	{ "no space between attributes", SLICE_INIT("<a b='1'c='2'/>"),
	  "!1 XML byte 8: not part of a tag" },
	{ "attribute without value", SLICE_INIT("<a b/>"),
	  "!1 XML byte 4: '=' should be here" },
	{ "attribute without quotes", SLICE_INIT("<a b=c/>"),
	  "!1 XML byte 5: a quoted value should begin here" },
	{ "'<' in a value", SLICE_INIT("<a b='<'/>"), "!1 XML byte 6: '<' in a value" },
	{ "no name", SLICE_INIT("< a/>"), "!1 XML byte 1: a name should begin here" },
	{ "name that begins with a digit", SLICE_INIT("<1/>"),
	  "!1 XML byte 1: a name should begin here" },
	{ "name with a sign", SLICE_INIT("<a\xc3\x97/>"), "!1 XML byte 1: not a name" },
	{ "two colons", SLICE_INIT("<a:b:c/>"), "!1 XML byte 4: not part of a tag" },
	{ "empty local name", SLICE_INIT("<a:/>"),
	  "!1 XML byte 3: a name should begin here" },
	{ "unknown entity", SLICE_INIT("<a>&nbsp;</a>"),
	  "<a>!1 XML byte 3: unknown entity" },
	{ "unknown entity in a value", SLICE_INIT("<a b='&x;'/>"),
	  "!1 XML byte 6: unknown entity" },
	{ "bare ampersand", SLICE_INIT("<a>b & c</a>"),
	  "<a>!1 XML byte 5: unknown entity" },
	{ "reference to NUL", SLICE_INIT("<a>&#0;</a>"),
	  "<a>!1 XML byte 3: unknown entity" },
	{ "reference to a surrogate", SLICE_INIT("<a>&#xD800;</a>"),
	  "<a>!1 XML byte 3: unknown entity" },
	{ "reference beyond unicode", SLICE_INIT("<a>&#x110000;</a>"),
	  "<a>!1 XML byte 3: unknown entity" },
	{ "reference that wraps", SLICE_INIT("<a>&#4294967361;</a>"),
	  "<a>!1 XML byte 3: unknown entity" },
	{ "reference without digits", SLICE_INIT("<a>&#x;</a>"),
	  "<a>!1 XML byte 3: unknown entity" },
	{ "cdata end in text", SLICE_INIT("<a>b]]>c</a>"),
	  "<a>!1 XML byte 4: ']]>' in text" },
	{ "dashes in a comment", SLICE_INIT("<!-- a -- b --><a/>"),
	  "!1 XML byte 7: '--' in a comment" },
	{ "document type", SLICE_INIT("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
	  "!1 XML byte 0: a document type declaration is not allowed" },
	{ "late declaration", SLICE_INIT(" <?xml version='1.0'?><a/>"),
	  "!1 XML byte 1: an XML declaration inside of the document" },
	{ "declaration in capitals", SLICE_INIT("<?XML version='1.0'?><a/>"),
	  "!1 XML byte 0: an XML declaration inside of the document" },
	{ "another encoding",
	  SLICE_INIT("<?xml version='1.0' encoding='iso-8859-1'?><a/>"),
	  "!1 XML byte 30: only UTF-8 and UTF-16 are read" },
	{ "utf-16 that is none",
	  SLICE_INIT("<?xml version='1.0' encoding='utf-16'?><a/>"),
	  "!1 XML byte 30: only UTF-8 and UTF-16 are read" },
	{ "declaration without version", SLICE_INIT("<?xml encoding='utf-8'?><a/>"),
	  "!1 XML byte 0: an XML declaration without version 1" },
	{ "declaration out of order",
	  SLICE_INIT("<?xml version='1.0' standalone='no' encoding='utf-8'?><a/>"),
	  "!1 XML byte 36: not part of an XML declaration" },
	{ "instruction with a bad name", SLICE_INIT("<?a+?><a/>"),
	  "!1 XML byte 3: not part of a name" },
	{ "bad utf-8", SLICE_INIT("<a>b\xff</a>"),
	  "<a>!1 XML byte 4: not a character that XML allows, or not UTF-8" },
	{ "utf-8 cut by the end", SLICE_INIT("<a>b\xc3"),
	  "<a>!1 XML byte 4: not a character that XML allows, or not UTF-8" },
	{ "control character", SLICE_INIT("<a>b\x01</a>"),
	  "<a>!1 XML byte 4: not a character that XML allows, or not UTF-8" },
	{ "nul", SLICE_INIT("<a>b\0</a>"),
	  "<a>!1 XML byte 4: not a character that XML allows, or not UTF-8" },
	{ "noncharacter", SLICE_INIT("<a>b\xef\xbf\xbe</a>"),
	  "<a>!1 XML byte 4: not a character that XML allows, or not UTF-8" },
	{ "lone surrogate in utf-16", SLICE_INIT("\xff\xfe<\0a\0>\0\x3d\xd8<\0/\0a\0>\0"),
	  "<a>!1 byte 8 (0x3d) is no UTF-16LE, as the text before it is" },

	{ "depth at the limit", SLICE_INIT("<a><a><a><a></a></a></a></a>"),
	  "<a><a><a><a></a></a></a></a>" },
	{ "depth over it", SLICE_INIT("<a><a><a><a><a/></a></a></a></a>"),
	  "<a><a><a><a>!3 XML with more than 4 elements in one another" },
	{ "attributes at the limit", SLICE_INIT("<a b='' c='' d='' />"),
	  "<a b= c= d=/></a>" },
	{ "attributes over it", SLICE_INIT("<a b='' c='' d='' e=''/>"),
	  "!3 XML byte 0: more than 3 attributes" },
	{ "markup over its limit",
	  SLICE_INIT(
		  "<a/"
		  "><!--0123456789012345678901234567890123456789012345678901234567890123"
		  "4567890123456789012345678901234567890123456789012345678901234567890123"
		  "4"
		  "56789012345678901234567890123456789012345678901234567890123456789012--"
		  ">"),
	  "<a/></a>!3 XML byte 4: markup of more than 200 bytes" },
};

struct source {
	struct slice rest;
	size_t step;
};

static int read_source(void *from, char *to, size_t size, size_t *n_r, struct err *e)
{
	struct source *s = from;
	struct slice part = slice_take(&s->rest, s->step < size ? s->step : size);

	(void)e;
	if (part.n > 0)
		memcpy(to, part.p, part.n);
	*n_r = part.n;
	return part.n == 0 ? PARSE_DONE : PARSE_MORE;
}

static void add(char *to, size_t size, struct slice what)
{
	size_t at = strlen(to);

	assert_true(what.n < size - at);
	if (what.n > 0)
		memcpy(to + at, what.p, what.n);
	to[at + what.n] = '\0';
}

static void add_raw(char *to, size_t size, struct slice raw)
{
	/* exactly as large as it may get, so that a sanitizer sees one byte more */
	char *plain = malloc(raw.n + (raw.n == 0));
	struct err e = { 0 };
	size_t n;

	assert_non_null(plain);
	assert_int_equal(xml_unescape(raw, plain, &n, &e), 0);
	assert_true(n <= raw.n);
	add(to, size, (struct slice){ plain, n });
	free(plain);
}

static void add_name(char *to, size_t size, const struct xml_token *t)
{
	add(to, size, t->prefix);
	add(to, size, t->prefix.n > 0 ? SLICE(":") : SLICE(""));
	add(to, size, t->name);
}

static void add_token(char *to, size_t size, const struct xml_token *t)
{
	switch (t->kind) {
	case XML_START:
		add(to, size, SLICE("<"));
		add_name(to, size, t);
		for (size_t i = 0; i < t->n_attr; i++) {
			add(to, size, SLICE(" "));
			add(to, size, t->attr[i].name);
			add(to, size, SLICE("="));
			add_raw(to, size, t->attr[i].value);
		}
		add(to, size, t->empty ? SLICE("/>") : SLICE(">"));
		break;
	case XML_END:
		add(to, size, SLICE("</"));
		add_name(to, size, t);
		add(to, size, SLICE(">"));
		break;
	case XML_TEXT:
		assert_true(t->text.n > 0);
		if (t->raw)
			add_raw(to, size, t->text);
		else
			add(to, size, t->text);
		break;
	}
}

static void tokenize(struct slice in, size_t step, uint32_t window, char *to, size_t size)
{
	struct source source = { in, step };
	struct xml_limits with = limits;
	struct xml_token t;
	struct err e = { 0 };
	struct xml *x;
	int rc;

	to[0] = '\0';
	with.window = window;
	assert_int_equal(xml_open(read_source, &source, &with, &x, &e), 0);
	while ((rc = xml_next(x, &t, &e)) == PARSE_MORE)
		add_token(to, size, &t);
	if (rc < 0) {
		char line[300];

		(void)snprintf(line, sizeof(line), "!%d %s", (int)e.kind, e.text);
		add(to, size, slice_str(line));
	} else {
		assert_int_equal(xml_next(x, &t, &e), PARSE_DONE);
	}
	xml_close(&x);
	assert_null(x);
	xml_close(&x);
}

/* Small windows move and grow at every place; the one in use sees whole documents. */
static void same_tokens_for_every_split(void **state)
{
	static const uint32_t window[] = { 64, 71, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t w = 0; w < sizeof(window) / sizeof(window[0]); w++)
			for (size_t step = 1; step <= rows[i].in.n + 1; step++) {
				char got[2048];

				tokenize(rows[i].in, step, window[w], got, sizeof(got));
				if (strcmp(got, rows[i].want) != 0)
					fail_msg("%s, step %zu, window %u: "
						 "got\n%s\nnot\n%s",
						 rows[i].name, step, window[w], got,
						 rows[i].want);
			}
}

/* Each row behind blanks that move it over the end of the window. */
static void same_tokens_at_every_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strstr(rows[i].want, "byte") != NULL || rows[i].in.p[0] != '<' ||
		    rows[i].in.p[1] == '?')
			continue;
		for (size_t pad = 0; pad < 130; pad++) {
			char in[1024], got[2048];

			memset(in, ' ', pad);
			memcpy(in + pad, rows[i].in.p, rows[i].in.n);
			tokenize((struct slice){ in, pad + rows[i].in.n }, 1000, 64, got,
				 sizeof(got));
			if (strcmp(got, rows[i].want) != 0)
				fail_msg("%s, pad %zu: got\n%s\nnot\n%s", rows[i].name,
					 pad, got, rows[i].want);
		}
	}
}

static void finds_attributes(void **state)
{
	struct source source = { SLICE("<a r:id=\"1\" id=\"2\" x=\"\"/>"), 100 };
	struct xml_token t;
	struct err e = { 0 };
	struct xml *x;

	(void)state;
	assert_int_equal(xml_open(read_source, &source, &limits, &x, &e), 0);
	assert_int_equal(xml_next(x, &t, &e), PARSE_MORE);
	assert_true(slice_eq(xml_attr_raw(&t, SLICE("r:id")), SLICE("1")));
	assert_true(slice_eq(xml_attr_raw(&t, SLICE("id")), SLICE("2")));
	assert_non_null(xml_attr_raw(&t, SLICE("x")).p);
	assert_int_equal(xml_attr_raw(&t, SLICE("x")).n, 0);
	assert_null(xml_attr_raw(&t, SLICE("r")).p);
	xml_close(&x);
}

static void skips_elements(void **state)
{
	struct source source = { SLICE("<a><b><c/>d</b><b/><e/></a>"), 5 };
	struct xml_token t;
	struct err e = { 0 };
	struct xml *x;

	(void)state;
	assert_int_equal(xml_open(read_source, &source, &limits, &x, &e), 0);
	assert_int_equal(xml_next(x, &t, &e), PARSE_MORE);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(xml_next(x, &t, &e), PARSE_MORE);
		assert_true(slice_eq(t.name, SLICE("b")));
		assert_int_equal(xml_skip(x, &e), 0);
	}
	assert_int_equal(xml_next(x, &t, &e), PARSE_MORE);
	assert_true(slice_eq(t.name, SLICE("e")));
	assert_int_equal(xml_skip(x, &e), 0);
	assert_int_equal(xml_next(x, &t, &e), PARSE_MORE);
	assert_int_equal(t.kind, XML_END);
	assert_int_equal(xml_next(x, &t, &e), PARSE_DONE);
	assert_int_equal(xml_offset(x), 27);
	xml_close(&x);
}

static void goes_from_child_to_child(void **state)
{
	struct source source = { SLICE("<a> <b><c/></b>x<d/><!-- --></a>"), 3 };
	static const char *const names[] = { "b", "d" };
	struct xml_token t;
	struct err e = { 0 };
	struct xml *x;

	(void)state;
	assert_int_equal(xml_open(read_source, &source, &limits, &x, &e), 0);
	assert_int_equal(xml_next(x, &t, &e), PARSE_MORE);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(xml_child(x, &t, &e), PARSE_MORE);
		assert_true(slice_eq(t.name, slice_str(names[i])));
		assert_int_equal(xml_skip(x, &e), 0);
	}
	assert_int_equal(xml_child(x, &t, &e), PARSE_DONE);
	assert_true(slice_eq(t.name, SLICE("a")));
	assert_int_equal(xml_next(x, &t, &e), PARSE_DONE);
	xml_close(&x);
}

static void skip_tells_what_is_wrong(void **state)
{
	struct source source = { SLICE("<a><b></c></a>"), 5 };
	struct xml_token t;
	struct err e = { 0 };
	struct xml *x;

	(void)state;
	assert_int_equal(xml_open(read_source, &source, &limits, &x, &e), 0);
	assert_int_equal(xml_next(x, &t, &e), PARSE_MORE);
	assert_int_equal(xml_skip(x, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	xml_close(&x);
}

static int read_failing(void *from, char *to, size_t size, size_t *n_r, struct err *e)
{
	(void)from, (void)to, (void)size, (void)n_r;
	return err_set(e, ERR_INTERNAL, "disk on fire");
}

static void passes_on_a_read_failure(void **state)
{
	struct xml_token t;
	struct err e = { 0 };
	struct xml *x;

	(void)state;
	assert_int_equal(xml_open(read_failing, NULL, &limits, &x, &e), 0);
	assert_int_equal(xml_next(x, &t, &e), -1);
	assert_string_equal(e.text, "disk on fire");
	xml_close(&x);
}

static void refuses_to_unescape_what_is_unknown(void **state)
{
	static const struct slice bad[] = { SLICE_INIT("&"), SLICE_INIT("&#"),
					    SLICE_INIT("a&am"), SLICE_INIT("&b;") };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = { 0 };
		char to[8];
		size_t n;

		assert_int_equal(xml_unescape(bad[i], to, &n, &e), -1);
		assert_int_equal(e.kind, ERR_INPUT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_tokens_for_every_split),
		cmocka_unit_test(same_tokens_at_every_place),
		cmocka_unit_test(finds_attributes),
		cmocka_unit_test(skips_elements),
		cmocka_unit_test(goes_from_child_to_child),
		cmocka_unit_test(skip_tells_what_is_wrong),
		cmocka_unit_test(passes_on_a_read_failure),
		cmocka_unit_test(refuses_to_unescape_what_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
