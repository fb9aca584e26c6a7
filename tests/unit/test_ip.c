/* Addresses, networks, and which of them hold which. */
#include "parse/ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	struct slice in;
	const char *plain, *host; /* how it is written again; NULL: refused */
} rows[] = {
	{ SLICE_INIT("10.0.0.1"), "10.0.0.1", "10.0.0.1" },
	{ SLICE_INIT("::ffff:10.0.0.1"), "10.0.0.1", "10.0.0.1" },
	{ SLICE_INIT("2001:DB8:0::1"), "2001:db8::1", "2001:db8::1" },
	{ SLICE_INIT("10.0.0.1:80"), NULL, "10.0.0.1" },
	{ SLICE_INIT("[2001:db8::1]:80"), NULL, "2001:db8::1" },
	{ SLICE_INIT("[::1]"), NULL, "::1" },
	{ SLICE_INIT(""), NULL, NULL },
	{ SLICE_INIT("10.0.0.256"), NULL, NULL },
	{ SLICE_INIT("10.0.1"), NULL, NULL },
	{ SLICE_INIT("10.0.0.1:"), NULL, NULL },
	{ SLICE_INIT("10.0.0.1:65535"), NULL, "10.0.0.1" },
	{ SLICE_INIT("10.0.0.1:65536"), NULL, NULL },
	{ SLICE_INIT("10.0.0.1:123456"), NULL, NULL },
	{ SLICE_INIT("10.0.0.1:8x"), NULL, NULL },
	{ SLICE_INIT("[10.0.0.1]:80"), NULL, NULL },
	{ SLICE_INIT("[::1"), NULL, NULL },
	{ SLICE_INIT("[::1]80"), NULL, NULL },
	{ SLICE_INIT("::1%eth0"), NULL, NULL },
	{ SLICE_INIT("10.0.0.1\0"), NULL, NULL },
	{ SLICE_INIT("unknown"), NULL, NULL },
	{ SLICE_INIT("0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"), NULL, NULL },
};

static void check(const struct row *w, const char *want, bool got, const struct ip *ip)
{
	char text[IP_TEXT] = "";

	if (got)
		ip_write(ip, text);
	if (got != (want != NULL) || (got && strcmp(text, want) != 0))
		fail_msg("%s: %d %s", w->in.p, got, text);
}

static void addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ip ip;
		bool got = ip_parse(rows[i].in, &ip);

		check(&rows[i], rows[i].plain, got, &ip);
		got = ip_parse_host(rows[i].in, &ip);
		check(&rows[i], rows[i].host, got, &ip);
	}
}

static const struct net_row {
	struct slice nets, ip;
	bool has;
} nets[] = {
	{ SLICE_INIT("10.0.0.1"), SLICE_INIT("10.0.0.1"), true },
	{ SLICE_INIT("10.0.0.1"), SLICE_INIT("10.0.0.2"), false },
	{ SLICE_INIT("10.0.0.1"), SLICE_INIT("::ffff:10.0.0.1"), true },
	{ SLICE_INIT("10.0.0.0/8"), SLICE_INIT("10.255.3.4"), true },
	{ SLICE_INIT("10.0.0.0/8"), SLICE_INIT("11.0.0.0"), false },
	{ SLICE_INIT("10.0.0.0/9"), SLICE_INIT("10.127.0.1"), true },
	{ SLICE_INIT("10.0.0.0/9"), SLICE_INIT("10.128.0.1"), false },
	{ SLICE_INIT("0.0.0.0/0"), SLICE_INIT("9.9.9.9"), true },
	{ SLICE_INIT("0.0.0.0/0"), SLICE_INIT("2001:db8::1"), false },
	{ SLICE_INIT("::/0"), SLICE_INIT("9.9.9.9"), true },
	{ SLICE_INIT("2001:db8::/33"), SLICE_INIT("2001:db8:7fff::1"), true },
	{ SLICE_INIT("2001:db8::/33"), SLICE_INIT("2001:db8:8000::1"), false },
	{ SLICE_INIT("1.1.1.1, 2.2.2.2 3.3.3.3/32"), SLICE_INIT("3.3.3.3"), true },
	{ SLICE_INIT(" , ,"), SLICE_INIT("3.3.3.3"), false },
	{ SLICE_INIT("unix"), SLICE_INIT("127.0.0.1"), false },
};

static void networks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		struct err e = { 0 };
		struct ip_nets n;
		struct ip ip;

		assert_true(ip_parse(nets[i].ip, &ip));
		assert_int_equal(ip_nets_parse(nets[i].nets, &n, &e), 0);
		if (ip_nets_has(&n, &ip) != nets[i].has)
			fail_msg("%s in %s", nets[i].ip.p, nets[i].nets.p);
		assert_int_equal(n.local, slice_eq(nets[i].nets, SLICE("unix")));
	}
}

static void lists_that_are_refused(void **state)
{
	static const char *const lists[] = { "10.0.0.1/33",   "10.0.0.1/", "::/129",
					     "10.0.0.1/1x",   "proxy",     "1.1.1.1,x",
					     "10.0.0.1/0032", "/8" };
	struct ip_nets n;
	char many[IP_NETS * 8 + 16] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct err e = { 0 };

		if (ip_nets_parse(slice_str(lists[i]), &n, &e) != -1 ||
		    e.kind != ERR_INPUT)
			fail_msg("%s", lists[i]);
	}
	for (size_t i = 0; i <= IP_NETS; i++)
		(void)snprintf(many + i * 8, 9, "1.1.1.1,");
	{
		struct err e = { 0 };

		assert_int_equal(ip_nets_parse(slice_str(many), &n, &e), -1);
		assert_int_equal(e.kind, ERR_LIMIT);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(networks),
		cmocka_unit_test(lists_that_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
