/*
 * The master's workers of one role: started, counted, replaced by a new generation,
 * ended. The numbers are policy's decision, the time for them the master's.
 */
#ifndef SERVER_CHILDREN_H
#define SERVER_CHILDREN_H

#include "server/policy.h"
#include "server/worker.h"

#include <stdbool.h>

/* One running worker. */
struct child {
	pid_t pid; /* 0: free */
	struct slot *slot;
	bool old;     /* another takes its place; it still serves until ... */
	bool told;    /* ... it is told to finish */
	bool retired; /* by itself: it has served max_requests */
	bool spare;   /* nobody takes its place */
	uint64_t started_ms;
	uint64_t end_ms;   /* told: when it is ended */
	uint64_t abort_ms; /* when it was found stuck; 0: it was not */
};

/* What all workers of a role have in common. */
struct children_role {
	enum slot_role slot;
	const char *name; /* in the log: "worker" */
	int (*run)(const struct worker_start *s);
};

struct children {
	const struct children_role *role;
	struct slots *slots;
	struct child child[SLOTS_WORKERS];
	struct policy policy;
	unsigned numbers; /* given to workers so far */
	int life[2];      /* the write end stays open in the master as long as it lives */
	int private_fd;   /* of the master; closed in workers; -1: none */
	bool replacing;   /* old workers wait for new ones to be ready */
	uint64_t ticked_ms; /* the last children_tick() */
	uint64_t awake_ms;  /* the end of a pause of the master itself */
};

/* `like` NULL, or other children of the same master: all notice its end by one pipe. role
 * must outlive c. */
int children_init(struct children *c, const struct children_role *role,
		  struct slots *slots, const struct children *like,
		  struct err *e) MUST_CHECK;
/* Starts what is missing of `wanted`, each as `like` says (slot, life_fd and number
 * are filled in). Returns after how many ms to try again; 0: nothing to do. */
uint64_t children_fill(struct children *c, const struct worker_start *like,
		       unsigned wanted);
/* All that run; those of the current generation that are at their loop. */
unsigned children_alive(const struct children *c);
unsigned children_ready(const struct children *c);
void children_signal(const struct children *c, int sig);
/* Makes all workers the old generation. They serve on until children_settle() finds
 * `wanted` new ones ready, tells them to finish within patience_ms, and returns true. Of
 * an old generation and one that was to replace it, the one that serves less is told to
 * finish at once. */
void children_replace(struct children *c, uint32_t patience_ms);
bool children_settle(struct children *c, unsigned wanted, uint32_t patience_ms);
/* Tells the newest to finish within patience_ms: one worker fewer. */
void children_retire_one(struct children *c, uint32_t patience_ms);
/* A process ended; ignored when it was no worker. stopping: none is replaced. */
void children_ended(struct children *c, pid_t pid, int status, bool stopping);
/* What is due by the clock: ends old ones that take too long, aborts stuck ones,
 * notices those that retire by themselves. Call it at least once a second. */
void children_tick(struct children *c, const struct config *cfg);

#endif
