/*
 * The database for reading (database_read): a standby that answers what may be some
 * seconds old, so that dashboards, lists and exports cost the primary nothing.
 */
#ifndef SERVER_DB_READ_H
#define SERVER_DB_READ_H

#include "server/stmt.h"

struct db_read;

/* Whether database_read can be read at all; -1 with e. It may well be away: nobody
 * connects. */
int db_read_check(const struct config *cfg, struct err *e) MUST_CHECK;
/* Does not connect yet. *r_r is NULL when database_read is not set, which the functions
 * below take for "ask the primary". cfg must outlive it. */
int db_read_open(const struct config *cfg, const char *name, struct db_read **r_r,
		 struct err *e) MUST_CHECK;
void db_read_close(struct db_read **r);
/* As db_forget(). */
void db_read_forget(struct db_read *r);
/* As db_metrics(). */
void db_read_metrics(struct db_read *r, struct metrics *m);

/* For long work that may wait: its statements may take the configured statement_timeout,
 * and a standby of unknown age is given a second to come to the primary's end. Before
 * anything is run. */
void db_read_patient(struct db_read *r);

/*
 * stmt_run() of what changes nothing and may miss the last seconds: on the standby when
 * it answers and is 5 s behind at most, else, and when it fails there, on `primary`. With
 * the primary away (no connection to it) the standby's age does not matter. Each change
 * of mind is logged, each statement for the primary counted.
 *
 * A look at how far the standby is costs it and the primary one or two short statements a
 * second. A statement there may take 1 s (or statement_timeout, when that is less). One
 * that is frozen costs 2 s once; then it is left alone for 10 s, and each attempt to
 * connect again costs half a second. Time is told by the primary's connection.
 */
int db_read_run(struct db_read *r, struct db *primary, enum stmt_id id,
		const struct slice *params, size_t n_params, struct arena *a,
		struct stmt_result *result, struct err *e) MUST_CHECK;

#endif
