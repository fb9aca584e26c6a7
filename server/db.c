/*
 * The life of one connection: opened when needed, set up in one round trip, replaced
 * after a failure with a back-off. Ignorant of what the statements do.
 */
#include "server/db.h"

#include "server/db_state.h"
#include "server/log.h"

#include <assert.h>
#include <time.h>
#include <unistd.h>

enum {
	CONNECT_MS = 3000,
	BACKOFF_FIRST_MS = 100,
	BACKOFF_LAST_MS = 2000,
	GRACE_MS = 1000
};

static int open_as(const struct config *cfg, const char *name, bool few, struct db **db_r,
		   struct err *e)
{
	struct db *db = calloc(1, sizeof(*db));

	*db_r = NULL;
	if (db == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory for a connection");
	db->cfg = cfg;
	db->name = strdup(name);
	if (db->name == NULL) {
		free(db);
		return err_set(e, ERR_INTERNAL, "out of memory for a connection");
	}
	db->unprepared = few;
	*db_r = db;
	return 0;
}

int db_open(const struct config *cfg, const char *name, struct db **db_r, struct err *e)
{
	return open_as(cfg, name, false, db_r, e);
}

int db_open_few(const struct config *cfg, const char *name, struct db **db_r,
		struct err *e)
{
	return open_as(cfg, name, true, db_r, e);
}

int64_t db_deadline(const struct db *db)
{
	uint32_t ms = db->patience != 0 ? db->patience : db->cfg->statement_timeout;

	return pq_now() + ms + GRACE_MS;
}

void db_patience(struct db *db, uint32_t ms)
{
	db->patience = ms;
}

void db_lost(struct db *db)
{
	if (db->conn == NULL)
		return;
	PQfinish(db->conn);
	db->conn = NULL;
	db->block_lost = db->block_lost || db->in_block;
	db->in_block = false;
	db->copying = false;
	db->listening = false;
	db->awaiting = false;
	memset(db->prepared, 0, sizeof(db->prepared));
}

bool db_send_prepare(struct db *db, enum stmt_id id)
{
	const struct sql_query *q = &sql_query[id];
	Oid type[DB_PARAMS_MAX];

	assert(q->params <= DB_PARAMS_MAX);
	for (unsigned i = 0; i < q->params; i++)
		type[i] = DB_TEXT;
	return PQsendPrepare(db->conn, q->name, q->text, (int)q->params, type) == 1;
}

/*
 * Settings and PREPAREs go out together in one round trip. The settings have a Sync of
 * their own: behind a PREPARE that fails they would be rolled back with it.
 */
static int set_up_send(struct db *db, struct err *e)
{
	char timeout[16];
	const char *value[2] = { db->cfg->timezone, timeout };
	int ok;

	(void)snprintf(timeout, sizeof(timeout), "%u",
		       (unsigned)db->cfg->statement_timeout);
	ok = PQenterPipelineMode(db->conn) &&
	     PQsendQueryParams(db->conn, sql_query[STMT_SESSION_SETTINGS].text, 2, NULL,
			       value, NULL, NULL, 0) &&
	     PQpipelineSync(db->conn);
	for (int i = 0; ok && i < STMT_COUNT && !db->unprepared; i++)
		if (sql_query[i].kind != SQL_PLAIN)
			ok = db_send_prepare(db, (enum stmt_id)i);
	if (!ok || !PQpipelineSync(db->conn))
		return err_set(e, ERR_TRANSIENT,
			       "database connection lost during set-up");
	return 0;
}

/* One command's results in the pipeline; *ok_r tells whether it succeeded. */
static int set_up_result(struct db *db, int64_t deadline, bool *ok_r, struct err *failed,
			 struct err *e)
{
	PGresult *r;

	if (pq_result(db->conn, deadline, &r, e) < 0)
		return -1;
	*ok_r = PQresultStatus(r) == PGRES_COMMAND_OK ||
		PQresultStatus(r) == PGRES_TUPLES_OK ||
		PQresultStatus(r) == PGRES_PIPELINE_SYNC;
	if (PQresultStatus(r) == PGRES_FATAL_ERROR)
		(void)pq_failed(r, failed);
	if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
		PQclear(r);
		return 0;
	}
	PQclear(r);
	return pq_drain(db->conn, deadline, e);
}

/* Whatever is set up behind a pooler is another client's a moment later: stmt gives each
 * transaction its settings. But a connection to a pooler says nothing of the database. */
