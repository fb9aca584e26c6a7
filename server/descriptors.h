/*
 * How many files a process may have open, and how many connections that leaves room for.
 */
#ifndef SERVER_DESCRIPTORS_H
#define SERVER_DESCRIPTORS_H

#include "server/config.h"

/* Raises this process's limit as far as it may; those that it starts inherit it. */
void descriptors_raise(void);
/* The limit; UINT64_MAX: there is none. */
uint64_t descriptors_limit(void);
/*
 * How many connections a worker may take under that limit: max_connections, or fewer, so
 * that files, tasks, the log and the database have descriptors, too.
 */
unsigned descriptors_connections(const struct config *cfg, uint64_t limit);
/* The same, and warns when it is fewer. */
void descriptors_check(const struct config *cfg);

#endif
