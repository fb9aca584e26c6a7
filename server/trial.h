/*
 * Whether the server could work with a configuration's database. The master neither
 * connects nor waits: a process of its own finds out, and its end is the answer.
 */
#ifndef SERVER_TRIAL_H
#define SERVER_TRIAL_H

#include "server/config.h"

#include <stdbool.h>
#include <sys/types.h>

enum { TRIAL_MS = 10000 /* a trial lasts no longer, but for its patience */ };

/* In this process: connects as `name`, and asks whether the schema fits. -1 with e: why
 * the server could not work with it. Bounded but for a name server that does not answer.
 */
int trial_database(const struct config *cfg, const char *name, struct err *e) MUST_CHECK;

/* A trial that runs. */
struct trial {
	pid_t pid; /* 0: none */
	int fd;    /* what the process says; -1: none */
};

enum trial_verdict {
	TRIAL_GOOD,
	TRIAL_BAD,    /* it cannot be used */
	TRIAL_NEITHER /* it cannot be used, and what is in use cannot either */
};

/* Whether a configuration names its database, or how to speak to it, otherwise. */
bool trial_needed(const struct config *was, const struct config *is);
void trial_init(struct trial *t);
/*
 * Starts a process that tries cfg and, when that fails, the one in use (NULL: there is
 * none). A database that gives no connection is asked again for patience_ms.
 */
int trial_start(struct trial *t, const struct config *cfg, const struct config *in_use,
		uint32_t patience_ms, struct err *e) MUST_CHECK;
/* A child ended: whether it was the trial. Then *v_r is set and, unless it is TRIAL_GOOD,
 * e says why. */
bool trial_ended(struct trial *t, pid_t pid, int status, enum trial_verdict *v_r,
		 struct err *e);
/* Ends it without a verdict. */
void trial_cancel(struct trial *t);

#endif
