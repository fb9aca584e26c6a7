/* Tags: scanned whole, asked to wait for every part of them, and refused. */
#include "parse/xml_tag.h"

#include "tests/unit/xml_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

/* What is open (as "<a><b>"), the tag, and the token: "<p:name a=v>", "<name/>",
 * "</name>"; or "!" and the words of the refusal. */
static const struct row {
	const char *name, *open, *tag, *want;
} rows[] = {
	{ "a start", "", "<a>", "<a>" },
	{ "an empty one", "", "<a/>", "<a/>" },
	{ "with space", "", "<a \n>", "<a>" },
	{ "empty with space", "", "<a />", "<a/>" },
	{ "a prefix", "", "<x:a>", "<x:a>" },
	{ "attributes", "", "<c r='A1' t=\"s\">", "<c r=A1 t=s>" },
	{ "attributes with prefixes", "", "<c r:id='1' id='2'/>", "<c r:id=1 id=2/>" },
	{ "space around =", "", "<c r = 'A1' >", "<c r=A1>" },
	{ "the other quote", "", "<c r='\"' s=\"'\">", "<c r=\" s='>" },
	{ "> in a value", "", "<c r='a>b'>", "<c r=a>b>" },
	{ "references stay", "", "<c r='&lt;&#65;'>", "<c r=&lt;&#65;>" },
	{ "an empty value", "", "<c r=''>", "<c r=>" },
	{ "as many as may be", "", "<c a='' b='' d=''/>", "<c a= b= d=/>" },
	{ "names alike", "", "<c ab='' a='' abc=''>", "<c ab= a= abc=>" },
	{ "letters beyond ASCII", "", "<\xc3\xb1 \xe8\xbf\x90='1'>",
	  "<\xc3\xb1 \xe8\xbf\x90=1>" },
	{ "inside of others", "<a><b>", "<c>", "<c>" },
	{ "as long as may be", "",
	  "<a b='0123456789012345678901234567890123456789012345678901'>",
	  "<a b=0123456789012345678901234567890123456789012345678901>" },

	{ "an end", "<a>", "</a>", "</a>" },
	{ "an end with space", "<a>", "</a \t>", "</a>" },
	{ "of a name of a word", "<abcdefgh>", "</abcdefgh>", "</abcdefgh>" },
	{ "of a longer name", "<sheetData>", "</sheetData>", "</sheetData>" },
	{ "of a prefix", "<x:a>", "</x:a>", "</x:a>" },
	{ "of a long prefix", "<prefixed:sheetData>", "</prefixed:sheetData>",
	  "</prefixed:sheetData>" },
	{ "of the inner one", "<sheetData><sheetDatum>", "</sheetDatum>",
	  "</sheetDatum>" },

	{ "no name", "", "<>", "!a name should begin here" },
	{ "a digit", "", "<1>", "!a name should begin here" },
	{ "a sign in a name", "", "<a\xc3\x97>", "!not a name" },
	{ "a prefix of signs", "", "<\xc3\x97:a>", "!not a name" },
	{ "two colons", "", "<a:b:c>", "!not part of a tag" },
	{ "a colon alone", "", "<a:>", "!a name should begin here" },
	{ "no =", "", "<a b>", "!'=' should be here" },
	{ "no quotes", "", "<a b=1>", "!a quoted value should begin here" },
	{ "< in a value", "", "<a b='<'>", "!'<' in a value" },
	{ "an entity of a DTD", "", "<a b='&x;'>", "!unknown entity" },
	{ "no space between", "", "<a b='1'c='2'>", "!not part of a tag" },
	{ "the same twice", "", "<a b='1' c='2' b='3'>", "!the same attribute twice" },
	{ "too many", "", "<c a='' b='' d='' e=''>", "!more than 3 attributes" },
	{ "/ and no >", "", "<a/ >", "!not part of a tag" },
	{ "too long", "", "<a b='01234567890123456789012345678901234567890123456789012'>",
	  "!markup of more than 60 bytes" },
	{ "too deep", "<a><b><c>", "<d>", "!more than 3 elements" },

	{ "an end of nothing", "", "</a>", "!an end tag without a start" },
	{ "of another", "<a>", "</b>", "!</b> does not close" },
	{ "of a longer one", "<a>", "</ab>", "!</ab> does not close" },
	{ "of a shorter one", "<ab>", "</a>", "!</a> does not close" },
	{ "of one that differs late", "<sheetData1>", "</sheetData2>",
	  "!</sheetData2> does not close" },
	{ "of another prefix", "<x:a>", "</y:a>", "!</y:a> does not close" },
	{ "of no prefix", "<x:a>", "</a>", "!</a> does not close" },
	{ "of the outer one", "<a><b>", "</a>", "!</a> does not close" },
	{ "with an attribute", "<a>", "</a b='1'>", "!not part of an end tag" },
	{ "with a colon behind", "<a>", "</a:b>", "!</a:b> does not close" },
};

static enum xml_step scan(struct xml_place *p, struct xml_token *t, struct err *e)
{
	return p->x.w.buf[1] == '/' ? xml_end_tag(&p->x, t, e)
				    : xml_start_tag(&p->x, t, e);
}

