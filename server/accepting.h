/*
 * Which connections of the shared socket are a worker's. For worker, which takes and
 * serves them; all functions are told how many it holds.
 */
#ifndef SERVER_ACCEPTING_H
#define SERVER_ACCEPTING_H

#include "server/slots.h"

struct accepting {
	struct slots *slots;
	const struct slot *slot; /* the worker's */
	int fd;     /* listens; -1 once it drains: what waits there is the siblings' or
		       refused */
	size_t max; /* connections */
	uint64_t took_ms;        /* its last one */
	uint64_t passed_ms;      /* since when it leaves them to the siblings; 0: not */
	uint64_t hold_until_ms;  /* 0: not leaving the one that woke it to them */
	bool held;               /* it has left it to them: what still waits is its own */
	unsigned in_vain;        /* how often in a row something did */
	size_t had;              /* how many it held before it took what waited */
	bool listened;           /* in its last sleep */
	uint64_t pause_until_ms; /* out of descriptors: it takes none until then */
	uint64_t say_ms;         /* not to be told again before */
};

/* Whether it takes another one: while there is room; beyond that, when no sibling has
 * room either, a few that are told so. */
bool accepting_has_room(const struct accepting *a, size_t held);
/* Before a sleep: whether to be woken for a new connection; *next_ms_r becomes earlier
 * when it is to look again before. */
bool accepting_listens(struct accepting *a, size_t held, uint64_t now_ms,
		       uint64_t *next_ms_r);
/* After it, of which something may have been told: whether to take what waits. */
bool accepting_due(struct accepting *a, size_t held, bool told, uint64_t now_ms);
/* One was taken: whether the next that waits is its own as well. */
bool accepting_more(const struct accepting *a, size_t held);
/* None could be taken, errno says why: without a descriptor it pauses. */
void accepting_failed(struct accepting *a, size_t held);

#endif
