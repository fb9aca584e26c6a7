/*
 * How often one client may try something, over all workers: counters in the scoreboard's
 * memory, without locks. Each is a single time, that at which all tries so far would have
 * been made at the allowed rate (the generic cell rate algorithm, ITU-T I.371 annex A).
 */
#ifndef SERVER_THROTTLE_H
#define SERVER_THROTTLE_H

#include "parse/ip.h"
#include "parse/slice.h"

#include <stdatomic.h>
#include <stdint.h>

enum { THROTTLE_SETS = 256, THROTTLE_WAYS = 8 };

struct throttle {
	struct {
		atomic_ullong key;    /* of a client; 0: never used */
		atomic_ullong due_ms; /* in the past: free for another client */
	} entry[THROTTLE_SETS][THROTTLE_WAYS];
};

/* The key of a client's address: one for each IPv4 address, one for each IPv6 network of
 * 64 bits, because that is what one customer gets; never 0. */
uint64_t throttle_key_ip(const struct ip *ip, uint64_t seed);
/* The same for an address as text; text that is none is a client of its own. */
uint64_t throttle_key(struct slice address, uint64_t seed);
/*
 * One more try at now_ms, of at most `rate` (1 and more) a minute, all of which may come
 * at once. Returns 0, or the milliseconds until another is allowed: a refused one does
 * not count. Clients beyond what the table holds share an entry with others.
 */
uint64_t throttle_try(struct throttle *t, uint64_t key, unsigned rate, uint64_t now_ms);

#endif
