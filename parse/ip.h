/*
 * Addresses and networks, IPv4 and IPv6 alike: an IPv4 address is kept as the IPv6
 * address that maps it (RFC 4291 section 2.5.5.2), so that 10.0.0.1 and
 * ::ffff:10.0.0.1 are one client.
 */
#ifndef PARSE_IP_H
#define PARSE_IP_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

enum { IP_TEXT = 46, IP_NETS = 64 };

struct ip {
	uint8_t b[16];
};

/* "10.0.0.1" or "2001:db8::1", nothing else in it. */
bool ip_parse(struct slice s, struct ip *ip_r);
/* The same with a port that is ignored: "10.0.0.1:80", "[2001:db8::1]:80", "[::1]". */
bool ip_parse_host(struct slice s, struct ip *ip_r);
/* One to five digits, 65535 at the most. */
bool ip_port_valid(struct slice s);
struct ip ip_from_v4(const uint8_t b[4]);
/* The usual text; an IPv4 address in its own form. */
void ip_write(const struct ip *ip, char to[IP_TEXT]);

struct ip_nets {
	struct {
		struct ip ip;
		unsigned bits; /* of 128 that count */
	} net[IP_NETS];
	size_t n;
	bool local; /* the word "unix": peers on a unix socket */
};

/* A list of addresses and networks ("10.0.0.0/8"), with commas or blanks between.
 * ERR_INPUT names the part that is neither; ERR_LIMIT over IP_NETS of them. */
int ip_nets_parse(struct slice list, struct ip_nets *nets_r, struct err *e) MUST_CHECK;
bool ip_nets_has(const struct ip_nets *nets, const struct ip *ip);

#endif
