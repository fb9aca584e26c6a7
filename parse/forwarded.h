/*
 * What proxies in front say about the client: X-Forwarded-For and X-Forwarded-Proto.
 * Only for requests whose peer is trusted: anybody can write these fields.
 */
#ifndef PARSE_FORWARDED_H
#define PARSE_FORWARDED_H

#include "parse/http_head.h"
#include "parse/ip.h"

/*
 * The client behind trusted proxies: of the addresses in all X-Forwarded-For fields, the
 * rightmost that is not trusted itself; the leftmost when all are; what stands right of
 * the first that is no address, when one is reached. *client is the peer before, and
 * stays it when there is nothing.
 */
void forwarded_client(const struct http_head *h, const struct ip_nets *trusted,
		      struct ip *client);
/* Whether the proxy says that the client came by https: in the last of these fields,
 * which is its own where it adds one to the client's. */
bool forwarded_secure(const struct http_head *h);

#endif
