/*
 * Decisions of the master and of accept(). Ignorant of processes and sockets.
 */
#include "server/policy.h"

bool policy_died(struct policy *p, uint64_t now_ms, uint64_t lived_ms)
{
	uint64_t wait = POLICY_FIRST_MS;

	if (lived_ms >= POLICY_EARLY_MS) {
		p->early = 0;
		return false;
	}
	/* Siblings of one bad start count once, or twenty workers would use up the
	 * whole doubling at once. */
	if (now_ms < p->not_before_ms)
		return false;
	for (unsigned i = 0; i < p->early && wait < POLICY_LONGEST_MS; i++)
		wait *= 2;
	if (wait > POLICY_LONGEST_MS)
		wait = POLICY_LONGEST_MS;
	p->early++;
	p->not_before_ms = now_ms + wait;
	return true;
}

void policy_lived(struct policy *p)
{
	p->early = 0;
	p->not_before_ms = 0;
}

unsigned policy_starts(const struct policy *p, uint64_t now_ms, unsigned wanted,
		       unsigned alive, uint64_t *wait_ms_r)
{
	*wait_ms_r = 0;
	if (alive >= wanted)
		return 0;
	if (now_ms < p->not_before_ms) {
		*wait_ms_r = p->not_before_ms - now_ms;
		return 0;
	}
	/* In a loop of crashes one child at a time tries whether it is over. */
	return p->early > 0 ? 1 : wanted - alive;
}

/* How many share: w / (2 * (w - 1) / w), rounded up. */
static unsigned sharing(unsigned all, unsigned workers)
{
	uint64_t w = workers;

	if (all / workers >= POLICY_FEW)
		return workers;
	w = w * w / (2 * (w - 1)) + 1;
	return w < workers ? (unsigned)w : workers;
}

enum policy_turn policy_turn(unsigned own, unsigned all, unsigned workers, unsigned rank)
{
	unsigned n;

	if (workers <= 1)
		return POLICY_TAKES;
	n = sharing(all, workers);
	if (rank >= n)
		return POLICY_RESERVE;
	return own > all / n ? POLICY_PASSES : POLICY_TAKES;
}

uint64_t policy_requests(uint32_t max_requests, unsigned number)
{
	/* 2^32 divided by the golden ratio: neighbours land far from each other. */
	uint32_t spread = (uint32_t)number * UINT32_C(2654435769);

	if (max_requests == 0)
		return 0;
	return max_requests + (((uint64_t)max_requests / 5 + 1) * spread >> 32);
}

bool policy_stuck(uint64_t now_ms, uint64_t since_ms, uint64_t awake_ms,
		  uint32_t request_timeout)
{
	uint64_t from = since_ms > awake_ms ? since_ms : awake_ms;

	return now_ms > from &&
	       now_ms - from >= (uint64_t)request_timeout + POLICY_GRACE_MS;
}
