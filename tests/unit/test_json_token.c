/*
 * JSON, by section of RFC 8259. Tokens are shown as one string: { } [ ] as they are,
 * k:NAME, s:TEXT, n:DIGITS, T, F, N, each followed by a space, and . at the end.
 */
#include "parse/json_token.h"

#include "parse/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define D8 "[[[[[[[["
#define U8 "]]]]]]]]"

static const struct row {
	const char *name;
	struct slice in;
	struct slice want; /* the tokens before the end or the fault */
	enum err_kind kind;
} rows[] = {
	/* clang-format off */
	{ "2: an object", SLICE_INIT("{\"a\":1}"), SLICE_INIT("{ k:a n:1 } ."), ERR_NONE },
	{ "2: white space", SLICE_INIT(" \t\r\n{ \"a\" :\n1 , \"b\"\t: [ ] } \n"), SLICE_INIT("{ k:a n:1 k:b [ ] } ."), ERR_NONE },
	{ "2: form feed is no white space", SLICE_INIT("\f1"), SLICE_INIT(""), ERR_INPUT },
	{ "2: no-break space is no white space", SLICE_INIT("\xc2\xa0" "1"), SLICE_INIT(""), ERR_INPUT },
	{ "8.1: a byte order mark", SLICE_INIT("\xef\xbb\xbf{}"), SLICE_INIT(""), ERR_INPUT },
	{ "2: empty", SLICE_INIT(""), SLICE_INIT(""), ERR_INPUT },
	{ "2: white space only", SLICE_INIT(" \n"), SLICE_INIT(""), ERR_INPUT },
	{ "2: two values", SLICE_INIT("1 2"), SLICE_INIT("n:1 "), ERR_INPUT },
	{ "2: something behind", SLICE_INIT("{}x"), SLICE_INIT("{ } "), ERR_INPUT },
	{ "2: a NUL behind", SLICE_INIT("{}\0"), SLICE_INIT("{ } "), ERR_INPUT },
	{ "2: a comment", SLICE_INIT("/**/1"), SLICE_INIT(""), ERR_INPUT },
	{ "3: literals", SLICE_INIT("[true,false,null]"), SLICE_INIT("[ T F N ] ."), ERR_NONE },
	{ "3: a literal alone", SLICE_INIT("null"), SLICE_INIT("N ."), ERR_NONE },
	{ "3: capitals", SLICE_INIT("True"), SLICE_INIT(""), ERR_INPUT },
	{ "3: cut", SLICE_INIT("tru"), SLICE_INIT(""), ERR_INPUT },
	{ "3: longer", SLICE_INIT("truex"), SLICE_INIT("T "), ERR_INPUT },
	{ "3: NaN", SLICE_INIT("NaN"), SLICE_INIT(""), ERR_INPUT },
	{ "4: an empty object", SLICE_INIT("{}"), SLICE_INIT("{ } ."), ERR_NONE },
	{ "4: an empty name", SLICE_INIT("{\"\":1}"), SLICE_INIT("{ k: n:1 } ."), ERR_NONE },
	{ "4: the same name twice", SLICE_INIT("{\"a\":1,\"a\":2}"), SLICE_INIT("{ k:a n:1 k:a n:2 } ."), ERR_NONE },
	{ "4: nested", SLICE_INIT("{\"a\":{\"b\":[{}]},\"c\":2}"), SLICE_INIT("{ k:a { k:b [ { } ] } k:c n:2 } ."), ERR_NONE },
	{ "4: no colon", SLICE_INIT("{\"a\" 1}"), SLICE_INIT("{ "), ERR_INPUT },
	{ "4: no value", SLICE_INIT("{\"a\":}"), SLICE_INIT("{ k:a "), ERR_INPUT },
	{ "4: no name", SLICE_INIT("{1:2}"), SLICE_INIT("{ "), ERR_INPUT },
	{ "4: a bare name", SLICE_INIT("{a:2}"), SLICE_INIT("{ "), ERR_INPUT },
	{ "4: a single quote", SLICE_INIT("{'a':2}"), SLICE_INIT("{ "), ERR_INPUT },
	{ "4: a comma last", SLICE_INIT("{\"a\":1,}"), SLICE_INIT("{ k:a n:1 "), ERR_INPUT },
	{ "4: a comma first", SLICE_INIT("{,\"a\":1}"), SLICE_INIT("{ "), ERR_INPUT },
	{ "4: two commas", SLICE_INIT("{\"a\":1,,\"b\":2}"), SLICE_INIT("{ k:a n:1 "), ERR_INPUT },
	{ "4: no comma", SLICE_INIT("{\"a\":1 \"b\":2}"), SLICE_INIT("{ k:a n:1 "), ERR_INPUT },
	{ "4: not closed", SLICE_INIT("{\"a\":1"), SLICE_INIT("{ k:a n:1 "), ERR_INPUT },
	{ "4: cut behind a name", SLICE_INIT("{\"a\""), SLICE_INIT("{ "), ERR_INPUT },
	{ "4: the wrong bracket", SLICE_INIT("{\"a\":1]"), SLICE_INIT("{ k:a n:1 "), ERR_INPUT },
	{ "4: a bracket at once", SLICE_INIT("}"), SLICE_INIT(""), ERR_INPUT },
	{ "5: an array", SLICE_INIT("[1,\"a\",[],{}]"), SLICE_INIT("[ n:1 s:a [ ] { } ] ."), ERR_NONE },
	{ "5: a comma last", SLICE_INIT("[1,]"), SLICE_INIT("[ n:1 "), ERR_INPUT },
	{ "5: a comma alone", SLICE_INIT("[,]"), SLICE_INIT("[ "), ERR_INPUT },
	{ "5: a name in an array", SLICE_INIT("[\"a\":1]"), SLICE_INIT("[ s:a "), ERR_INPUT },
	{ "5: the wrong bracket", SLICE_INIT("[1}"), SLICE_INIT("[ n:1 "), ERR_INPUT },
	{ "5: the wrong bracket at once", SLICE_INIT("[}"), SLICE_INIT("[ "), ERR_INPUT },
	{ "5: one bracket too many", SLICE_INIT("[]]"), SLICE_INIT("[ ] "), ERR_INPUT },
	{ "6: numbers", SLICE_INIT("[0,-0,12,-3.5,1e5,1E+5,2.5e-10,0.1]"),
	  SLICE_INIT("[ n:0 n:-0 n:12 n:-3.5 n:1e5 n:1E+5 n:2.5e-10 n:0.1 ] ."), ERR_NONE },
	{ "6: many digits stay", SLICE_INIT("123456789012345678901234567890"), SLICE_INIT("n:123456789012345678901234567890 ."), ERR_NONE },
	{ "6: a leading zero", SLICE_INIT("01"), SLICE_INIT("n:0 "), ERR_INPUT },
	{ "6: a leading zero below", SLICE_INIT("-01"), SLICE_INIT("n:-0 "), ERR_INPUT },
	{ "6: a plus", SLICE_INIT("+1"), SLICE_INIT(""), ERR_INPUT },
	{ "6: a minus alone", SLICE_INIT("-"), SLICE_INIT(""), ERR_INPUT },
	{ "6: a point first", SLICE_INIT(".5"), SLICE_INIT(""), ERR_INPUT },
	{ "6: a point last", SLICE_INIT("5."), SLICE_INIT(""), ERR_INPUT },
	{ "6: an exponent without digits", SLICE_INIT("5e"), SLICE_INIT(""), ERR_INPUT },
	{ "6: an exponent's sign alone", SLICE_INIT("5e+"), SLICE_INIT(""), ERR_INPUT },
	{ "6: hexadecimal", SLICE_INIT("0x10"), SLICE_INIT("n:0 "), ERR_INPUT },
	{ "6: infinity", SLICE_INIT("-Infinity"), SLICE_INIT(""), ERR_INPUT },
	{ "7: an empty string", SLICE_INIT("\"\""), SLICE_INIT("s: ."), ERR_NONE },
	{ "7: every escape", SLICE_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), SLICE_INIT("s:\"\\/\b\f\n\r\t ."), ERR_NONE },
	{ "7: escapes among text", SLICE_INIT("\"a\\nb\\\\c\""), SLICE_INIT("s:a\nb\\c ."), ERR_NONE },
	{ "7: \\u, one to three bytes", SLICE_INIT("\"\\u0041\\u00e9\\u8FD0\""), SLICE_INIT("s:A\xc3\xa9\xe8\xbf\x90 ."), ERR_NONE },
	{ "7: a surrogate pair", SLICE_INIT("\"\\ud83d\\udE00\""), SLICE_INIT("s:\xf0\x9f\x98\x80 ."), ERR_NONE },
	{ "7: the last code point", SLICE_INIT("\"\\udbff\\udfff\""), SLICE_INIT("s:\xf4\x8f\xbf\xbf ."), ERR_NONE },
	{ "7: an escaped name", SLICE_INIT("{\"\\u0061\":1}"), SLICE_INIT("{ k:a n:1 } ."), ERR_NONE },
	{ "7: raw UTF-8", SLICE_INIT("\"\xf0\x9f\x98\x80\""), SLICE_INIT("s:\xf0\x9f\x98\x80 ."), ERR_NONE },
	{ "7: DEL is text", SLICE_INIT("\"\x7f\""), SLICE_INIT("s:\x7f ."), ERR_NONE },
	{ "7: not closed", SLICE_INIT("\"a"), SLICE_INIT(""), ERR_INPUT },
	{ "7: closed by an escaped quote", SLICE_INIT("\"a\\\""), SLICE_INIT(""), ERR_INPUT },
	{ "7: cut behind a backslash", SLICE_INIT("\"a\\"), SLICE_INIT(""), ERR_INPUT },
	{ "7: an unknown escape", SLICE_INIT("\"\\x41\""), SLICE_INIT(""), ERR_INPUT },
	{ "7: an escaped NUL byte", SLICE_INIT("\"\\\0\""), SLICE_INIT(""), ERR_INPUT },
	{ "7: \\U", SLICE_INIT("\"\\U0041\""), SLICE_INIT(""), ERR_INPUT },
	{ "7: a short \\u", SLICE_INIT("\"\\u041\""), SLICE_INIT(""), ERR_INPUT },
	{ "7: a \\u that is not hexadecimal", SLICE_INIT("\"\\u00g1\""), SLICE_INIT(""), ERR_INPUT },
	{ "7: \\u0000", SLICE_INIT("\"a\\u0000\""), SLICE_INIT(""), ERR_INPUT },
	{ "8.2: a high surrogate alone", SLICE_INIT("\"\\ud83d\""), SLICE_INIT(""), ERR_INPUT },
	{ "8.2: a high surrogate before text", SLICE_INIT("\"\\ud83dabcdef\""), SLICE_INIT(""), ERR_INPUT },
	{ "8.2: a low surrogate alone", SLICE_INIT("\"\\ude00\""), SLICE_INIT(""), ERR_INPUT },
	{ "8.2: two high surrogates", SLICE_INIT("\"\\ud83d\\ud83d\""), SLICE_INIT(""), ERR_INPUT },
	{ "8.2: a pair cut short", SLICE_INIT("\"\\ud83d\\ude0\""), SLICE_INIT(""), ERR_INPUT },
	{ "7: a raw NUL", SLICE_INIT("\"a\0\""), SLICE_INIT(""), ERR_INPUT },
	{ "7: a raw line feed", SLICE_INIT("\"a\n\""), SLICE_INIT(""), ERR_INPUT },
	{ "7: a raw tab", SLICE_INIT("\"a\t\""), SLICE_INIT(""), ERR_INPUT },
	{ "8.1: not UTF-8", SLICE_INIT("\"\xff\""), SLICE_INIT(""), ERR_INPUT },
	{ "8.1: overlong", SLICE_INIT("\"\xc0\x80\""), SLICE_INIT(""), ERR_INPUT },
	{ "8.1: a raw surrogate", SLICE_INIT("\"\xed\xa0\x80\""), SLICE_INIT(""), ERR_INPUT },
	{ "8.1: UTF-8 that the quote cuts", SLICE_INIT("\"\xc3\""), SLICE_INIT(""), ERR_INPUT },
	{ "8.1: UTF-16", SLICE_INIT("{\0\"\0a\0\"\0"), SLICE_INIT("{ "), ERR_INPUT },
	{ "9: sixteen deep", SLICE_INIT(D8 D8 U8 U8),
	  SLICE_INIT("[ [ [ [ [ [ [ [ [ [ [ [ [ [ [ [ ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ] ."), ERR_NONE },
	{ "9: seventeen deep", SLICE_INIT(D8 D8 "{}" U8 U8), SLICE_INIT("[ [ [ [ [ [ [ [ [ [ [ [ [ [ [ [ "), ERR_LIMIT },
	/* clang-format on */
};

