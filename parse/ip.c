/*
 * Addresses by their text. Ignorant of what they are good for.
 */
#include "parse/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct ip ip_from_v4(const uint8_t b[4])
{
	struct ip ip;

	memcpy(ip.b, mapped, sizeof(mapped));
	memcpy(ip.b + 12, b, 4);
	return ip;
}

bool ip_parse(struct slice s, struct ip *ip_r)
{
	char text[IP_TEXT];
	uint8_t v4[4];

	if (s.n == 0 || s.n >= sizeof(text) || slice_find(s, '\0') != NULL)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(AF_INET, text, v4) == 1) {
		*ip_r = ip_from_v4(v4);
		return true;
	}
	return inet_pton(AF_INET6, text, ip_r->b) == 1;
}

bool ip_port_valid(struct slice s)
{
	unsigned port = 0;

	if (s.n == 0 || s.n > 5)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		port = port * 10 + (unsigned)(s.p[i] - '0');
	}
	return port <= 65535;
}

bool ip_parse_host(struct slice s, struct ip *ip_r)
{
	struct slice host;

	if (slice_starts(s, SLICE("["))) {
		(void)slice_take(&s, 1);
		if (slice_find(s, ']') == NULL)
			return false;
		host = slice_split(&s, ']');
		return slice_find(host, ':') != NULL && ip_parse(host, ip_r) &&
		       (s.n == 0 || (s.p[0] == ':' && ip_port_valid(slice_from(s, 1))));
	}
	if (ip_parse(s, ip_r))
		return true;
	host = slice_split(&s, ':');
	return ip_port_valid(s) && ip_parse(host, ip_r);
}

void ip_write(const struct ip *ip, char to[IP_TEXT])
{
	bool v4 = memcmp(ip->b, mapped, sizeof(mapped)) == 0;

	if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? ip->b + 12 : ip->b, to, IP_TEXT) ==
	    NULL)
		to[0] = '\0';
}

/* Of a network's bits, as written behind the slash: 1 to 3 digits. */
static bool bits_parse(struct slice s, unsigned most, unsigned *bits_r)
{
	unsigned bits = 0;

	if (s.n == 0 || s.n > 3)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		bits = bits * 10 + (unsigned)(s.p[i] - '0');
	}
	*bits_r = bits;
	return bits <= most;
}

static int net_add(struct ip_nets *nets, struct slice part, struct err *e)
{
	struct slice bits = part;
	struct slice address = slice_split(&bits, '/');
	bool masked = address.n < part.n;
	bool v4 = slice_find(address, ':') == NULL;
	unsigned n = v4 ? 32 : 128;
	struct ip ip;

	if (nets->n == IP_NETS)
		return err_set(e, ERR_LIMIT, "more than %d addresses and networks",
			       IP_NETS);
	if (!ip_parse(address, &ip) || (masked && !bits_parse(bits, n, &n)))
		return err_set(e, ERR_INPUT, "'%.*s' is no address or network",
			       (int)(part.n < 60 ? part.n : 60), part.p);
	nets->net[nets->n].ip = ip;
	nets->net[nets->n].bits = v4 ? n + 96 : n;
	nets->n++;
	return 0;
}

int ip_nets_parse(struct slice list, struct ip_nets *nets_r, struct err *e)
{
	*nets_r = (struct ip_nets){ .n = 0 };
	while (list.n > 0) {
		struct slice part;
		size_t n = 0;

		while (n < list.n && list.p[n] != ',' && list.p[n] != ' ' &&
		       list.p[n] != '\t')
			n++;
		part = slice_take(&list, n);
		(void)slice_take(&list, 1);
		if (slice_eq(part, SLICE("unix")))
			nets_r->local = true;
		else if (part.n > 0 && net_add(nets_r, part, e) < 0)
			return -1;
	}
	return 0;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool ip_nets_has(const struct ip_nets *nets, const struct ip *ip)
{
	for (size_t i = 0; i < nets->n; i++)
		if (same_bits(nets->net[i].ip.b, ip->b, nets->net[i].bits))
			return true;
	return false;
}
