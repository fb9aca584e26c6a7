/*
 * libpq with a deadline on every wait, and PostgreSQL's failures as our kinds.
 * For db, stmt and migrate alone.
 */
#ifndef SERVER_DB_PQ_H
#define SERVER_DB_PQ_H

#include "parse/err.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* Milliseconds of a clock that never jumps; deadlines are points on it. */
int64_t pq_now(void);

struct pq_target {
	const char
		*conninfo; /* key=value pairs or a URI; several hosts are tried in turn */
	const char *application_name;
};

/* The options that a conninfo names; the caller frees them with PQconninfoFree(). -1,
 * ERR_INTERNAL: it cannot be read ("invalid connection option"). */
int pq_conninfo(const char *text, PQconninfoOption **all_r, struct err *e) MUST_CHECK;

/*
 * Connects before the deadline; each of several hosts gets its share of the time, so
 * that one that swallows packets cannot use up all of it. Returns 0 with *conn_r in
 * non-blocking mode, or -1: ERR_TRANSIENT, or ERR_INTERNAL for a conninfo that
 * cannot be read.
 */
int pq_connect(const struct pq_target *t, int64_t deadline, PGconn **conn_r,
	       struct err *e) MUST_CHECK;
/* Has the server sent something that nobody has read yet? */
bool pq_readable(PGconn *conn);
/* Makes room for much that is on its way, so that the server does not wait for the rest
 * while its client makes it. */
void pq_widen(PGconn *conn);
/* Sends what is queued. ERR_TRANSIENT: connection lost, or the deadline passed. */
int pq_flush(PGconn *conn, int64_t deadline, struct err *e) MUST_CHECK;
/* The next result (the caller clears it), NULL when the command is over. */
int pq_result(PGconn *conn, int64_t deadline, PGresult **r_r, struct err *e) MUST_CHECK;
/* Reads the rest of the command's results and drops them. */
int pq_drain(PGconn *conn, int64_t deadline, struct err *e) MUST_CHECK;
/*
 * A failed result by its SQLSTATE: 08, 40, 53, 57, 55P03 and 25006 (the server became a
 * standby) are ERR_TRANSIENT; so is a missing table, column or function, which
 * 'waybillctl migrate' mends; 22 and 23 are ERR_INPUT; the rest ERR_INTERNAL.
 * Always returns -1.
 */
int pq_failed(const PGresult *r, struct err *e);
/*
 * Does this failed result say that a pooler lost its own connection to PostgreSQL while
 * the statement was on its way (class 08)? Then it may have been done all the same. Not
 * when the pooler had no connection to begin with.
 */
bool pq_cut_off(const PGresult *r);
/* False once the server has closed the connection, which is only noticed here. */
bool pq_alive(PGconn *conn);

#endif