static void show(const struct json_token *t, struct buf *b)
{
	static const char *const mark[] = { "{",  "}", "[", "]", "k:", "s:",
					    "n:", "T", "F", "N", "." };
	struct err e = { 0 };

	assert_int_equal(buf_add(b, slice_str(mark[t->kind]), &e), 0);
	assert_int_equal(buf_add(b, t->text, &e), 0);
	if (t->kind != JSON_END)
		assert_int_equal(buf_byte(b, ' ', &e), 0);
}

/* The text lies at the end of its allocation, so that reading on is caught. */
static void row_check(const struct row *row, struct arena *a)
{
	char *copy = malloc(row->in.n + (row->in.n == 0));
	struct json_token t = { .kind = JSON_NULL };
	struct err e = { 0 };
	struct json j;
	struct buf got;
	int r = 0;

	assert_non_null(copy);
	memcpy(copy, row->in.p, row->in.n);
	json_init(&j, (struct slice){ copy, row->in.n }, a);
	buf_init(&got, 4096);
	while (t.kind != JSON_END) {
		r = json_next(&j, &t, &e);
		if (r < 0)
			break;
		show(&t, &got);
	}
	if (e.kind != row->kind || (r < 0) != (row->kind != ERR_NONE) ||
	    !slice_eq(buf_slice(&got), row->want))
		fail_msg("%s: %d '%.*s' %s", row->name, r, (int)got.n,
			 got.p == NULL ? "" : got.p, e.text);
	if (r == 0)
		assert_int_equal(json_next(&j, &t, &e), 0);
	assert_true(r < 0 || t.kind == JSON_END);
	buf_release(&got);
	free(copy);
}

