/*
 * A queue worker: takes jobs out of the database, one at a time, and has each done in a
 * task. Any host's worker may take any job.
 */
#ifndef SERVER_QUEUE_H
#define SERVER_QUEUE_H

#include "server/worker.h"

/* Runs until it is told to stop; returns the process's exit status. QUIT finishes the job
 * at hand first, TERM puts it back into the queue. */
int queue_run(const struct worker_start *s);

#endif
