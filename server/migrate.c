/*
 * Applies the migrations that a database lacks, one transaction each. Ignorant of
 * what they do.
 */
#include "server/migrate.h"

#include "server/clock.h"
#include "server/db_state.h"
#include "server/log.h"
#include "server/stmt.h"

#include <poll.h>

/* A migration may rewrite a table; it is run by hand or before the first worker. A lock
 * that is not to be had at once (migrate_lock.sql) is tried again: the site goes on
 * meanwhile. */
enum {
	MIGRATION_MS = 30 * 60 * 1000,
	LOCK_MS = 10 * 60 * 1000,
	AGAIN_MS = 1000,
	HOSTS = 60
};

int migrate_version(void)
{
	return SQL_MIGRATIONS;
}

static int run(struct db *db, enum stmt_id id, const struct slice *params, size_t n,
	       struct arena *a, struct slice *value_r, struct err *e)
{
	struct stmt_result r;

	if (stmt_run(db, id, params, n, a, &r, e) < 0)
		return -1;
	if (value_r != NULL)
		*value_r = r.rows == 1 ? stmt_value(&r, 0, 0) : SLICE("");
	return 0;
}

/* A migration's file holds many statements: the simple protocol takes them at once. */
static int run_script(struct db *db, const struct sql_migration *m, struct err *e)
{
	int64_t deadline = db_deadline(db);
	struct err why = { 0 };
	PGresult *r;

	if (PQsendQuery(db->conn, m->text) != 1)
		return err_set(e, ERR_TRANSIENT, "database connection lost");
	do {
		if (pq_result(db->conn, deadline, &r, &why) < 0) {
			db_lost(db);
			return err_set(e, why.kind, "%s", why.text);
		}
		if (r != NULL && PQresultStatus(r) == PGRES_FATAL_ERROR)
			(void)pq_failed(r, e);
		PQclear(r);
	} while (r != NULL);
	return e->kind == ERR_NONE ? 0 : -1;
}

static int version(struct db *db, struct arena *a, int *version_r, struct err *e)
{
	struct slice v;

	if (run(db, STMT_MIGRATE_VERSION, NULL, 0, a, &v, e) < 0)
		return -1;
	*version_r = v.n == 0 ? 0 : (int)strtol(v.p, NULL, 10);
	if (*version_r > SQL_MIGRATIONS)
		return err_set(e, ERR_INPUT,
			       "the database's schema is version %d and this program "
			       "knows %d: install the newer program",
			       *version_r, SQL_MIGRATIONS);
	return 0;
}

/* What cannot be done beside servers that work waits for a person. */
static int may_run(struct db *db, int number, const struct sql_migration *m,
		   struct arena *a, struct err *e)
{
	struct slice others;

	if (!m->at_rest)
		return 0;
	if (run(db, STMT_MIGRATE_OTHERS, NULL, 0, a, &others, e) < 0)
		return -1;
	if (others.n == 0)
		return 0;
	return err_set(e, ERR_INPUT,
		       "migration %d '%s' needs the site at rest, and servers work at "
		       "%.*s: stop waybilld and waybill-worker on all hosts, then "
		       "migrate; it was not begun",
		       number, m->name, (int)(others.n < HOSTS ? others.n : HOSTS),
		       others.p);
}

/* Inside the transaction that holds the lock: another host may have been faster. */
static int step(struct db *db, struct arena *a, int *found_r, int *version_r,
		struct err *e)
{
	struct slice row[2];
	int n;

	if (run(db, STMT_MIGRATE_LOCK, NULL, 0, a, NULL, e) < 0 ||
	    run(db, STMT_MIGRATE_TABLE, NULL, 0, a, NULL, e) < 0 ||
	    version(db, a, &n, e) < 0)
		return -1;
	*found_r = n;
	*version_r = n;
	if (n == SQL_MIGRATIONS)
		return 0;
	if (may_run(db, n + 1, &sql_migration[n], a, e) < 0)
		return -1;
	row[0] = arena_printf(a, "%d", n + 1);
	row[1] = slice_str(sql_migration[n].name);
	if (row[0].p == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (run_script(db, &sql_migration[n], e) < 0 ||
	    run(db, STMT_MIGRATE_RECORD, row, 2, a, NULL, e) < 0)
		return err_prefix(e, "migration %d '%s'", n + 1, sql_migration[n].name);
	*version_r = n + 1;
	return 0;
}

static int transaction(struct db *db, struct arena *a, int *found_r, int *version_r,
		       struct err *e)
{
	struct err ignored = { 0 };

	arena_reset(a);
	if (run(db, STMT_BEGIN, NULL, 0, a, NULL, e) < 0)
		return -1;
	if (step(db, a, found_r, version_r, e) == 0 &&
	    run(db, STMT_COMMIT, NULL, 0, a, NULL, e) == 0)
		return 0;
	if (run(db, STMT_ROLLBACK, NULL, 0, a, NULL, &ignored) < 0)
		log_line(LOG_DEBUG, "rollback: %s", ignored.text);
	return -1;
}

/* lock_not_available (PostgreSQL, appendix A), as pq_failed() writes it. */
static bool lacks_lock(const struct err *e)
{
	return strstr(e->text, "(55P03)") != NULL;
}

static int patiently(struct db *db, struct arena *a, int *found_r, int *version_r,
		     struct err *e)
{
	uint64_t until = clock_ms() + LOCK_MS;
	struct err why = { 0 };
	bool told = false;

	while (transaction(db, a, found_r, version_r, &why) < 0) {
		if (!lacks_lock(&why) || clock_ms() >= until) {
			*e = why;
			return -1;
		}
		if (!told)
			log_line(LOG_WARNING,
				 "%s: somebody works with what it changes, or migrates; "
				 "trying again for ten minutes (pg_stat_activity tells "
				 "who)",
				 why.text);
		told = true;
		why = (struct err){ 0 };
		(void)poll(NULL, 0, AGAIN_MS);
	}
	return 0;
}

static int run_all(struct db *db, struct arena *a, int *before_r, int *after_r,
		   struct err *e)
{
	int found;

	if (patiently(db, a, before_r, after_r, e) < 0)
		return -1;
	while (*after_r < SQL_MIGRATIONS)
		if (patiently(db, a, &found, after_r, e) < 0)
			return -1;
	return 0;
}

int migrate_run(struct db *db, int *before_r, int *after_r, struct err *e)
{
	struct arena a;
	int rc;

	arena_init(&a, (size_t)64 * 1024);
	/* Statements are prepared when first run, behind the migrations. */
	db->unprepared = true;
	db_patience(db, MIGRATION_MS);
	rc = run_all(db, &a, before_r, after_r, e);
	db_patience(db, 0);
	db->unprepared = false;
	arena_release(&a);
	return rc;
}