static void open_all(struct xml_place *p, const char *tags)
{
	struct slice rest = slice_str(tags);

	xml_place_init(p, PROLOG);
	while (rest.n > 0) {
		struct slice tag = { rest.p, slice_split(&rest, '>').n + 1 };
		struct err e = { 0 };
		struct xml_token t;

		xml_place_put(p, tag);
		assert_int_equal(xml_start_tag(&p->x, &t, &e), STEP_TOKEN);
	}
}

static void write_token(const struct xml_token *t, char *to, size_t size)
{
	int n = snprintf(to, size, "%s%.*s%s%.*s", t->kind == XML_END ? "</" : "<",
			 (int)t->prefix.n, t->prefix.p, t->prefix.n > 0 ? ":" : "",
			 (int)t->name.n, t->name.p);

	for (size_t i = 0; t->kind == XML_START && i < t->n_attr; i++)
		n += snprintf(to + n, size - (size_t)n, " %.*s=%.*s",
			      (int)t->attr[i].name.n, t->attr[i].name.p,
			      (int)t->attr[i].value.n, t->attr[i].value.p);
	(void)snprintf(to + n, size - (size_t)n, "%s",
		       t->kind == XML_START && t->empty ? "/>" : ">");
}

/* The whole tag, and a byte behind it that is not its business. */
static void check_whole(const struct row *r)
{
	struct xml_place p;
	struct xml_token t = { 0 };
	struct err e = { 0 };
	char got[200], text[200];
	enum xml_step step;

	open_all(&p, r->open);
	(void)snprintf(text, sizeof(text), "%s<", r->tag);
	xml_place_put(&p, slice_str(text));
	step = scan(&p, &t, &e);
	if (r->want[0] == '!') {
		if (step != STEP_FAIL || strstr(e.text, r->want + 1) == NULL)
			fail_msg("%s: %d %s", r->name, step, e.text);
	} else {
		if (step != STEP_TOKEN)
			fail_msg("%s: %d %s", r->name, step, e.text);
		write_token(&t, got, sizeof(got));
		assert_string_equal(got, r->want);
		assert_int_equal(p.x.pos, strlen(r->tag));
	}
	xml_place_release(&p);
}

/* Whatever it lacks, more may come: a good tag is waited for, a bad one too, or refused
 * by the same words. */
static void check_part(const struct row *r, size_t n)
{
	struct xml_place p;
	struct xml_token t;
	struct err e = { 0 };
	enum xml_step step;

	open_all(&p, r->open);
	xml_place_put(&p, (struct slice){ r->tag, n });
	step = scan(&p, &t, &e);
	if (step == STEP_FAIL ? r->want[0] != '!' || strstr(e.text, r->want + 1) == NULL
			      : step != STEP_SHORT)
		fail_msg("%s, %zu bytes: %d %s", r->name, n, step, e.text);
	assert_int_equal(p.x.pos, 0);
	xml_place_release(&p);
}

static void whole_and_in_part(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool end = rows[i].tag[1] == '/';

		check_whole(&rows[i]);
		for (size_t n = end ? 2 : 1; n < strlen(rows[i].tag); n++)
			check_part(&rows[i], n);
	}
}

/* An element opened and closed leaves everything as it was, its long name, too. */
static void what_is_open(void **state)
{
	static const char *const tags[] = { "<sheetData>",   "<worksheet2>",
					    "</worksheet2>", "<a>",
					    "</a>",          "</sheetData>" };
	static const size_t depth[] = { 1, 2, 1, 2, 1, 0 };
	struct xml_place p;
	struct xml_token t;
	struct err e = { 0 };

	(void)state;
	xml_place_init(&p, PROLOG);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		xml_place_put(&p, slice_str(tags[i]));
		assert_int_equal(scan(&p, &t, &e), STEP_TOKEN);
		assert_int_equal(p.x.depth, depth[i]);
		assert_int_equal(p.x.state, depth[i] == 0 ? EPILOG : CONTENT);
	}
	assert_int_equal(p.x.n_names, 0);
	xml_place_put(&p, SLICE("<b>"));
	assert_int_equal(scan(&p, &t, &e), STEP_FAIL);
	assert_non_null(strstr(e.text, "a second root element"));
	xml_place_release(&p);
}

/* The names of all that is open are bounded together. */
static void long_names(void **state)
{
	struct xml_place p;
	struct xml_token t;
	struct err e = { 0 };

	(void)state;
	xml_place_init(&p, PROLOG);
	xml_place_put(&p, SLICE("<a12345678901234567890123456789012345678901234567890>"));
	assert_int_equal(scan(&p, &t, &e), STEP_TOKEN);
	xml_place_put(&p, SLICE("<b12345678>"));
	assert_int_equal(scan(&p, &t, &e), STEP_TOKEN);
	xml_place_put(&p, SLICE("<c12345678>"));
	assert_int_equal(scan(&p, &t, &e), STEP_FAIL);
	assert_int_equal(e.kind, ERR_LIMIT);
	xml_place_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_in_part),
		cmocka_unit_test(what_is_open),
		cmocka_unit_test(long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
