/*
 * Fields of proxies. Ignorant of who is trusted: the caller knows.
 *
 *   X-Forwarded-For: client, proxy1, proxy2
 * Each proxy adds the peer that it saw at the end, in the same field or one more.
 */
#include "parse/forwarded.h"

/* Removes the last element of a list and returns it without blanks. */
static struct slice last_take(struct slice *list)
{
	size_t at = list->n;
	struct slice part;

	while (at > 0 && list->p[at - 1] != ',')
		at--;
	part = slice_from(*list, at);
	list->n = at > 0 ? at - 1 : 0;
	return slice_trim(part);
}

/* Whether to go on further left. */
static bool take_hop(struct slice hop, const struct ip_nets *trusted, struct ip *client)
{
	struct ip ip;

	if (hop.n == 0) /* an empty element says nothing (RFC 9110 section 5.6.1) */
		return true;
	if (!ip_parse_host(hop, &ip))
		return false;
	*client = ip;
	return ip_nets_has(trusted, &ip);
}

void forwarded_client(const struct http_head *h, const struct ip_nets *trusted,
		      struct ip *client)
{
	for (size_t i = h->n_fields; i-- > 0;) {
		struct slice list = h->field[i].value;

		if (!slice_eq_nocase(h->field[i].name, SLICE("X-Forwarded-For")))
			continue;
		while (list.n > 0)
			if (!take_hop(last_take(&list), trusted, client))
				return;
	}
}

bool forwarded_secure(const struct http_head *h)
{
	size_t i = h->n_fields;

	while (i-- > 0)
		if (slice_eq_nocase(h->field[i].name, SLICE("X-Forwarded-Proto"))) {
			struct slice list = h->field[i].value;

			return slice_eq_nocase(last_take(&list), SLICE("https"));
		}
	return false;
}
