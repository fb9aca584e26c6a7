/*
 * The scoreboard: fixed slots in shared memory, one for each child, written by the
 * child itself and read by its siblings, the master, /health and `waybillctl
 * status`, without locks. It is a file in the spool folder, so that another program
 * can look at it.
 */
#ifndef SERVER_SLOTS_H
#define SERVER_SLOTS_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

enum slot_role { SLOT_WORKER, SLOT_QUEUE, SLOT_TASK };
enum slot_state { SLOT_FREE, SLOT_STARTING, SLOT_IDLE, SLOT_BUSY, SLOT_DRAINING };
enum slots_db { SLOTS_DB_UNKNOWN, SLOTS_DB_UP, SLOTS_DB_DOWN };

/* Each role has slots of its own, so that page load cannot starve the queue. Twice
 * the children that a configuration may ask for: during a reload two generations
 * live side by side. */
enum {
	SLOTS_WORKERS = 256,
	SLOTS_QUEUE = 64,
	SLOTS_TASKS = 128,
	SLOTS_ALL = SLOTS_WORKERS + SLOTS_QUEUE + SLOTS_TASKS,
	SLOT_ROUTE = 48
};

struct slot {
	atomic_int pid;    /* 0: free */
	atomic_int owner;  /* the parent: the master, or a task's worker */
	atomic_uint state; /* enum slot_state */
	atomic_uint connections;
	atomic_ullong requests;   /* answered since the child started */
	atomic_ullong started_ms; /* slots_now_ms() when the child started */
	atomic_ullong since_ms;   /* of the current state */
	char route[SLOT_ROUTE];   /* current or last route; for a task what it does */
};

struct slots_shared {
	char magic[8]; /* "WAYBILL1" */
	atomic_int master_pid;
	atomic_uint workers;     /* wanted */
	atomic_uint draining;    /* 1: /health says so */
	atomic_uint db;          /* enum slots_db */
	atomic_uint db_failures; /* in a row */
	atomic_ullong db_checked_ms;
	atomic_ullong started_ms;
	atomic_ullong restarts; /* children replaced after an unexpected end */
	struct slot slot[SLOTS_ALL];
};

struct slots;

/* Milliseconds of the monotonic clock. */
uint64_t slots_now_ms(void);

/* Makes <dir>/waybilld.scoreboard anew (an older program keeps its own). */
int slots_create(const char *dir, struct slots **s_r, struct err *e) MUST_CHECK;
/* Maps an existing one, read-only. ERR_INPUT when there is none or it is not ours. */
int slots_attach(const char *dir, struct slots **s_r, struct err *e) MUST_CHECK;
/* Unmaps; the file stays for the next look. */
void slots_close(struct slots **s);

struct slots_shared *slots_shared(struct slots *s);
/* The first slot of a role and how many it has. */
struct slot *slots_of(struct slots *s, enum slot_role role, size_t *n_r);
/* Takes a free slot for pid, at most `limit` of the role at once; NULL when full. */
struct slot *slots_take(struct slots *s, enum slot_role role, size_t limit, pid_t pid);
/* Frees the slots of a process that died: its own and those of its tasks, which are
 * killed if they still run. Returns the tasks that were. */
unsigned slots_bury(struct slots *s, pid_t pid);
void slot_free(struct slot *slot);
/* The owner's calls. */
void slot_state(struct slot *slot, enum slot_state state);
void slot_route(struct slot *slot, struct slice route);
/* The slot of that pid, or NULL. */
struct slot *slots_find(struct slots *s, pid_t pid);
/* Sums over the live workers: connections held, and *workers_r live ones. */
unsigned slots_connections(struct slots *s, unsigned *workers_r);

#endif
