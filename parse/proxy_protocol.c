/*
 * The PROXY header, both forms. Ignorant of who may send one.
 */
#include "parse/proxy_protocol.h"

static const struct slice v1_start = SLICE_INIT("PROXY ");
static const struct slice v2_start = SLICE_INIT("\r\n\r\n\0\r\nQUIT\n");
enum { V2_HEAD = 16, V2_TCP4 = 12, V2_TCP6 = 36 };

static int bad(struct err *e, const char *why)
{
	return err_set(e, ERR_INPUT, "the PROXY header %s", why);
}

/* Whether `in` is the beginning of `start`, or begins with it. */
static bool begins(struct slice in, struct slice start)
{
	if (in.n > start.n)
		in.n = start.n;
	else
		start.n = in.n;
	return slice_eq(in, start);
}

/* Section 2.1: "an integer between 0 and 65535 ... heading zeroes are not permitted". */
static bool port_valid(struct slice s)
{
	return ip_port_valid(s) && (s.n == 1 || s.p[0] != '0');
}

static bool address_valid(struct slice s, bool v6, struct ip *ip_r)
{
	return (slice_find(s, ':') != NULL) == v6 && ip_parse(s, ip_r);
}

/* Section 2.1: "PROXY" SP ( "TCP4" / "TCP6" ) SP source SP destination SP source-port SP
 * destination-port CRLF; behind "UNKNOWN" anything up to the CRLF. */
static int v1_line(struct slice line, struct proxy_header *h_r, struct err *e)
{
	struct slice family, source, destination, source_port;
	struct ip unused;
	bool v6;

	(void)slice_take(&line, v1_start.n);
	family = slice_split(&line, ' ');
	if (slice_eq(family, SLICE("UNKNOWN")))
		return PARSE_DONE;
	v6 = slice_eq(family, SLICE("TCP6"));
	if (!v6 && !slice_eq(family, SLICE("TCP4")))
		return bad(e, "names no protocol that we know");
	source = slice_split(&line, ' ');
	destination = slice_split(&line, ' ');
	source_port = slice_split(&line, ' ');
	if (!address_valid(source, v6, &h_r->source) ||
	    !address_valid(destination, v6, &unused))
		return bad(e, "has no two addresses");
	if (!port_valid(source_port) || !port_valid(line))
		return bad(e, "has no two ports");
	h_r->known = true;
	return PARSE_DONE;
}

static int v1_read(struct slice in, struct proxy_header *h_r, size_t *used_r,
		   struct err *e)
{
	struct slice line = in;
	const char *end;

	if (line.n > PROXY_V1_MAX)
		line.n = PROXY_V1_MAX;
	end = slice_find(line, '\n');
	if (end == NULL)
		return in.n < PROXY_V1_MAX ? PARSE_MORE : bad(e, "is too long");
	line.n = (size_t)(end - line.p);
	*used_r = line.n + 1;
	if (line.n == 0 || line.p[line.n - 1] != '\r')
		return bad(e, "ends without CRLF");
	line.n--;
	return v1_line(line, h_r, e);
}

/* Section 2.2: of the 13th byte the upper half is the version, the lower the command;
 * of the 14th the upper half is the family, the lower the transport. */
static int v2_read(struct slice in, struct proxy_header *h_r, size_t *used_r,
		   struct err *e)
{
	const unsigned char *p = (const unsigned char *)in.p;
	unsigned command, family;
	size_t n;

	if (in.n > 12 && p[12] != 0x20 && p[12] != 0x21)
		return bad(e, "has an unknown version or command");
	if (in.n < V2_HEAD)
		return PARSE_MORE;
	command = p[12] & 0xfU;
	family = p[13];
	n = (size_t)p[14] << 8 | p[15];
	if (n > PROXY_V2_MAX - V2_HEAD)
		return bad(e, "is too long");
	if (in.n - V2_HEAD < n)
		return PARSE_MORE;
	*used_r = V2_HEAD + n;
	if (command == 0) /* LOCAL: the proxy's own, such as a health check */
		return PARSE_DONE;
	switch (family) {
	case 0x11: /* TCP over IPv4 */
		if (n < V2_TCP4)
			return bad(e, "is too short");
		h_r->source = ip_from_v4(p + V2_HEAD);
		break;
	case 0x21: /* TCP over IPv6 */
		if (n < V2_TCP6)
			return bad(e, "is too short");
		memcpy(h_r->source.b, p + V2_HEAD, sizeof(h_r->source.b));
		break;
	case 0x00: /* unspecified */
	case 0x31: /* a unix stream */
		return PARSE_DONE;
	default:
		return bad(e, "names no protocol that we know");
	}
	h_r->known = true;
	return PARSE_DONE;
}

int proxy_header_read(struct slice in, struct proxy_header *h_r, size_t *used_r,
		      struct err *e)
{
	*h_r = (struct proxy_header){ .known = false };
	*used_r = 0;
	if (in.n == 0)
		return PARSE_MORE;
	if (begins(in, v2_start))
		return in.n < v2_start.n ? PARSE_MORE : v2_read(in, h_r, used_r, e);
	if (begins(in, v1_start))
		return in.n < v1_start.n ? PARSE_MORE : v1_read(in, h_r, used_r, e);
	return bad(e, "is missing");
}
