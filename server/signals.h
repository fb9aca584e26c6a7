/*
 * Signals as flags and a wake-up pipe: a handler sets its flag and writes one byte;
 * the loop that polls the pipe does the work.
 */
#ifndef SERVER_SIGNALS_H
#define SERVER_SIGNALS_H

#include "parse/err.h"

#include <stdbool.h>

/* Catches TERM, INT, QUIT, HUP, CHLD, USR1, USR2, TTIN and TTOU, ignores PIPE, and
 * makes the pipe. In a forked child it makes a pipe of the child's own and clears
 * the flags. */
int signals_init(struct err *e) MUST_CHECK;
/* The descriptor to poll for reading. */
int signals_fd(void);
/* Empties the pipe: before the flags are looked at. */
void signals_drain(void);
/* Whether sig came since the last call for it. */
bool signals_took(int sig);
/* Around fork(): a signal that comes before the child has its own pipe is kept for it,
 * not lost. signals_init() and signals_default() end it in the child. */
void signals_block(void);
void signals_unblock(void);
/* Default actions again, for a child that runs no loop (a task). */
void signals_default(void);

#endif
