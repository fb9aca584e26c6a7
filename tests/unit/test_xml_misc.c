/* Comments, instructions, declarations and CDATA: passed, waited for, or refused. */
#include "parse/xml_misc.h"

#include "tests/unit/xml_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* want: NULL when it is passed, else words of the refusal. */
static const struct row {
	const char *name;
	enum xml_state state;
	const char *markup, *want;
} rows[] = {
	{ "a comment", PROLOG, "<!-- a - b -->", NULL },
	{ "an empty comment", CONTENT, "<!---->", NULL },
	{ "markup in a comment", EPILOG, "<!-- <a b='> ]]> <? -->", NULL },
	{ "as long as may be", CONTENT,
	  "<!--12345678901234567890123456789012345678901234567890123-->", NULL },
	{ "longer", CONTENT,
	  "<!--123456789012345678901234567890123456789012345678901234-->",
	  "markup of more than 60 bytes" },
	{ "dashes in a comment", CONTENT, "<!-- a -- b -->", "'--' in a comment" },
	{ "three dashes at its end", CONTENT, "<!-- a --->", "'--' in a comment" },

	{ "CDATA", CONTENT, "<![CDATA[", NULL },
	{ "CDATA before the root", PROLOG, "<![CDATA[", "begins nothing known" },
	{ "CDATA behind it", EPILOG, "<![CDATA[", "begins nothing known" },
	{ "CDATA in small letters", CONTENT, "<![cdata[", "begins nothing known" },
	{ "a conditional section", CONTENT, "<![INCLUDE[", "begins nothing known" },
	{ "an element's declaration", PROLOG, "<!ELEMENT a ANY>",
	  "begins nothing known" },
	{ "an entity's", PROLOG, "<!ENTITY a 'b'>", "begins nothing known" },
	{ "one dash", CONTENT, "<!- a -->", "begins nothing known" },
	{ "a document type", PROLOG, "<!DOCTYPE", "document type declaration is not" },
	{ "one in the content", CONTENT, "<!DOCTYPE",
	  "document type declaration is not" },

	{ "an instruction", CONTENT, "<?a b c?>", NULL },
	{ "one of a name alone", PROLOG, "<?a?>", NULL },
	{ "question marks in it", EPILOG, "<?a ? ?? > ?>", NULL },
	{ "a name that begins like xml", CONTENT, "<?xml-stylesheet a='b'?>", NULL },
	{ "an instruction without a name", CONTENT, "<? a?>", "a name should begin" },
	{ "a bad name", CONTENT, "<?a+ b?>", "not part of a name" },
	{ "a long one", CONTENT,
	  "<?a 3456789012345678901234567890123456789012345678901234567890?>",
	  "markup of more than 60 bytes" },

	{ "a declaration", PROLOG, "<?xml version='1.0'?>", NULL },
	{ "a whole one", PROLOG,
	  "<?xml version=\"1.1\" encoding=\"UTF-8\" standalone='no' ?>", NULL },
	{ "of ASCII", PROLOG, "<?xml version='1.0' encoding='us-ascii'?>", NULL },
	{ "of Latin-1", PROLOG, "<?xml version='1.0' encoding='latin1'?>",
	  "only UTF-8 and UTF-16 are read" },
	{ "of UTF-16 in UTF-8", PROLOG, "<?xml version='1.0' encoding='UTF-16'?>",
	  "only UTF-8 and UTF-16 are read" },
	{ "without a version", PROLOG, "<?xml encoding='utf-8'?>", "without version 1" },
	{ "of version 2", PROLOG, "<?xml version='2.0'?>", "without version 1" },
	{ "of nothing", PROLOG, "<?xml?>", "without version 1" },
	{ "in another order", PROLOG,
	  "<?xml version='1.0' standalone='no' encoding='utf-8'?>",
	  "not part of an XML declaration" },
	{ "with something else", PROLOG, "<?xml version='1.0' a='b'?>",
	  "not part of an XML declaration" },
	{ "that does not end so", PROLOG, "<?xml version='1.0'>",
	  "not part of an XML declaration" },
	{ "in capitals", PROLOG, "<?XML version='1.0'?>",
	  "an XML declaration inside of the document" },
};

static enum xml_step scan(struct xml *x, struct err *e)
{
	return x->w.buf[1] == '!' ? xml_exclamation(x, e) : xml_instruction(x, e);
}

static void check(const struct row *r, size_t n)
{
	bool whole = n == strlen(r->markup);
	struct xml_place p;
	struct err e = { 0 };
	enum xml_step step;

	xml_place_init(&p, r->state);
	xml_place_put(&p, (struct slice){ r->markup, n });
	step = scan(&p.x, &e);
	if (step == STEP_FAIL
		    ? r->want == NULL || strstr(e.text, r->want) == NULL
		    : step != (whole && r->want == NULL ? STEP_AGAIN : STEP_SHORT))
		fail_msg("%s, %zu bytes: %d %s", r->name, n, step, e.text);
	if (whole && r->want != NULL)
		assert_int_equal(step, STEP_FAIL);
	assert_int_equal(p.x.pos, step == STEP_AGAIN ? n : 0);
	assert_int_equal(p.x.cdata,
			 step == STEP_AGAIN && strcmp(r->markup, "<![CDATA[") == 0);
	xml_place_release(&p);
}

static void whole_and_in_part(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t n = 2; n <= strlen(rows[i].markup); n++)
			check(&rows[i], n);
}

/* Only at byte 0, whatever stands before it is gone. */
static void a_late_declaration(void **state)
{
	struct xml_place p;
	struct err e = { 0 };

	(void)state;
	xml_place_init(&p, PROLOG);
	xml_place_put(&p, SLICE("<?xml version='1.0'?>"));
	p.x.w.base = 1;
	assert_int_equal(scan(&p.x, &e), STEP_FAIL);
	assert_string_equal(e.text,
			    "XML byte 1: an XML declaration inside of the document");
	xml_place_release(&p);
}

static void pairs(void **state)
{
	static const struct {
		const char *text, *mark;
		int at; /* -1: none */
	} found[] = {
		{ "--", "--", 0 },     { "a-b--c", "--", 3 }, { "?>", "?>", 0 },
		{ "a??b?>", "?>", 4 }, { "a-", "--", -1 },    { "", "--", -1 },
		{ "a?b>", "?>", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		struct xml_place p;
		const char *at;

		xml_place_init(&p, CONTENT);
		xml_place_put(&p, slice_str(found[i].text));
		at = xml_find_pair(&p.x, p.x.w.buf, found[i].mark);
		if ((at == NULL ? -1 : (int)(at - p.x.w.buf)) != found[i].at)
			fail_msg("%s in %s", found[i].mark, found[i].text);
		xml_place_release(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_in_part),
		cmocka_unit_test(a_late_declaration),
		cmocka_unit_test(pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
