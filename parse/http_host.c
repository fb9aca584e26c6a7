/*
 * Hosts with ports, by their grammar alone. Ignorant of names' meaning and of the
 * hosts that this server serves.
 */
#include "parse/http_host.h"

#include "parse/http_byte.h"
#include "parse/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* port = *DIGIT (RFC 3986 section 3.2.3); more than TCP has is refused. */
static bool port_valid(struct slice s)
{
	return s.n == 0 || ip_port_valid(s);
}

/* IP-literal = "[" ( IPv6address / IPvFuture ) "]"; there is no IPvFuture yet. */
static bool ipv6_valid(struct slice s)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (s.n >= sizeof(text) || slice_find(s, '\0') != NULL)
		return false;
	if (s.n > 0)
		memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* reg-name = *( unreserved / pct-encoded / sub-delims ), which IPv4address is too. */
static bool name_valid(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (http_byte_is(s.p[i], HTTP_HOST))
			continue;
		if (s.p[i] != '%' || s.n - i < 3 || http_byte_hex(s.p[i + 1]) < 0 ||
		    http_byte_hex(s.p[i + 2]) < 0)
			return false;
		i += 2;
	}
	return s.n > 0;
}

/* Host = uri-host [ ":" port ] */
bool http_host_valid(struct slice s)
{
	struct slice host;

	if (s.n > 0 && s.p[0] == '[') {
		(void)slice_take(&s, 1);
		if (slice_find(s, ']') == NULL)
			return false;
		host = slice_split(&s, ']');
		return ipv6_valid(host) &&
		       (s.n == 0 || (s.p[0] == ':' && port_valid(slice_from(s, 1))));
	}
	host = slice_split(&s, ':');
	return name_valid(host) && port_valid(s);
}
