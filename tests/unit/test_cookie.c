/* Which pairs of a Cookie field count, and which one is meant. */
#include "parse/cookie.h"

#include "parse/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	struct slice in;
	const char *pairs; /* all that count, as name=value with blanks between */
} rows[] = {
	{ "none", SLICE_INIT(""), "" },
	{ "one", SLICE_INIT("a=1"), "a=1" },
	{ "two", SLICE_INIT("a=1; b=2"), "a=1 b=2" },
	{ "without the blank", SLICE_INIT("a=1;b=2"), "a=1 b=2" },
	{ "two blanks are not the grammar's", SLICE_INIT("a=1;  b=2; c=3"), "a=1 c=3" },
	{ "a value with equals signs", SLICE_INIT("a=b=c=="), "a=b=c==" },
	{ "an empty value", SLICE_INIT("a="), "a=" },
	{ "quotes come off", SLICE_INIT("a=\"1\"; b=\"\""), "a=1 b=" },
	{ "a lone quote", SLICE_INIT("a=\"; b=2"), "b=2" },
	{ "a quote inside", SLICE_INIT("a=1\"2; b=2"), "b=2" },
	{ "a semicolon ends even a quoted value", SLICE_INIT("a=\"1;2\"; b=2"), "b=2" },
	{ "every octet at the edges", SLICE_INIT("a=!#+-:<[]~"), "a=!#+-:<[]~" },
	{ "a comma", SLICE_INIT("a=1,2; b=2"), "b=2" },
	{ "a backslash", SLICE_INIT("a=1\\2; b=2"), "b=2" },
	{ "a blank inside", SLICE_INIT("a=1 2; b=2"), "b=2" },
	{ "a blank behind", SLICE_INIT("a=1 ; b=2"), "b=2" },
	{ "a tab", SLICE_INIT("a=\t1; b=2"), "b=2" },
	{ "NUL", SLICE_INIT("a=1\0; b=2"), "b=2" },
	{ "DEL", SLICE_INIT("a=\x7f; b=2"), "b=2" },
	{ "UTF-8", SLICE_INIT("a=\xc3\xb1; b=2"), "b=2" },
	{ "no equals sign", SLICE_INIT("a; b=2"), "b=2" },
	{ "no name", SLICE_INIT("=1; b=2"), "b=2" },
	{ "a name that is no token", SLICE_INIT("a b=1; c(=1; b=2"), "b=2" },
	{ "semicolons only", SLICE_INIT(";;; ;"), "" },
	{ "a semicolon behind", SLICE_INIT("a=1;"), "a=1" },
	{ "the old $Version", SLICE_INIT("$Version=1; a=1"), "$Version=1 a=1" },
};

static void pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice rest = rows[i].in, name, value;
		struct err e = { .kind = ERR_NONE };
		struct buf b;

		buf_init(&b, 4096);
		while (cookie_next(&rest, &name, &value))
			assert_int_equal(buf_printf(&b, &e, "%s%.*s=%.*s",
						    b.n == 0 ? "" : " ", (int)name.n,
						    name.p, (int)value.n, value.p),
					 0);
		if (!slice_eq(buf_slice(&b), slice_str(rows[i].pairs)))
			fail_msg("%s: %.*s", rows[i].name, (int)b.n, b.p);
		buf_release(&b);
	}
}

static const struct find_row {
	const char *name;
	struct slice in;
	int result;
	const char *value; /* NULL: there is none */
} finds[] = {
	{ "absent", SLICE_INIT("a=1; b=2"), 0, NULL },
	{ "there", SLICE_INIT("a=1; s=x; b=2"), 0, "x" },
	{ "with case", SLICE_INIT("S=x"), 0, NULL },
	{ "no prefix of it", SLICE_INIT("ss=x; xs=y"), 0, NULL },
	{ "empty is there", SLICE_INIT("s="), 0, "" },
	{ "the same twice", SLICE_INIT("s=x; s=x"), 0, "x" },
	{ "two that differ", SLICE_INIT("s=x; a=1; s=y"), -1, NULL },
	{ "a broken one does not count", SLICE_INIT("s=x; s=y z"), 0, "x" },
};

static void finds_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(finds) / sizeof(finds[0]); i++) {
		const struct find_row *w = &finds[i];
		struct err e = { .kind = ERR_NONE };
		struct slice v;
		int got = cookie_find(w->in, SLICE("s"), &v, &e);

		if (got != w->result)
			fail_msg("%s: %d", w->name, got);
		if (got == 0 && ((v.p != NULL) != (w->value != NULL) ||
				 !slice_eq(v, slice_str(w->value))))
			fail_msg("%s: %.*s", w->name, (int)v.n, v.p);
	}
}

/* Somebody else's hundred cookies cannot make a request dear. */
static void looks_at_so_many(void **state)
{
	struct err e = { .kind = ERR_NONE };

	(void)state;
	for (int others = COOKIE_PAIRS - 1; others <= COOKIE_PAIRS; others++) {
		struct slice v;
		struct buf b;

		buf_init(&b, 4096);
		for (int i = 0; i < others; i++)
			assert_int_equal(buf_add(&b, SLICE("a=1; "), &e), 0);
		assert_int_equal(buf_add(&b, SLICE("s=x"), &e), 0);
		assert_int_equal(cookie_find(buf_slice(&b), SLICE("s"), &v, &e), 0);
		assert_int_equal(v.p != NULL, others < COOKIE_PAIRS);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),
		cmocka_unit_test(finds_one),
		cmocka_unit_test(looks_at_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
