/* What may be a password and a user's name, and that a hash fits one password alone. */
#include "server/password.h"

#include "server/role.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	struct slice in;
	bool good;
} passwords[] = {
	{ "eight", SLICE_INIT("12345678"), true },
	{ "seven", SLICE_INIT("1234567"), false },
	{ "none", SLICE_INIT(""), false },
	{ "blanks and signs", SLICE_INIT("correct horse, battery!"), true },
	{ "UTF-8", SLICE_INIT("pi\xc3\xb1\x61 colada"), true },
	{ "broken UTF-8", SLICE_INIT("pi\xc3 a colada"), false },
	{ "NUL", SLICE_INIT("12345678\0"), false },
	{ "a line break", SLICE_INIT("12345678\n"), false },
};

static void what_may_be_one(void **state)
{
	char long_one[PASSWORD_MOST + 1];
	struct err e = { .kind = ERR_NONE };

	(void)state;
	for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
		struct err why = { .kind = ERR_NONE };

		if ((password_check(passwords[i].in, &why) == 0) != passwords[i].good)
			fail_msg("%s: %s", passwords[i].name, why.text);
	}
	memset(long_one, 'x', sizeof(long_one));
	assert_int_equal(password_check((struct slice){ long_one, PASSWORD_MOST }, &e),
			 0);
	assert_int_equal(password_check((struct slice){ long_one, sizeof(long_one) }, &e),
			 -1);
}

static const struct user_row {
	struct slice in;
	const char *user; /* NULL: refused */
} users[] = {
	{ SLICE_INIT("ana"), "ana" },
	{ SLICE_INIT("Ana.Cruz"), "ana.cruz" },
	{ SLICE_INIT("dock_1-b@site"), "dock_1-b@site" },
	{ SLICE_INIT(""), NULL },
	{ SLICE_INIT("ana cruz"), NULL },
	{ SLICE_INIT("ana\0"), NULL },
	{ SLICE_INIT("ni\xc3\xb1o"), NULL },
	{ SLICE_INIT("a/b"), NULL },
	{ SLICE_INIT("0123456789012345678901234567890123456789012345678901234567890123"),
	  "0123456789012345678901234567890123456789012345678901234567890123" },
	{ SLICE_INIT("01234567890123456789012345678901234567890123456789012345678901234"),
	  NULL },
};

static void names(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		struct err e = { .kind = ERR_NONE };
		struct slice user = { NULL, 0 };
		int got = password_user(users[i].in, &a, &user, &e);

		if ((got == 0) != (users[i].user != NULL) ||
		    (got == 0 && !slice_eq(user, slice_str(users[i].user))))
			fail_msg("%.*s: %s", (int)users[i].in.n, users[i].in.p, e.text);
	}
	arena_release(&a);
}

static void a_hash_fits_its_password(void **state)
{
	struct err e = { .kind = ERR_NONE };
	char hash[PASSWORD_HASH], other[PASSWORD_HASH];
	bool fits;

	(void)state;
	assert_int_equal(password_hash(SLICE("correct horse"), hash, &e), 0);
	assert_int_equal(password_hash(SLICE("correct horse"), other, &e), 0);
	assert_string_not_equal(hash, other); /* each has a salt of its own */
	assert_int_equal(hash[0], '$');
	assert_int_equal(
		password_fits(SLICE("correct horse"), slice_str(hash), &fits, &e), 0);
	assert_true(fits);
	assert_int_equal(
		password_fits(SLICE("correct horsf"), slice_str(hash), &fits, &e), 0);
	assert_false(fits);
	assert_int_equal(password_fits(SLICE(""), slice_str(hash), &fits, &e), 0);
	assert_false(fits);
	/* Nobody's, and a NUL that would hide the rest from crypt(). */
	assert_int_equal(password_fits(SLICE("correct horse"), (struct slice){ NULL, 0 },
				       &fits, &e),
			 0);
	assert_false(fits);
	assert_int_equal(
		password_fits(SLICE("correct horse\0x"), slice_str(hash), &fits, &e), 0);
	assert_false(fits);
	/* What is no hash is nobody's password, and our trouble. */
	assert_int_equal(password_fits(SLICE("x"), SLICE("!"), &fits, &e), -1);
	assert_int_equal(e.kind, ERR_INTERNAL);
}

/* Processor time of one look, the least of some: seconds. */
static double cost(struct slice hash)
{
	double least = 1e9;

	for (int i = 0; i < 7; i++) {
		struct err e = { .kind = ERR_NONE };
		clock_t begun = clock();
		double took;
		bool fits;

		assert_int_equal(password_fits(SLICE("wrong horse"), hash, &fits, &e), 0);
		took = (double)(clock() - begun) / CLOCKS_PER_SEC;
		if (took < least)
			least = took;
	}
	return least;
}

/* Otherwise the time of an answer tells which names exist. */
static void nobody_costs_as_much(void **state)
{
	struct err e = { .kind = ERR_NONE };
	char hash[PASSWORD_HASH];
	double known, unknown;

	(void)state;
	assert_int_equal(password_hash(SLICE("correct horse"), hash, &e), 0);
	known = cost(slice_str(hash));
	unknown = cost((struct slice){ NULL, 0 });
	assert_true(known > 0.001);
	if (unknown < 0.7 * known || unknown > 1.5 * known)
		fail_msg("%g s, and for nobody %g s", known, unknown);
}

static void equality(void **state)
{
	(void)state;
	assert_true(password_equal("abc", "abc"));
	assert_true(password_equal("", ""));
	assert_false(password_equal("abc", "abd"));
	assert_false(password_equal("abc", "ab"));
	assert_false(password_equal("ab", "abc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_be_one),
		cmocka_unit_test(names),
		cmocka_unit_test(a_hash_fits_its_password),
		cmocka_unit_test(nobody_costs_as_much),
		cmocka_unit_test(equality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