static void tokens(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 65536);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row_check(&rows[i], &a);
		arena_reset(&a);
	}
	arena_release(&a);
}

static void faults_name_their_byte(void **state)
{
	struct json_token t;
	struct err e = { 0 };
	struct arena a;
	struct json j;

	(void)state;
	arena_init(&a, 16);
	json_init(&j, SLICE("[12,x]"), &a);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_int_equal(json_next(&j, &t, &e), -1);
	assert_string_equal(e.text, "JSON, byte 4: not a value");
	arena_release(&a);
}

static void full_arena(void **state)
{
	struct json_token t;
	struct err e = { 0 };
	struct arena a;
	struct json j;

	(void)state;
	arena_init(&a, 16);
	json_init(&j,
		  SLICE("[\"no escapes, so no copy of it\",\"an escape\\n, so a copy\"]"),
		  &a);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_int_equal(json_next(&j, &t, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	arena_release(&a);
}

static void values_are_skipped(void **state)
{
	static const struct slice in =
		SLICE_INIT("{\"a\":{\"b\":[1,{\"c\":2}]},\"d\":\"x\",\"e\":[],\"f\":7}");
	struct json_token t;
	struct err e = { 0 };
	struct arena a;
	struct json j;

	(void)state;
	arena_init(&a, 1024);
	json_init(&j, in, &a);
	assert_int_equal(json_next(&j, &t, &e), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(json_next(&j, &t, &e), 0);
		assert_int_equal(t.kind, JSON_KEY);
		assert_int_equal(json_skip(&j, &e), 0);
	}
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_true(t.kind == JSON_KEY && slice_eq(t.text, SLICE("f")));
	assert_int_equal(json_skip(&j, &e), 0);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_int_equal(t.kind, JSON_OBJECT_END);
	assert_int_equal(json_skip(&j, &e), -1);
	assert_int_equal(e.kind, ERR_INTERNAL);

	e = (struct err){ 0 };
	json_init(&j, in, &a);
	assert_int_equal(json_skip(&j, &e), 0);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_int_equal(t.kind, JSON_END);

	json_init(&j, SLICE("[1,[2,}]"), &a);
	assert_int_equal(json_skip(&j, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	arena_release(&a);
}

/* From behind an opening token, and from anywhere inside, to its closing one. */
static void leave(void **state)
{
	const struct slice in = SLICE_INIT("[{\"a\":[1,[]],\"b\":{}},[],7]");
	struct json_token t;
	struct err e = { 0 };
	struct arena a;
	struct json j;

	(void)state;
	arena_init(&a, 1024);
	json_init(&j, in, &a);
	assert_int_equal(json_next(&j, &t, &e), 0); /* [ */
	assert_int_equal(json_next(&j, &t, &e), 0); /* { */
	assert_int_equal(json_leave(&j, &e), 0);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_int_equal(t.kind, JSON_ARRAY);
	assert_int_equal(json_leave(&j, &e), 0);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_int_equal(t.kind, JSON_NUMBER);
	assert_int_equal(json_leave(&j, &e), 0);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_int_equal(t.kind, JSON_END);

	json_init(&j, SLICE("[1,[2,}]"), &a);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_int_equal(json_leave(&j, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	arena_release(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens),     cmocka_unit_test(faults_name_their_byte),
		cmocka_unit_test(full_arena), cmocka_unit_test(values_are_skipped),
		cmocka_unit_test(leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
