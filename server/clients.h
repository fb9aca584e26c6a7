/*
 * Whose a connection is, and how many of them one client may hold: proxies that are
 * trusted speak for others, everybody else for themselves.
 */
#ifndef SERVER_CLIENTS_H
#define SERVER_CLIENTS_H

#include "parse/forwarded.h"
#include "server/config.h"
#include "server/slots.h"

struct clients {
	struct ip_nets trusted;
	struct slots *slots;
	struct slot *slot; /* the worker's own */
	unsigned most;     /* connections of one client; 0: no limit */
	uint64_t seed;     /* so that nobody can choose whom to share a key with */
};

/* Where a connection comes from. */
struct client {
	struct ip ip;
	bool has_ip;  /* false: a unix socket */
	bool trusted; /* a proxy that speaks for others */
	uint64_t key; /* 0: not counted */
};

enum clients_verdict { CLIENTS_WELCOME, CLIENTS_TOO_MANY, CLIENTS_FLOOD };

/* ERR_INPUT when the key 'trusted_proxies' cannot be read. */
int clients_init(struct clients *c, const struct config *cfg, struct slots *slots,
		 struct slot *slot, struct err *e) MUST_CHECK;
/* The client of an address as listener_accept() gives it. */
struct client clients_peer(const struct clients *c, const char *peer);
/* The client that a proxy names. */
struct client clients_named(const struct clients *c, const struct ip *ip);
/*
 * Counts one more connection of a client, which is what throttle_key_ip() takes for one;
 * proxies are not counted. TOO_MANY over the
 * limit, FLOOD over twice the limit: not even worth an answer. clients_leave() takes
 * it off again, whatever the verdict was.
 */
enum clients_verdict clients_enter(struct clients *c, struct client *client);
void clients_leave(struct clients *c, struct client *client);

#endif
