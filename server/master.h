/*
 * The parent of all: binds, forks the workers, replaces the dead, reloads, hands
 * over to a new program, stops.
 * Touches neither the database nor a request's bytes.
 */
#ifndef SERVER_MASTER_H
#define SERVER_MASTER_H

#include "server/config.h"

/* Runs in the foreground until it is told to stop. Takes *cfg over (a reload replaces
 * it). config_path is read again on HUP; NULL: none. argv is run again on USR2. Returns
 * the exit status. */
int master_run(struct config **cfg, const char *config_path, char **argv);

#endif
