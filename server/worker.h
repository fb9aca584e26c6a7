/*
 * A web process: accepts on the shared socket and serves its connections from one
 * loop.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "server/config.h"
#include "server/slots.h"
#include "server/static.h"

struct worker_start {
	const struct config *cfg;
	struct slots *slots;
	struct slot *slot; /* its own */
	const struct static_files *files;
	int listen_fd;
	int life_fd; /* hangs up when the master ends */
	unsigned number;
};

/* Runs until it is told to stop; returns the process's exit status. */
int worker_run(const struct worker_start *s);

#endif