static int set_up_pooled(struct db *db, int64_t deadline, struct err *e)
{
	PGresult *r;
	int rc = 0;

	if (PQsendQuery(db->conn, sql_query[STMT_HEALTH].text) != 1)
		return err_set(e, ERR_TRANSIENT,
			       "database connection lost during set-up");
	if (pq_result(db->conn, deadline, &r, e) < 0)
		return -1;
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		rc = pq_failed(r, e);
	PQclear(r);
	return rc < 0 ? -1 : pq_drain(db->conn, deadline, e);
}

static int set_up(struct db *db, int64_t deadline, struct err *e)
{
	struct err failed = { 0 };
	bool ok, synced;

	if (db->cfg->database_pooled)
		return set_up_pooled(db, deadline, e);
	if (set_up_send(db, e) < 0 || set_up_result(db, deadline, &ok, &failed, e) < 0)
		return -1;
	if (!ok)
		return err_set(e, ERR_INTERNAL,
			       "key 'timezone' or 'statement_timeout': %s", failed.text);
	if (set_up_result(db, deadline, &synced, &failed, e) < 0)
		return -1;
	for (int i = 0; i < STMT_COUNT && !db->unprepared; i++)
		if (sql_query[i].kind != SQL_PLAIN &&
		    set_up_result(db, deadline, &db->prepared[i], &failed, e) < 0)
			return -1;
	if (set_up_result(db, deadline, &synced, &failed, e) < 0 ||
	    !PQexitPipelineMode(db->conn))
		return err_set(e, ERR_TRANSIENT,
			       "database connection lost during set-up");
	/* Prepared again when it is run, which then says what is wrong. */
	if (failed.kind != ERR_NONE)
		log_line(LOG_WARNING, "a statement cannot be prepared: %s", failed.text);
	return 0;
}

/* 100 ms doubling to 2 s, up to half more by chance, so that a host's workers do not
 * all knock at the same moment. */
static void back_off(struct db *db, const struct err *e)
{
	struct timespec t;
	uint32_t jitter;

	db->backoff = db->backoff == 0 ? BACKOFF_FIRST_MS : db->backoff * 2;
	if (db->backoff > BACKOFF_LAST_MS)
		db->backoff = BACKOFF_LAST_MS;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	jitter = ((uint32_t)t.tv_nsec / 1000 ^ (uint32_t)getpid() * 2654435761u) %
		 (db->backoff / 2 + 1);
	db->try_again = pq_now() + db->backoff + jitter;
	db->refusal = *e;
}

int db_ready(struct db *db, struct err *e)
{
	struct pq_target target = { db->cfg->database, db->name };
	struct err failed = { 0 };
	int64_t deadline;

	if (db->conn != NULL && !pq_alive(db->conn))
		db_lost(db);
	if (db->conn != NULL)
		return 0;
	if (db->backoff != 0 && pq_now() < db->try_again)
		return err_set(e, db->refusal.kind, "%s", db->refusal.text);
	deadline = pq_now() + (db->connect_ms != 0 ? db->connect_ms : CONNECT_MS);
	if (pq_connect(&target, deadline, &db->conn, &failed) == 0 &&
	    set_up(db, deadline, &failed) == 0) {
		db->backoff = 0;
		metrics_add(db->metrics, METRIC_DB_CONNECTS, 1);
		return 0;
	}
	metrics_add(db->metrics, METRIC_DB_CONNECT_FAILED, 1);
	db_lost(db);
	back_off(db, &failed);
	return err_set(e, failed.kind, "%s", failed.text);
}

/* PQfinish() would say goodbye on a connection that the parent still uses: its
 * descriptor is closed first, so that the word goes nowhere. */
void db_forget(struct db *db)
{
	if (db->conn != NULL)
		(void)close(PQsocket(db->conn));
	db_lost(db);
	db->block_lost = false;
	db->backoff = 0;
}

void db_close(struct db **db)
{
	if (*db == NULL)
		return;
	db_lost(*db);
	free((*db)->name);
	free(*db);
	*db = NULL;
}

int db_socket(const struct db *db)
{
	return db->conn == NULL ? -1 : PQsocket(db->conn);
}

void db_metrics(struct db *db, struct metrics *m)
{
	db->metrics = m;
}

const char *db_slowest(struct db *db, uint64_t *us_r)
{
	*us_r = db->slowest_us;
	db->slowest_us = 0;
	return *us_r == 0 ? NULL : sql_query[db->slowest].name;
}

uint64_t db_spent_us(struct db *db)
{
	uint64_t us = db->spent_us;

	db->spent_us = 0;
	return us;
}
