/*
 * Whose a connection is, and how many one client may hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/waybill-clients-XXXXXX";
static char trusted[] = "10.0.0.1";
static struct slots *slots;
static struct clients clients;

static enum clients_verdict enter(const char *peer)
{
	struct client c = clients_peer(&clients, peer);

	return clients_enter(&clients, &c);
}

/* In order: each row counts for those below it. Two are allowed. */
static const struct row {
	const char *name, *peer;
	enum clients_verdict want;
} rows[] = {
	{ "the first", "192.0.2.1", CLIENTS_WELCOME },
	{ "the second", "192.0.2.1", CLIENTS_WELCOME },
	{ "one more", "192.0.2.1", CLIENTS_TOO_MANY },
	{ "twice as many", "192.0.2.1", CLIENTS_TOO_MANY },
	{ "beyond", "192.0.2.1", CLIENTS_FLOOD },
	{ "the same, mapped", "::ffff:192.0.2.1", CLIENTS_FLOOD },
	{ "a neighbour", "192.0.2.2", CLIENTS_WELCOME },
	{ "a proxy", "10.0.0.1", CLIENTS_WELCOME },
	{ "a network of 64 bits", "2001:db8:0:1::1", CLIENTS_WELCOME },
	{ "another address of it", "2001:db8:0:1:ffff::2", CLIENTS_WELCOME },
	/* Each address was a client: whoever has a network had any number. */
	{ "a third address of it", "2001:db8:0:1::3", CLIENTS_TOO_MANY },
	{ "the next network", "2001:db8:0:2::1", CLIENTS_WELCOME },
};

static void counts_by_client(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (enter(rows[i].peer) != rows[i].want)
			fail_msg("%s", rows[i].name);
}

static void one_that_left_makes_room(void **state)
{
	struct client c[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		c[i] = clients_peer(&clients, "198.51.100.7");
		assert_int_equal(clients_enter(&clients, &c[i]),
				 i < 2 ? CLIENTS_WELCOME : CLIENTS_TOO_MANY);
	}
	clients_leave(&clients, &c[0]);
	clients_leave(&clients, &c[2]);
	assert_int_equal(clients_enter(&clients, &c[2]), CLIENTS_WELCOME);
}

static int set_up(void **state)
{
	struct config cfg = { .max_connections_per_client = 2,
			      .trusted_proxies = trusted };
	struct err e = { .kind = ERR_NONE };

	(void)state;
	if (mkdtemp(folder) == NULL || slots_create(folder, &slots, &e) < 0)
		return -1;
	return clients_init(&clients, &cfg, slots,
			    slots_take(slots, SLOT_WORKER, 1, getpid()), &e);
}

static int tear_down(void **state)
{
	char path[64];

	(void)state;
	slots_close(&slots);
	(void)snprintf(path, sizeof(path), "%s/waybilld.scoreboard", folder);
	return unlink(path) < 0 ? -1 : rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_by_client),
		cmocka_unit_test(one_that_left_makes_room),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
