/*
 * What proxies say: PROXY headers, forwarded fields, lists of networks.
 */
#include "parse/forwarded.h"
#include "parse/proxy_protocol.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

/* The same answer byte by byte as at once, and never from more bytes than it used. */
static void header_check(struct slice in)
{
	struct proxy_header whole, part;
	struct err e = { 0 }, again = { 0 };
	size_t used, n = 0, used_part = 0;
	int want = proxy_header_read(in, &whole, &used, &e);
	int got = PARSE_MORE;

	while (got == PARSE_MORE && n < in.n)
		got = proxy_header_read((struct slice){ in.p, ++n }, &part, &used_part,
					&again);
	check(got == want);
	if (want != PARSE_DONE)
		return;
	check(used <= in.n && used == used_part && n == used);
	check(whole.known == part.known &&
	      (!whole.known ||
	       memcmp(&whole.source, &part.source, sizeof(whole.source)) == 0));
}

/* What is written is read again as the same. */
static void address_check(struct slice in)
{
	char text[IP_TEXT];
	struct ip ip, again;

	if (!ip_parse(in, &ip))
		return;
	ip_write(&ip, text);
	check(ip_parse(slice_str(text), &again) && memcmp(&ip, &again, sizeof(ip)) == 0);
	check(ip_parse_host(in, &again) && memcmp(&ip, &again, sizeof(ip)) == 0);
}

static void forwarded_check(struct slice in)
{
	struct http_head h = { .n_fields = 1 };
	struct ip_nets none = { .n = 0 }, all;
	struct err e = { 0 };
	struct ip a = { { 1 } }, b = { { 1 } };

	h.field[0] = (struct http_field){ SLICE("X-Forwarded-For"), in };
	check(ip_nets_parse(SLICE("::/0"), &all, &e) == 0);
	forwarded_client(&h, &none, &a);
	forwarded_client(&h, &all, &b);
	if (slice_find(in, ',') == NULL)
		check(memcmp(&a, &b, sizeof(a)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct ip_nets nets;
	struct err e = { 0 };

	header_check(in);
	address_check(in);
	forwarded_check(in);
	if (ip_nets_parse(in, &nets, &e) == 0)
		for (size_t i = 0; i < nets.n; i++)
			check(ip_nets_has(&nets, &nets.net[i].ip));
	return 0;
}
