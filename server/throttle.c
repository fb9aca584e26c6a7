/*
 * Rates by client. Ignorant of what is tried.
 */
#include "server/throttle.h"

enum { MINUTE_MS = 60000, NET_BYTES = 8, V4_AT = 12 };

static uint64_t hash(const void *bytes, size_t n, uint64_t h)
{
	const unsigned char *p = bytes;

	/* FNV-1a (Fowler, Noll, Vo) */
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(1099511628211);
	return h ^ h >> 32;
}

static uint64_t key(const void *bytes, size_t n, uint64_t seed)
{
	uint64_t h = hash(bytes, n, seed ^ UINT64_C(14695981039346656037));

	return h == 0 ? 1 : h;
}

uint64_t throttle_key_ip(const struct ip *ip, uint64_t seed)
{
	static const uint8_t mapped[V4_AT] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return key(ip->b,
		   memcmp(ip->b, mapped, sizeof(mapped)) == 0 ? sizeof(ip->b) : NET_BYTES,
		   seed);
}

uint64_t throttle_key(struct slice address, uint64_t seed)
{
	struct ip ip;

	return ip_parse(address, &ip) ? throttle_key_ip(&ip, seed)
				      : key(address.p, address.n, seed);
}

/* The client's entry: its own, else one that is free, else the last of its set. */
static size_t entry_of(struct throttle *t, size_t set, uint64_t key, uint64_t now_ms)
{
	for (size_t i = 0; i < THROTTLE_WAYS; i++)
		if (atomic_load(&t->entry[set][i].key) == key)
			return i;
	for (size_t i = 0; i < THROTTLE_WAYS; i++) {
		unsigned long long was = atomic_load(&t->entry[set][i].key);

		if (atomic_load(&t->entry[set][i].due_ms) <= now_ms &&
		    atomic_compare_exchange_strong(&t->entry[set][i].key, &was, key))
			return i;
	}
	return THROTTLE_WAYS - 1;
}

uint64_t throttle_try(struct throttle *t, uint64_t key, unsigned rate, uint64_t now_ms)
{
	size_t set = (size_t)(key % THROTTLE_SETS);
	atomic_ullong *due = &t->entry[set][entry_of(t, set, key, now_ms)].due_ms;
	uint64_t each = rate > MINUTE_MS ? 1 : MINUTE_MS / rate;
	unsigned long long was = atomic_load(due), next;

	do {
		next = (was > now_ms ? was : now_ms) + each;
		if (next - now_ms > each * rate)
			return next - now_ms - each * rate;
	} while (!atomic_compare_exchange_weak(due, &was, next));
	return 0;
}
