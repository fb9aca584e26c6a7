/* Where one may be sent after logging in, and whose page began a request. */
#include "server/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct next_row {
	const char *name;
	struct slice in;
	bool good;
} nexts[] = {
	{ "the home page", SLICE_INIT("/"), true },
	{ "a page and its query", SLICE_INIT("/waybills/A%20B?x=1&y=2"), true },
	{ "two slashes inside", SLICE_INIT("/a//b"), true },
	{ "nothing", SLICE_INIT(""), false },
	{ "another host", SLICE_INIT("//evil.example"), false },
	{ "another host with a backslash", SLICE_INIT("/\\evil.example"), false },
	{ "a backslash inside", SLICE_INIT("/a\\..\\..//evil.example"), false },
	{ "another scheme", SLICE_INIT("https://evil.example"), false },
	{ "a script", SLICE_INIT("javascript:alert(1)"), false },
	{ "no slash first", SLICE_INIT("evil.example"), false },
	{ "a tab, which browsers drop", SLICE_INIT("/\t/evil.example"), false },
	{ "a line break", SLICE_INIT("/\r\nX: y"), false },
	{ "a blank", SLICE_INIT("/a b"), false },
	{ "NUL", SLICE_INIT("/a\0b"), false },
	{ "beyond ASCII", SLICE_INIT("/\xc3\xb1"), false },
};

static void only_paths_of_this_server(void **state)
{
	static char text[2048] = "/";

	(void)state;
	for (size_t i = 0; i < sizeof(nexts) / sizeof(nexts[0]); i++) {
		struct slice got = auth_next(nexts[i].in);

		if ((got.p != NULL) != nexts[i].good)
			fail_msg("%s", nexts[i].name);
		if (nexts[i].good)
			assert_true(slice_eq(got, nexts[i].in));
	}
	memset(text + 1, 'a', sizeof(text) - 1);
	assert_non_null(auth_next((struct slice){ text, 1024 }).p);
	assert_null(auth_next((struct slice){ text, 1025 }).p);
}

static const struct origin_row {
	const char *name, *host, *site, *origin; /* NULL: no such field */
	bool cross;
} origins[] = {
	{ "a program", "w:80", NULL, NULL, false },
	{ "our own page", "w", "same-origin", "http://w", false },
	{ "typed by a person", "w", "none", NULL, false },
	{ "another site", "w", "cross-site", NULL, true },
	{ "a neighbour", "w", "same-site", NULL, true },
	{ "what browsers may say tomorrow", "w", "weird", NULL, true },
	{ "only the origin, ours", "w:8080", NULL, "http://w:8080", false },
	{ "ours behind TLS", "w", NULL, "https://w", false },
	{ "in capitals", "W.example", NULL, "http://w.EXAMPLE", false },
	{ "another host", "w", NULL, "http://evil", true },
	{ "another port", "w:8080", NULL, "http://w:8081", true },
	{ "a longer host", "w", NULL, "http://w.evil", true },
	{ "hidden", "w", NULL, "null", true },
	{ "another scheme", "w", NULL, "ftp://w", true },
	{ "the site's word goes first", "w", "cross-site", "http://w", true },
	{ "no host", "", NULL, "http://w", true },
};

static void whose_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		const struct origin_row *w = &origins[i];
		struct request r = { .head = { .host = slice_str(w->host) } };

		if (w->site != NULL)
			r.head.field[r.head.n_fields++] =
				(struct http_field){ SLICE("Sec-Fetch-Site"),
						     slice_str(w->site) };
		if (w->origin != NULL)
			r.head.field[r.head.n_fields++] =
				(struct http_field){ SLICE("Origin"),
						     slice_str(w->origin) };
		if (auth_cross_site(&r) != w->cross)
			fail_msg("%s", w->name);
	}
}

static void tokens(void **state)
{
	struct err e = { .kind = ERR_NONE };
	struct slice one, other;
	char id[SHA256_HEX];
	struct arena a;
	struct request r = { .head = { .n_fields = 1 } };

	(void)state;
	arena_init(&a, 4096);
	assert_int_equal(auth_token(&a, &one, &e), 0);
	assert_int_equal(auth_token(&a, &other, &e), 0);
	assert_int_equal(one.n, AUTH_TOKEN);
	assert_false(slice_eq(one, other));
	r.head.field[0] =
		(struct http_field){ SLICE("Cookie"),
				     arena_printf(&a, "x=1; waybill_session=%s", one.p) };
	assert_true(auth_session(&r, id));
	assert_int_equal(strlen(id), 64);
	assert_string_not_equal(id, one.p);
	r.head.field[0].value.n--;
	assert_false(auth_session(&r, id));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_paths_of_this_server),
		cmocka_unit_test(whose_page),
		cmocka_unit_test(tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
