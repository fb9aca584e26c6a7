/*
 * The database for reading (database_read): a standby that answers what may be some
 * seconds old, so that dashboards, lists and exports cost the primary nothing.
 */
#ifndef SERVER_DB_READ_H
#define SERVER_DB_READ_H

#include "server/stmt.h"

struct db_read;

/* Does not connect yet. *r_r is NULL when database_read is not set, which the functions
 * below take for "ask the primary". cfg must outlive it. */
int db_read_open(const struct config *cfg, const char *name, struct db_read **r_r,
		 struct err *e) MUST_CHECK;
void db_read_close(struct db_read **r);
/* As db_forget(). */
void db_read_forget(struct db_read *r);
/* As db_metrics(). */
void db_read_metrics(struct db_read *r, struct metrics *m);

/*
 * Where a statement that changes nothing, and may miss the last seconds, is to be asked:
 * the standby when it answers and is 5 s behind at most, else `primary`. A standby that
 * is away is left alone for 10 s; a look at how far it is costs both one short statement
 * a second, and half a second when it has to be given up. With the primary away its
 * age does not matter. Each change of mind is logged, each statement for the primary
 * counted.
 */
struct db *db_read_pick(struct db_read *r, struct db *primary, struct arena *a);

/* stmt_run() there; what fails on the standby is asked of the primary. */
int db_read_run(struct db_read *r, struct db *primary, enum stmt_id id,
		const struct slice *params, size_t n_params, struct arena *a,
		struct stmt_result *result, struct err *e) MUST_CHECK;

#endif
