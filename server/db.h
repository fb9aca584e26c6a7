/*
 * The process's one connection to PostgreSQL: opened when first needed, checked,
 * opened again after a failure, with every wait bounded. The only place, with stmt
 * and migrate, that knows libpq.
 */
#ifndef SERVER_DB_H
#define SERVER_DB_H

#include "parse/arena.h"
#include "parse/err.h"
#include "server/config.h"
#include "server/metrics.h"

#include <stdint.h>

struct db;

/* Does not connect yet. cfg must outlive the db. `name` becomes application_name. */
int db_open(const struct config *cfg, const char *name, struct db **db_r,
	    struct err *e) MUST_CHECK;
/* For one that runs few statements: each is prepared when it is first run. */
int db_open_few(const struct config *cfg, const char *name, struct db **db_r,
		struct err *e) MUST_CHECK;
/* Connects (and prepares every statement) unless it is connected; a connection that the
 * server has closed meanwhile is noticed here and replaced. Bounded by 3 s.
 * After a failure the next tries within a jittered back-off (100 ms doubling to 2 s)
 * fail at once with the same ERR_TRANSIENT. */
int db_ready(struct db *db, struct err *e) MUST_CHECK;
/* In a forked child: forgets the parent's connection without a word to the server
 * (closes the descriptor, sends nothing). */
void db_forget(struct db *db);
void db_close(struct db **db);
/* The connection's socket, or -1. */
int db_socket(const struct db *db);
/*
 * For long work: from now on a statement may take `ms` instead of the configured
 * statement_timeout, which counts on our side only; sql/query/long_work.sql tells
 * PostgreSQL the same for one transaction, and to wait for locks as long (otherwise 2 s).
 * 0 goes back to the configured time.
 */
void db_patience(struct db *db, uint32_t ms);
/* Where connections, statements and failures are counted from now on; NULL: nowhere. */
void db_metrics(struct db *db, struct metrics *m);
/* The name of the statement that took longest since the last call, and its microseconds;
 * NULL when none was run. */
const char *db_slowest(struct db *db, uint64_t *us_r);
/* Microseconds spent waiting for PostgreSQL since the last call. */
uint64_t db_spent_us(struct db *db);

#endif
