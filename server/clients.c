/*
 * Clients. Ignorant of connections and requests.
 */
#include "server/clients.h"

int clients_init(struct clients *c, const struct config *cfg, struct slots *slots,
		 struct slot *slot, struct err *e)
{
	*c = (struct clients){ .slots = slots,
			       .slot = slot,
			       .most = cfg->max_connections_per_client };
	/* The same for all workers, and known to nobody outside. */
	c->seed = atomic_load(&slots_shared(slots)->seed);
	if (ip_nets_parse(slice_str(cfg->trusted_proxies), &c->trusted, e) < 0)
		return err_prefix(e, "key 'trusted_proxies'");
	return 0;
}

struct client clients_named(const struct clients *c, const struct ip *ip)
{
	return (struct client){ .ip = *ip,
				.has_ip = true,
				.trusted = ip_nets_has(&c->trusted, ip) };
}

struct client clients_peer(const struct clients *c, const char *peer)
{
	struct slice text = slice_str(peer);
	struct ip ip;

	/* A link-local address comes with its interface: "fe80::1%eth0". */
	if (ip_parse(slice_split(&text, '%'), &ip))
		return clients_named(c, &ip);
	return (struct client){ .trusted = c->trusted.local };
}

enum clients_verdict clients_enter(struct clients *c, struct client *client)
{
	unsigned n;

	if (c->most == 0 || client->trusted || !client->has_ip)
		return CLIENTS_WELCOME;
	client->key = throttle_key_ip(&client->ip, c->seed);
	n = slots_client(c->slots, c->slot, client->key, 1);
	if (n <= c->most)
		return CLIENTS_WELCOME;
	return n <= 2 * c->most ? CLIENTS_TOO_MANY : CLIENTS_FLOOD;
}

void clients_leave(struct clients *c, struct client *client)
{
	if (client->key != 0)
		(void)slots_client(c->slots, c->slot, client->key, -1);
	client->key = 0;
}
