/*
 * One job of the queue, done in a task of its own: what kills or stops that costs this
 * attempt alone.
 */
#ifndef SERVER_JOB_H
#define SERVER_JOB_H

#include "server/config.h"
#include "server/db.h"
#include "server/slots.h"

struct job {
	char id[24], kind[24], upload[24]; /* upload: "" for none */
	char claim[128];                   /* proves that the job is ours */
	unsigned attempt;                  /* from 1 */
};

/* How a task ended that came to an end. */
enum job_end {
	JOB_NONE,
	JOB_DONE,
	JOB_REFUSED,   /* the file is at fault: that is an answer, and no other attempt
			  helps */
	JOB_CANCELLED, /* by its user */
	JOB_FAILED     /* by our trouble: the error's kind says whether to try again */
};

struct job_result {
	enum job_end end;
	struct err error; /* JOB_FAILED */
};

/* A job's task, as its worker sees it. */
struct job_task {
	pid_t pid; /* 0: none */
	int fd;    /* readable when it has ended; -1: none */
	struct slot *slot;
	uint64_t deadline_ms;
	bool late; /* it was ended because of that */
};

/* What a task needs of its worker. */
struct job_env {
	const struct config *cfg;
	struct slots *slots;
	struct metrics *metrics;
	struct db *db; /* the worker's own connection, to be forgotten */
	int life_fd;   /* the worker's alone, to be closed */
};

/* Forks; the child does the job and ends. */
int job_start(const struct job_env *env, const struct job *job, struct job_task *t,
	      struct err *e) MUST_CHECK;
/* Once fd is readable, or to be rid of it: kills it if it still runs, and reaps it. *r is
 * what it said; end JOB_NONE and why in error when it ended without a word. */
void job_end(struct job_task *t, struct job_result *r);

#endif
