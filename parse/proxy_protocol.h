/*
 * The PROXY protocol, versions 1 and 2: the header by which a proxy says at the start of
 * a connection whose it is (the specification is HAProxy's proxy-protocol.txt; the
 * sections below are its).
 */
#ifndef PARSE_PROXY_PROTOCOL_H
#define PARSE_PROXY_PROTOCOL_H

#include "parse/ip.h"

enum {
	PROXY_V1_MAX = 107,      /* bytes, its CRLF counted */
	PROXY_V2_MAX = 16 + 2048 /* with what we accept of extensions */
};

struct proxy_header {
	bool known; /* false: the proxy speaks for itself, or does not tell */
	struct ip source;
};

/*
 * `in` holds everything received since the connection's start. PARSE_MORE, or PARSE_DONE
 * with *h_r filled and *used_r the header's length, or -1 with ERR_INPUT: the connection
 * must be closed without a word (section 2: there is no guessing whether a header is
 * there). The same answer in every split.
 */
int proxy_header_read(struct slice in, struct proxy_header *h_r, size_t *used_r,
		      struct err *e) MUST_CHECK;

#endif
