/*
 * How many children, and when: pure functions of what the master knows, so that the
 * policy is tested without a process.
 */
#ifndef SERVER_POLICY_H
#define SERVER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum {
	POLICY_EARLY_MS = 1000,    /* a child that lives shorter failed to start */
	POLICY_FIRST_MS = 100,     /* wait after the first such failure ... */
	POLICY_LONGEST_MS = 10000, /* ... doubling up to this */
	POLICY_GRACE_MS = 10000,   /* beyond request_timeout: then a worker is stuck */
	POLICY_FEW = 16            /* connections of a worker */
};

/* What the master remembers of a role's failures. Zero it to begin. */
struct policy {
	unsigned early;         /* starts in a row that failed */
	uint64_t not_before_ms; /* no start of this role earlier than this */
};

/* A child ended unexpectedly at now_ms after lived_ms. Returns true when the loop of
 * crashes just began or grew (worth a line in the log). */
bool policy_died(struct policy *p, uint64_t now_ms, uint64_t lived_ms);
/* A child has lived long enough to count as a success. */
void policy_lived(struct policy *p);
/* How many to start now, given how many are wanted and alive; *wait_ms_r is set when
 * starts are held back: how long (else 0). */
unsigned policy_starts(const struct policy *p, uint64_t now_ms, unsigned wanted,
		       unsigned alive, uint64_t *wait_ms_r);
/* What a worker does about a connection that waits. */
enum policy_turn {
	POLICY_TAKES,
	POLICY_PASSES, /* it would hold more than its part: its siblings take it */
	POLICY_RESERVE /* it is there for when they are busy */
};
/*
 * For a worker that holds `own` of `all` connections; `workers` counts all workers,
 * `rank` from 0 those before it. The first ones, as many as can hold all with about twice
 * an even part each, share evenly, and the others are in reserve: fewer workers that wake
 * for more at a time cost less than many that wake for each, and scans that are ready in
 * one worker commit together. Once a part is POLICY_FEW, all share: most of so many are
 * silent, and behind an uneven crowd of those, all that are not could come to one worker.
 */
enum policy_turn policy_turn(unsigned own, unsigned all, unsigned workers, unsigned rank);

/* After how many requests a worker ends: max_requests and up to a fifth more, spread
 * over the workers' numbers, so that workers of one start do not end together. 0: never.
 */
uint64_t policy_requests(uint32_t max_requests, unsigned number);
/* Whether a worker is stuck that was last at its loop at since_ms. awake_ms: when the
 * master woke from a pause of its own, in which a worker could not show up either. */
bool policy_stuck(uint64_t now_ms, uint64_t since_ms, uint64_t awake_ms,
		  uint32_t request_timeout);

#endif
