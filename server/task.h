/*
 * Long work in a forked child: it runs a handler with a database connection of its
 * own and sends the answer back through a pipe. A task that dies, takes too long or
 * loses its client costs that request alone.
 */
#ifndef SERVER_TASK_H
#define SERVER_TASK_H

#include "server/handle.h"

struct task {
	pid_t pid; /* 0 once it was reaped: nobody may signal that number any more */
	int fd;    /* the answer comes here; readable */
	int file;  /* and with it perhaps a file that is its body, or -1 */
	struct slot *slot;
	struct buf answer; /* what came so far */
	uint64_t deadline_ms;
	int status; /* as waitpid() gave it, once it was reaped */
	/* TASK_ANSWERED: what it spent on PostgreSQL, and the statement that took
	 * longest, in the response's arena, or NULL. */
	uint64_t db_us, slowest_us;
	const char *slowest;
};

/* In a forked child, first of all: signals do what they do by default, the child ends
 * with its parent, and the parent's connection (or NULL) is forgotten. */
void task_become(pid_t parent, struct db *theirs);

/* For work that nobody's next scan waits for: behind others for a processor. Before
 * sandbox_enter(). */
void task_step_back(void);

enum { TASK_CAUSE = 96 }; /* bytes */
enum task_result { TASK_RUNNING, TASK_ANSWERED, TASK_DIED };

/*
 * Forks; ROUTE_QUICK has four places of its own. In the child `forget(ctx)` must close
 * what belongs to the worker (its sockets, never its database connection: env->db is
 * forgotten here); then the route's handler runs and the child ends. 0 with *t filled; 1
 * when cfg->tasks are running already; -1 with e.
 */
int task_start(struct task *t, struct handle_env *env, struct request *req,
	       void (*forget)(void *ctx), void *ctx, struct err *e) MUST_CHECK;
/* Reads what is there. TASK_ANSWERED: res is filled, its body in res's arena. */
enum task_result task_read(struct task *t, struct response *res);
/* Ends it, whatever it does, and frees its slot. The child is reaped by the worker. */
void task_end(struct task *t);
/* Waits for the end of one that died, or of any by killing it. */
void task_reap(struct task *t);
/* How a process ended without its answer, behind "its process": "crashed (signal 11)". */
const char *task_cause(int status, char text[TASK_CAUSE]);

#endif
