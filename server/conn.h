/*
 * One client's connection: its bytes, its deadlines, and where its current request
 * stands. Driven by the worker's loop; never blocks.
 */
#ifndef SERVER_CONN_H
#define SERVER_CONN_H

#include "parse/http_date.h"
#include "server/clients.h"
#include "server/handle.h"
#include "server/task.h"

#include <poll.h>

/* What all connections of a worker share. */
struct conn_env {
	struct handle_env handle;
	struct http_limits limits;
	struct slot *slot; /* of the worker */
	struct clients clients;
	uint64_t round_ms; /* when the worker last learned who is ready */
	/* The time at the last look at the clock, which is taken when an event comes and
	 * when a handler is done: deadlines need no better one. */
	uint64_t now_us;
	struct request_ids ids;
	time_t date_s;             /* the second that date tells */
	char date[HTTP_DATE_SIZE]; /* of every answer */
	/* Memory goes from one connection to the next: one that is idle keeps none. */
	struct conn_memory {
		struct buf in, head;
		struct arena arena;
	} spare;
	bool draining;                         /* every answer ends its connection */
	struct conn *gathered, **gathered_end; /* whole scans in the order they came */
	/* Called in a forked task: closes what is the worker's. */
	void (*forget)(void *ctx);
	void *forget_ctx;
};

struct conn;

/* The parts that change with each request. */
void conn_env_init(struct conn_env *env);
void conn_env_release(struct conn_env *env);
/* Takes fd over. NULL without memory (fd is closed then). env must outlive it. */
struct conn *conn_open(struct conn_env *env, int fd, const char *peer);
void conn_close(struct conn **c);
/* It is one too many for this worker: its first request is answered with 503. */
void conn_refuse(struct conn *c);
/* What it sent until it was accepted is read: of a first request that is whole, waited_ms
 * counts as time that it waited for this worker. */
void conn_begin(struct conn *c, uint64_t waited_ms);
int conn_fd(const struct conn *c);
/* What to poll conn_fd() for; 0 for nothing. */
short conn_events(const struct conn *c);
/* The task's descriptor to poll for reading, or -1. */
int conn_task_fd(const struct conn *c);
/* The descriptor is ready / the task's is / a deadline may have passed. After each,
 * ask conn_over(). */
void conn_ready(struct conn *c, short revents);
void conn_task_ready(struct conn *c);
void conn_tick(struct conn *c, uint64_t now_ms);
/* When conn_tick() has something to do; UINT64_MAX never, 0 in the next round: a
 * connection whose next request came with the last one goes behind the others. */
uint64_t conn_deadline(const struct conn *c);
/* The connection is over: close it. */
bool conn_over(const struct conn *c);
/* Between two requests, with nothing received. */
bool conn_idle(const struct conn *c);
/* At least one answer was sent. */
bool conn_served(const struct conn *c);
/* Answers the first SCANS_TOGETHER of the scans that became whole, together. Returns how
 * many that were, 0 when none are left, with their connections in answered: of those ask
 * conn_over(). To be called until it returns 0 in every round, when all that were ready
 * have been read. */
size_t conn_answer_gathered(struct conn_env *env, struct conn *answered[SCANS_TOGETHER]);
/* A child ended, with that status: whether it was this connection's task. */
bool conn_reaped(struct conn *c, pid_t pid, int status);

#endif
