/*
 * A new program takes over without a moment in which nobody listens: the running
 * master starts it with the listening socket; it says through a pipe that its workers
 * serve; only then the old one retires.
 */
#ifndef SERVER_UPGRADE_H
#define SERVER_UPGRADE_H

#include "parse/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { UPGRADE_MS = 60000 /* to become ready in */ };

/* The old program's side. */
struct upgrade {
	pid_t pid;    /* the new master; 0: none is being started */
	int ready_fd; /* readable when it is ready, or ended; -1: none */
	uint64_t deadline_ms;
	const char *spool_dir;
};

/* What is handed over. */
struct upgrade_socket {
	int fd;              /* -1: the old program has no workers, and listens nowhere */
	const char *address; /* the key `listen` it stands for; "": passed to us too */
	bool db_up;          /* what this host knows of the database */
};

void upgrade_init(struct upgrade *u);
/* Runs argv[0] anew with argv. spool_dir must outlive the upgrade. */
int upgrade_start(struct upgrade *u, char **argv, const struct upgrade_socket *s,
		  const char *spool_dir, struct err *e) MUST_CHECK;
/* Whether the new program has become ready; it is on its own then, and *pid_r is
 * set. One that takes too long is ended. */
bool upgrade_ready(struct upgrade *u, uint64_t now_ms, pid_t *pid_r);
/* A child ended: whether it was the new program, before it was ready. The log then
 * says so, and the old program's scoreboard is in its place again. */
bool upgrade_ended(struct upgrade *u, pid_t pid, int status);
/* Ends a new program that is not ready: the old one is told to stop. */
void upgrade_cancel(const struct upgrade *u);

/* The new program's side. */
struct handover {
	int listen_fd; /* -1: nothing was handed over */
	int ready_fd;
	char address[256]; /* as upgrade_socket's */
	bool db_up;
};

/* Takes what an old program left in the environment for this process. */
void handover_take(struct handover *h);
/* Tells the old program that we serve; once. */
void handover_ready(struct handover *h);

#endif
