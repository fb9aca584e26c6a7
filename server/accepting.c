/*
 * Ignorant of what comes over a connection.
 */
#include "server/accepting.h"

#include "server/clock.h"
#include "server/descriptors.h"
#include "server/log.h"
#include "server/platform.h"
#include "server/policy.h"

#include <errno.h>

enum {
	MOST_IN_VAIN = 8,
	REFUSED = 16, /* connections over max that wait for their 503 */
	/* How long a worker with more than its share, or in reserve, leaves a new
	 * connection to its siblings: a round of theirs may take so long when the
	 * processors are busy. If they are stuck, it takes it after this. */
	LEAVE_MS = 20,
	/* After which it looks whether it still has more than its share, while they come.
	 */
	SHARE_MS = 1,
	/* Without a descriptor for a connection: how long it takes none, and between two
	 * words about it. */
	PAUSE_MS = 100,
	SAY_MS = 10000
};

bool accepting_has_room(const struct accepting *a, size_t held)
{
	unsigned workers, all, rank;

	if (held < a->max)
		return true;
	if (held == a->max + REFUSED)
		return false;
	all = slots_connections(a->slots, a->slot, &workers, &rank);
	/* A sibling that is still starting will have room. */
	return workers >= atomic_load_explicit(&slots_shared(a->slots)->workers,
					       memory_order_relaxed) &&
	       all >= workers * a->max;
}

/* Whether the next connection is for this worker. */
static enum policy_turn turn(const struct accepting *a, size_t held)
{
	unsigned workers, rank, all;
	enum policy_turn t;

	all = slots_connections(a->slots, a->slot, &workers, &rank);
	t = policy_turn((unsigned)held, all, workers, rank);
	/* Its part is one of those as well that wait. */
	return t != POLICY_PASSES
		       ? t
		       : policy_turn((unsigned)held, all + platform_waiting(a->fd),
				     workers, rank);
}

/* Until when it leaves new connections to the siblings, or until it looks again; 0: not.
 * After LEAVE_MS there is a round that takes one, so that nobody waits for a stuck
 * sibling; and more of them each time that more wait. */
static uint64_t passes_until(struct accepting *a, size_t held, uint64_t now_ms)
{
	if (turn(a, held) != POLICY_PASSES) {
		a->passed_ms = 0;
		return 0;
	}
	if (a->passed_ms == 0)
		a->passed_ms = now_ms;
	if (now_ms >= a->passed_ms + LEAVE_MS) {
		a->passed_ms = 0;
		a->held = true;
		return 0;
	}
	/* When many come at once, its part grows meanwhile. */
	return now_ms < a->took_ms + LEAVE_MS ? now_ms + SHARE_MS
					      : a->passed_ms + LEAVE_MS;
}

static bool listens(struct accepting *a, size_t held, uint64_t now_ms,
		    uint64_t *next_ms_r)
{
	uint64_t until;

	if (now_ms < a->hold_until_ms) {
		*next_ms_r = a->hold_until_ms;
		return false;
	}
	if (a->hold_until_ms != 0) {
		a->hold_until_ms = 0;
		a->held = true;
		*next_ms_r = now_ms;
	} else if (held < a->max && (until = passes_until(a, held, now_ms)) != 0) {
		*next_ms_r = until;
		return false;
	}
	return true;
}

bool accepting_listens(struct accepting *a, size_t held, uint64_t now_ms,
		       uint64_t *next_ms_r)
{
	uint64_t next = *next_ms_r;

	a->listened = false;
	if (a->fd < 0 || !accepting_has_room(a, held))
		return false;
	if (now_ms < a->pause_until_ms)
		next = a->pause_until_ms;
	else
		a->listened = listens(a, held, now_ms, &next);
	if (next < *next_ms_r)
		*next_ms_r = next;
	return a->listened;
}

/* A worker in reserve was woken for a connection, or looks whether one waits: leaves it
 * to the others, and goes behind them in the kernel's list of whom to wake. */
static bool holds_back(struct accepting *a, size_t held, uint64_t now_ms)
{
	if (a->held || held >= a->max || turn(a, held) != POLICY_RESERVE)
		return false;
	a->hold_until_ms = now_ms + LEAVE_MS;
	return true;
}

bool accepting_due(struct accepting *a, size_t held, bool told, uint64_t now_ms)
{
	bool due = told && a->fd >= 0 && now_ms >= a->pause_until_ms &&
		   !holds_back(a, held, now_ms);

	if (a->held && due && platform_waiting(a->fd) > 0)
		a->in_vain += a->in_vain < MOST_IN_VAIN;
	else if (a->held || due)
		a->in_vain = 0;
	a->had = held;
	a->held = false;
	return due;
}

bool accepting_more(const struct accepting *a, size_t held)
{
	if (platform_waiting(a->fd) == 0)
		return false;
	/* The longer the siblings take none, the more are its own. */
	if (a->in_vain > 1 && held - a->had < (size_t)1 << (a->in_vain - 1))
		return true;
	return turn(a, held) == POLICY_TAKES;
}

/* A connection waits that cannot be had: looking for it again at once would only keep
 * the processor busy. Siblings may have a descriptor for it. */
void accepting_failed(struct accepting *a, size_t held)
{
	int why = errno;
	uint64_t now = clock_ms();

	if (why != EMFILE && why != ENFILE && why != ENOBUFS && why != ENOMEM)
		return;
	metrics_add(slots_metrics(a->slots, a->slot), METRIC_ACCEPT_FAILED, 1);
	a->pause_until_ms = now + PAUSE_MS;
	if (now < a->say_ms)
		return;
	a->say_ms = now + SAY_MS;
	log_line(LOG_WARNING,
		 "a connection has to wait: %s; this worker holds %zu, and may open %llu "
		 "files",
		 strerror(why), held, (unsigned long long)descriptors_limit());
}
