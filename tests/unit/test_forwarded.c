/* Who the client is, behind proxies that are trusted and others that are not. */
#include "parse/forwarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	struct slice lines[2]; /* of X-Forwarded-For */
	const char *want;      /* the peer is 10.0.0.9; 10.0.0.0/8 is trusted */
} rows[] = {
	{ "nothing", { { NULL, 0 }, { NULL, 0 } }, "10.0.0.9" },
	{ "one", { SLICE_INIT("1.2.3.4"), { NULL, 0 } }, "1.2.3.4" },
	{ "what the client wrote itself is left of it",
	  { SLICE_INIT("6.6.6.6, 1.2.3.4"), { NULL, 0 } },
	  "1.2.3.4" },
	{ "proxies are passed over",
	  { SLICE_INIT("1.2.3.4, 10.0.0.1,10.0.0.2"), { NULL, 0 } },
	  "1.2.3.4" },
	{ "two lines are one list",
	  { SLICE_INIT("6.6.6.6, 1.2.3.4"), SLICE_INIT("10.0.0.1") },
	  "1.2.3.4" },
	{ "the second line comes first",
	  { SLICE_INIT("6.6.6.6"), SLICE_INIT("1.2.3.4") },
	  "1.2.3.4" },
	{ "all are trusted: the leftmost",
	  { SLICE_INIT("10.0.0.3, 10.0.0.2"), { NULL, 0 } },
	  "10.0.0.3" },
	{ "no address ends it",
	  { SLICE_INIT("6.6.6.6, unknown, 10.0.0.2"), { NULL, 0 } },
	  "10.0.0.2" },
	{ "no address at all", { SLICE_INIT("<script>"), { NULL, 0 } }, "10.0.0.9" },
	{ "empty elements", { SLICE_INIT(" ,1.2.3.4 , ,\t"), { NULL, 0 } }, "1.2.3.4" },
	{ "with ports",
	  { SLICE_INIT("1.2.3.4:5, 10.0.0.1:80"), { NULL, 0 } },
	  "1.2.3.4" },
	{ "IPv6",
	  { SLICE_INIT("[2001:db8::7]:443, 10.0.0.1"), { NULL, 0 } },
	  "2001:db8::7" },
	{ "IPv6 alone", { SLICE_INIT("2001:db8::7"), { NULL, 0 } }, "2001:db8::7" },
	{ "mapped", { SLICE_INIT("1.2.3.4, ::ffff:10.0.0.1"), { NULL, 0 } }, "1.2.3.4" },
};

static void clients(void **state)
{
	struct ip_nets trusted;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(ip_nets_parse(SLICE("10.0.0.0/8"), &trusted, &e), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_head h = { .n_fields = 0 };
		char text[IP_TEXT];
		struct ip ip;

		h.field[h.n_fields++] =
			(struct http_field){ SLICE("Host"), SLICE("7.7.7.7") };
		for (size_t k = 0; k < 2; k++)
			if (rows[i].lines[k].p != NULL)
				h.field[h.n_fields++] =
					(struct http_field){ SLICE("x-forwarded-FOR"),
							     rows[i].lines[k] };
		assert_true(ip_parse(SLICE("10.0.0.9"), &ip));
		forwarded_client(&h, &trusted, &ip);
		ip_write(&ip, text);
		if (strcmp(text, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, text);
	}
}

static void schemes(void **state)
{
	static const struct {
		struct slice value;
		bool secure;
	} values[] = {
		{ SLICE_INIT("https"), true },        { SLICE_INIT("HTTPS"), true },
		{ SLICE_INIT("http"), false },        { SLICE_INIT("http, https"), true },
		{ SLICE_INIT("https, http"), false }, { SLICE_INIT(""), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct http_head h = { .n_fields = 1 };

		h.field[0] = (struct http_field){ SLICE("X-Forwarded-Proto"),
						  values[i].value };
		if (forwarded_secure(&h) != values[i].secure)
			fail_msg("%s", values[i].value.p);
		/* The client wrote one, and the proxy added its own behind it. */
		h.field[h.n_fields++] = h.field[0];
		h.field[0].value = values[i].secure ? SLICE("http") : SLICE("https");
		if (forwarded_secure(&h) != values[i].secure)
			fail_msg("behind the client's: %s", values[i].value.p);
	}
	assert_false(forwarded_secure(&(struct http_head){ .n_fields = 0 }));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients),
		cmocka_unit_test(schemes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
