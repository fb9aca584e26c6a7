/*
 * The access log: one line per request, whether or not it was answered and its client
 * took all of that, written at once and never waited for. A line that finds its pipe or
 * socket full, or its disk (a line of blanks may be left of it then), is lost; all others
 * are whole.
 */
#ifndef SERVER_ACCESS_LOG_H
#define SERVER_ACCESS_LOG_H

#include "server/config.h"
#include "server/request.h"

struct access_log_line {
	const char *peer;          /* of the connection, when there is no request */
	struct slice id;           /* of the answer */
	const struct request *req; /* NULL: its head could not be read */
	const char *route;         /* of a request that is only known by it; or NULL */
	unsigned status;           /* 0: nobody got one, written as "-" or null */
	uint64_t sent;             /* bytes of the body, as far as they went out */
	uint64_t us;               /* from the head to the last byte of the answer */
	uint64_t db_us;            /* of those, spent on PostgreSQL */
};

/*
 * By the keys 'access_log' (empty: none; "-": standard output) and 'access_log_format':
 *   combined  the well-known form, then request id, route=, us, db=
 *   json      one object a line
 * Also opens the file again after USR1. -1 with e: what was open before is written on.
 */
int access_log_open(const struct config *cfg, struct err *e) MUST_CHECK;
/* 0 written, or nothing to write to; -1 the line is lost. */
int access_log_write(const struct access_log_line *line);

#endif
