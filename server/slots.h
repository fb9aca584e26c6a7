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
#include "server/log_sink.h"
#include "server/metrics.h"
#include "server/throttle.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

enum slot_role { SLOT_WORKER, SLOT_QUEUE, SLOT_TASK };
enum slot_state { SLOT_FREE, SLOT_STARTING, SLOT_IDLE, SLOT_BUSY, SLOT_DRAINING };
/* What a worker's connections wait for. */
enum slot_conn {
	SLOT_CONN_IDLE, /* a request */
	SLOT_CONN_HEAD,
	SLOT_CONN_BODY,
	SLOT_CONN_WAIT, /* a free task */
	SLOT_CONN_TASK,
	SLOT_CONN_SEND,
	SLOT_CONN_LINGER,
	SLOT_CONNS
};
/* What ended a child that was replaced. */
enum slots_cause {
	SLOTS_EXITED,    /* by itself, unexpectedly */
	SLOTS_SIGNALLED, /* a crash, or a kill that nobody here asked for */
	SLOTS_STUCK,     /* it did not come back to its loop */
	SLOTS_RETIRED,   /* it had served max_requests */
	SLOTS_RELOADED,  /* a new configuration or program */
	SLOTS_CAUSES
};
enum slots_db { SLOTS_DB_UNKNOWN, SLOTS_DB_UP, SLOTS_DB_DOWN };

/* Each role has slots of its own, so that page load cannot starve the queue. Twice
 * the children that a configuration may ask for: during a reload two generations
 * live side by side. */
enum {
	SLOTS_WORKERS = 256,
	SLOTS_QUEUE = 64,
	SLOTS_TASKS = 128,
	SLOTS_ALL = SLOTS_WORKERS + SLOTS_QUEUE + SLOTS_TASKS,
	SLOT_ROUTE = 48,
	SLOT_REQUEST = 72,
	SLOT_CLIENTS = 512 /* told apart by one worker; others count for nobody */
};

/* How many connections of one client a worker holds. */
struct slot_client {
	atomic_ullong key; /* of its address; 0: free */
	atomic_uint n;
};

struct slot {
	atomic_int pid;    /* 0: free */
	atomic_int owner;  /* the parent: the master, or a task's worker */
	atomic_uint state; /* enum slot_state */
	atomic_uint connections;
	atomic_uint conn[SLOT_CONNS]; /* ... by what they wait for */
	atomic_ullong requests;       /* answered since the child started */
	atomic_ullong started_ms;     /* clock_ms() when the child started */
	atomic_ullong since_ms;       /* of the current state */
	char route[SLOT_ROUTE];       /* current or last route; for a task what it does */
	char request[SLOT_REQUEST];   /* the id of the request that came by it */
};

struct slots_shared {
	char magic[8]; /* "WAYBILL1" */
	atomic_int master_pid;
	atomic_uint workers; /* wanted */
	atomic_uint queue_workers;
	atomic_uint draining;   /* 1: the master stops after drain_delay */
	atomic_uint drained;    /* 1: the administrator asked for it */
	atomic_uint db;         /* enum slots_db */
	atomic_ullong db_ok_ms; /* of the last success */
	atomic_ullong db_checked_ms;
	struct {
		atomic_ullong asked_ms; /* when a worker last asked */
		atomic_ullong seen_ms;  /* when one was last told; 0: never */
		atomic_ullong queued, oldest_s, running;
	} queue; /* the database's, for all hosts */
	atomic_ullong started_ms;
	atomic_ullong seed;     /* a number that differs from start to start */
	atomic_ullong restarts; /* children replaced after an unexpected end */
	atomic_ullong restarted[SLOTS_CAUSES];
	struct log_lost log; /* of the event log */
	struct slot slot[SLOTS_ALL];
	/* Behind what is read often; what was never used costs no memory. */
	struct slot_client client[SLOTS_WORKERS][SLOT_CLIENTS];
	struct throttle logins;
	struct metrics metrics[SLOTS_ALL]; /* never set back */
};

struct slots;

/* Makes <dir>/waybilld.scoreboard anew (an older program keeps its own). */
int slots_create(const char *dir, struct slots **s_r, struct err *e) MUST_CHECK;
/* Maps an existing one, read-only. ERR_INPUT when there is none or it is not ours. */
int slots_attach(const char *dir, struct slots **s_r, struct err *e) MUST_CHECK;
/*
 * The administrator takes the host out of service, or back: a file in the folder says so
 * to the server that runs there and to every later one. *running_r: whether one runs now.
 * ERR_INPUT, ERR_INTERNAL.
 */
int slots_drain(const char *dir, bool drain, bool *running_r, struct err *e) MUST_CHECK;
/* Whether clients are to go to another host: it drains, or was drained. */
bool slots_leaves(struct slots *s);
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
/* The counters that belong to a slot. */
struct metrics *slots_metrics(struct slots *s, const struct slot *slot);
/* Adds up the counters of all slots that were ever used. */
void slots_sum(struct slots *s, struct metrics_sum *sum);
/* A child was replaced; the first three causes count as unexpected. */
void slots_restarted(struct slots *s, enum slots_cause cause);
/*
 * A worker took (by 1) or closed (by -1) a connection of the client with that key, which
 * is not 0. Returns how many connections the host's workers hold of it now.
 */
unsigned slots_client(struct slots *s, const struct slot *worker, uint64_t key, int by);
/* The owner's calls. */
void slot_state(struct slot *slot, enum slot_state state);
/* The same for a caller that knows the time. */
void slot_state_at(struct slot *slot, enum slot_state state, uint64_t now_ms);
void slot_route(struct slot *slot, struct slice route);
void slot_request(struct slot *slot, struct slice id);
/* The slot of that pid, or NULL. */
struct slot *slots_find(struct slots *s, pid_t pid);
/* Sums over the live workers: connections held, *workers_r live ones, and *rank_r of them
 * that have a slot before this one. */
unsigned slots_connections(struct slots *s, const struct slot *worker,
			   unsigned *workers_r, unsigned *rank_r);

#endif
