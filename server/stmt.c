/*
 * One statement, one round trip, its failures sorted by what the caller may do next.
 * Ignorant of what the statements say.
 */
#include "server/stmt.h"

#include "server/clock.h"
#include "server/db_state.h"

#include <assert.h>

enum { AWAIT_MS = 10000 };

/* The connection is gone. What ends a block leaves none to roll back, whatever became of
 * it. */
static void lost(struct db *db, enum stmt_id id)
{
	db_lost(db);
	if (id == STMT_COMMIT || id == STMT_ROLLBACK)
		db->block_lost = false;
}

/* The same, with what is known of the statement that was on its way. */
static int gone(struct db *db, enum stmt_id id, const struct err *why, struct err *e)
{
	enum err_kind kind = why->kind;

	if (kind == ERR_TRANSIENT && sql_query[id].kind != SQL_READS &&
	    (id == STMT_COMMIT || !db->in_block))
		kind = ERR_UNCERTAIN;
	lost(db, id);
	return err_set(e, kind, "statement '%s': %s", sql_query[id].name, why->text);
}

static int prepare(struct db *db, enum stmt_id id, int64_t deadline, struct err *e)
{
	struct err why = { 0 };
	PGresult *r = NULL;
	int rc = 0;

	if (!db_send_prepare(db, id) || pq_result(db->conn, deadline, &r, &why) < 0) {
		(void)err_set(&why, ERR_TRANSIENT, "database connection lost");
		lost(db, id);
		return err_set(e, why.kind, "statement '%s': %s", sql_query[id].name,
			       why.text);
	}
	if (PQresultStatus(r) == PGRES_COMMAND_OK)
		db->prepared[id] = true;
	else
		rc = pq_failed(r, e);
	PQclear(r);
	if (pq_drain(db->conn, deadline, &why) < 0) {
		lost(db, id);
		return err_set(e, why.kind, "%s", why.text);
	}
	return rc;
}

/* Values go in binary format, which for text is its bytes: nothing is copied or
 * terminated. */
static bool send_bound(struct db *db, enum stmt_id id, const struct slice *params,
		       size_t n)
{
	const struct sql_query *q = &sql_query[id];
	const char *value[DB_PARAMS_MAX];
	int length[DB_PARAMS_MAX], format[DB_PARAMS_MAX];
	Oid type[DB_PARAMS_MAX];

	for (size_t i = 0; i < n; i++) {
		value[i] = params[i].p;
		length[i] = (int)params[i].n;
		format[i] = 1;
		type[i] = DB_TEXT;
	}
	if (q->kind == SQL_PLAIN || db->cfg->database_pooled)
		return PQsendQueryParams(db->conn, q->text, (int)n, type, value, length,
					 format, 0) == 1;
	return PQsendQueryPrepared(db->conn, q->name, (int)n, value, length, format, 0) ==
	       1;
}

/* BEGIN: what it opens has its settings behind it, any other statement before. */
static bool opens(enum stmt_id id)
{
	return id == STMT_BEGIN || id == STMT_BEGIN_SNAPSHOT;
}

/* With database_pooled: is this a transaction, or the first of one, that has no settings
 * yet? */
static bool needs_settings(const struct db *db, enum stmt_id id)
{
	return db->cfg->database_pooled && !db->in_block && id != STMT_COMMIT &&
	       id != STMT_ROLLBACK;
}

static bool send_settings(struct db *db)
{
	const struct sql_query *q = &sql_query[STMT_TRANSACTION_SETTINGS];
	char timeout[16];
	const char *value[2] = { db->cfg->timezone, timeout };

	(void)snprintf(timeout, sizeof(timeout), "%u",
		       (unsigned)db->cfg->statement_timeout);
	return PQsendQueryParams(db->conn, q->text, 2, NULL, value, NULL, NULL, 0) == 1;
}

/* In one round trip, and without a Sync between them in one transaction. */
static bool send_settled(struct db *db, enum stmt_id id, const struct slice *params,
			 size_t n)
{
	return PQenterPipelineMode(db->conn) == 1 && (opens(id) || send_settings(db)) &&
	       send_bound(db, id, params, n) && (!opens(id) || send_settings(db)) &&
	       PQpipelineSync(db->conn) == 1;
}

/* The settings of send_settled() when they come first. 1: they failed, e says why. */
static int take_settings(struct db *db, int64_t deadline, struct err *e, struct err *why)
{
	PGresult *pg;
	int rc = 0;

	if (pq_result(db->conn, deadline, &pg, why) < 0)
		return -1;
	/* The server may have done all of it, and the pooler lost it before it said so.
	 */
	if (pq_cut_off(pg)) {
		(void)pq_failed(pg, why);
		PQclear(pg);
		return -1;
	}
	if (PQresultStatus(pg) == PGRES_FATAL_ERROR) {
		(void)pq_failed(pg, e);
		if (e->kind == ERR_INPUT)
			(void)err_prefix(e, "key 'timezone' or 'statement_timeout'");
		if (e->kind == ERR_INPUT)
			e->kind = ERR_INTERNAL;
		rc = 1;
	}
	PQclear(pg);
	return pq_drain(db->conn, deadline, why) < 0 ? -1 : rc;
}

/*
 * What follows a statement's result, to the end of the transaction that it may be, whose
 * COMMIT can still fail. 0; 1 it failed, e says why; -1 the connection did.
 */
static int take_rest(struct db *db, bool settled, int64_t deadline, struct err *e,
		     struct err *why)
{
	bool over = false;
	int rc = 0;

	while (!over) {
		PGresult *pg;

		if (pq_result(db->conn, deadline, &pg, why) < 0)
			return -1;
		if (rc == 0 && pg != NULL && PQresultStatus(pg) == PGRES_FATAL_ERROR) {
			(void)pq_failed(pg, e);
			rc = 1;
		}
		over = settled ? pg != NULL && PQresultStatus(pg) == PGRES_PIPELINE_SYNC
			       : pg == NULL;
		PQclear(pg);
	}
	if (!settled || PQexitPipelineMode(db->conn) == 1)
		return rc;
	return err_set(why, ERR_TRANSIENT, "database connection lost");
}

static int copy_values(const PGresult *pg, struct arena *a, struct stmt_result *r,
		       struct err *e)
{
	size_t rows = (size_t)PQntuples(pg), columns = (size_t)PQnfields(pg);
	struct slice *value;

	assert(columns <= STMT_MAX_COLUMNS);
	*r = (struct stmt_result){ 0 };
	if (rows == 0 || columns == 0)
		return 0;
	value = arena_alloc(a, rows * columns * sizeof(*value));
	for (size_t i = 0; value != NULL && i < rows * columns; i++) {
		int row = (int)(i / columns), column = (int)(i % columns);
		struct slice v = { PQgetvalue(pg, row, column),
				   (size_t)PQgetlength(pg, row, column) };

		if (PQgetisnull(pg, row, column))
			continue;
		value[i] = arena_dup(a, v);
		if (value[i].p == NULL)
			value = NULL;
	}
	if (value == NULL)
		return err_set(e, ERR_LIMIT,
			       "the database's answer does not fit in %zu bytes", a->cap);
	*r = (struct stmt_result){ rows, columns, value };
	return 0;
}

/* The first result; the block's state as it leaves it. */
static int outcome(enum stmt_id id, const PGresult *pg, struct arena *a,
		   struct stmt_result *r, struct err *e)
{
	switch (PQresultStatus(pg)) {
	case PGRES_TUPLES_OK:
		return copy_values(pg, a, r, e);
	case PGRES_COMMAND_OK:
		*r = (struct stmt_result){ 0 };
		if (id == STMT_COMMIT &&
		    strcmp(PQcmdStatus((PGresult *)pg), "COMMIT") != 0)
			return err_set(e, ERR_INTERNAL,
				       "the transaction had failed and was rolled back");
		return 0;
	default:
		if (pq_failed(pg, e) < 0)
			(void)err_prefix(e, "statement '%s'", sql_query[id].name);
		return -1;
	}
}

static int copy_abort(struct db *db, int64_t deadline, struct err *e)
{
	db->copying = false;
	if (PQputCopyEnd(db->conn, "given up") < 0 ||
	    pq_drain(db->conn, deadline, e) < 0) {
		(void)err_set(e, ERR_TRANSIENT, "database connection lost");
		db_lost(db);
		return -1;
	}
	return 0;
}

/* What stmt_numbers() tells of an answer. */
static void note(struct db *db, const PGresult *r)
{
	db->answered = PQresultStatus(r) == PGRES_TUPLES_OK;
	db->noted = db->answered && PQntuples(r) == 1 && PQnfields(r) == STMT_NUMBERS;
	for (int i = 0; db->noted && i < STMT_NUMBERS; i++) {
		db->noted = !PQgetisnull(r, 0, i);
		db->number[i] = strtoull(PQgetvalue(r, 0, i), NULL, 10);
	}
}

/* The answer to stmt_send(), waited for. */
static int take_awaited(struct db *db, int64_t deadline, struct err *e)
{
	PGresult *r;

	do {
		if (pq_result(db->conn, deadline, &r, e) < 0)
			return -1;
		if (r != NULL)
			note(db, r);
		PQclear(r);
	} while (r != NULL);
	return 0;
}

/* What stands between the caller and a usable connection. Returns 1 when the statement
 * is answered already: the ROLLBACK of a block whose connection is gone. */
static int make_ready(struct db *db, enum stmt_id id, struct err *e)
{
	struct err lost = { 0 };

	if (db->awaiting && take_awaited(db, db_deadline(db), &lost) < 0)
		db_lost(db);
	db->awaiting = false;
	lost = (struct err){ 0 };
	if (db->in_block && !pq_alive(db->conn))
		db_lost(db);
	if (db->copying && copy_abort(db, db_deadline(db), &lost) < 0 &&
	    id != STMT_ROLLBACK)
		return err_set(e, lost.kind, "%s", lost.text);
	if (db->block_lost && id == STMT_ROLLBACK) {
		db->block_lost = false;
		return 1;
	}
	if (db->block_lost)
		return err_set(e, ERR_TRANSIENT,
			       "statement '%s': the connection was lost in a transaction",
			       sql_query[id].name);
	return db_ready(db, e);
}

static int send(struct db *db, enum stmt_id id, const struct slice *params, size_t n,
		bool settled)
{
	return (settled ? send_settled(db, id, params, n) : send_bound(db, id, params, n))
		       ? 0
		       : -1;
}

/* One round trip. */
static int run(struct db *db, enum stmt_id id, const struct slice *params, size_t n,
	       struct arena *a, struct stmt_result *r, struct err *e)
{
	bool settled = needs_settings(db, id);
	int64_t deadline = db_deadline(db);
	struct err why = { 0 }, late = { 0 };
	PGresult *pg = NULL;
	int rc, before = 0, rest;
	bool unheard;

	rc = send(db, id, params, n, settled);
	if (rc == 0 && settled && !opens(id))
		rc = before = take_settings(db, deadline, e, &why);
	if (rc < 0 || pq_result(db->conn, deadline, &pg, &why) < 0) {
		(void)err_set(&why, ERR_TRANSIENT, "database connection lost");
		return gone(db, id, &why, e);
	}
	if (pq_cut_off(pg)) {
		(void)pq_failed(pg, &why);
		PQclear(pg);
		return gone(db, id, &why, e);
	}
	rc = before != 0 ? -1 : outcome(id, pg, a, r, e);
	/* It ran, and only its answer was not to be had. */
	unheard = rc < 0 && PQresultStatus(pg) == PGRES_TUPLES_OK &&
		  sql_query[id].kind != SQL_READS;
	PQclear(pg);
	rest = take_rest(db, settled, deadline, &late, &why);
	if (rest < 0) {
		if (rc == 0)
			return gone(db, id, &why, e);
		db_lost(db);
		return rc;
	}
	db->in_block = PQtransactionStatus(db->conn) != PQTRANS_IDLE;
	if (unheard && !db->in_block)
		e->kind = ERR_UNCERTAIN;
	if (rc == 0 && rest == 1)
		return err_set(e, late.kind, "statement '%s': %s", sql_query[id].name,
			       late.text);
	return rc;
}

int stmt_run(struct db *db, enum stmt_id id, const struct slice *params, size_t n_params,
	     struct arena *a, struct stmt_result *r, struct err *e)
{
	uint64_t from = clock_us(), us;
	int rc;

	assert(n_params == sql_query[id].params && n_params <= DB_PARAMS_MAX);
	*r = (struct stmt_result){ 0 };
	rc = make_ready(db, id, e);
	if (rc == 0 && sql_query[id].kind != SQL_PLAIN && !db->prepared[id] &&
	    !db->cfg->database_pooled)
		rc = prepare(db, id, db_deadline(db), e);
	if (rc == 0)
		rc = run(db, id, params, n_params, a, r, e);
	us = clock_us() - from;
	db->spent_us += us;
	if (us > db->slowest_us) {
		db->slowest_us = us;
		db->slowest = (int)id;
	}
	metrics_add(db->metrics, METRIC_DB_STATEMENTS, 1);
	metrics_add(db->metrics, METRIC_DB_US, us);
	if (rc < 0)
		metrics_db_error(db->metrics, e->kind);
	return rc < 0 ? -1 : 0;
}

int stmt_send(struct db *db, enum stmt_id id, struct err *e)
{
	assert(sql_query[id].params == 0 && sql_query[id].kind == SQL_READS);
	if (db->conn != NULL && !db->awaiting && !pq_alive(db->conn))
		db_lost(db);
	if (db->conn == NULL || db->awaiting || db->in_block || db->copying ||
	    (!db->prepared[id] && !db->cfg->database_pooled))
		return err_set(e, ERR_TRANSIENT, "no connection is free");
	if (!send_bound(db, id, NULL, 0) || PQflush(db->conn) < 0) {
		db_lost(db);
		return err_set(e, ERR_TRANSIENT, "database connection lost");
	}
	db->awaiting = true;
	db->answered = db->noted = false;
	db->awaited = id;
	db->await_until = pq_now() + AWAIT_MS;
	return 0;
}

int stmt_take(struct db *db, enum stmt_id *id_r, struct err *e)
{
	*id_r = db->awaited;
	if (!db->awaiting)
		return err_set(e, ERR_TRANSIENT, "nothing is awaited");
	if (PQflush(db->conn) < 0 || PQconsumeInput(db->conn) == 0) {
		db_lost(db);
		return err_set(e, ERR_TRANSIENT, "database connection lost");
	}
	while (!PQisBusy(db->conn)) {
		PGresult *r = PQgetResult(db->conn);

		if (r == NULL) {
			db->awaiting = false;
			return db->answered ? PARSE_DONE
					    : err_set(e, ERR_TRANSIENT, "it failed");
		}
		note(db, r);
		PQclear(r);
	}
	if (pq_now() < db->await_until)
		return PARSE_MORE;
	/* A connection that swallows what it is sent would never be opened anew. */
	db_lost(db);
	return err_set(e, ERR_TRANSIENT, "database did not answer in time");
}

bool stmt_awaits(const struct db *db)
{
	return db->awaiting;
}

int64_t stmt_awaits_ms(const struct db *db)
{
	return pq_now() - (db->await_until - AWAIT_MS);
}

bool stmt_numbers(struct db *db, enum stmt_id id, uint64_t number[STMT_NUMBERS])
{
	if (!db->noted || db->awaiting || db->awaited != id)
		return false;
	memcpy(number, db->number, sizeof(db->number));
	db->noted = false;
	return true;
}

int stmt_copy_begin(struct db *db, enum stmt_id id, struct err *e)
{
	struct err why = { 0 };
	PGresult *pg;
	int rc = 0;

	assert(sql_query[id].kind == SQL_PLAIN && sql_query[id].params == 0);
	assert(db->in_block || db->block_lost || !db->cfg->database_pooled);
	if (make_ready(db, id, e) < 0)
		return -1;
	if (!send_bound(db, id, NULL, 0) ||
	    pq_result(db->conn, db_deadline(db), &pg, &why) < 0) {
		(void)err_set(&why, ERR_TRANSIENT, "database connection lost");
		return gone(db, id, &why, e);
	}
	db->copying = PQresultStatus(pg) == PGRES_COPY_IN;
	if (db->copying)
		pq_widen(db->conn);
	if (!db->copying)
		rc = pq_failed(pg, e);
	PQclear(pg);
	if (!db->copying && pq_drain(db->conn, db_deadline(db), &why) < 0)
		db_lost(db);
	return rc;
}

int stmt_copy_put(struct db *db, struct slice bytes, struct err *e)
{
	uint64_t from = clock_us();
	struct err why = { 0 };
	int rc;

	assert(db->copying || db->block_lost || db->conn == NULL);
	if (!db->copying)
		return err_set(e, ERR_TRANSIENT, "database connection lost during COPY");
	assert(bytes.n <= INT32_MAX);
	/* What is still queued goes first, so that libpq's buffer holds one piece. */
	rc = pq_flush(db->conn, db_deadline(db), &why);
	if (rc == 0 && (PQputCopyData(db->conn, bytes.p, (int)bytes.n) != 1 ||
			PQflush(db->conn) < 0))
		rc = err_set(&why, ERR_TRANSIENT, "database connection lost during COPY");
	db->spent_us += clock_us() - from;
	if (rc == 0)
		return 0;
	db_lost(db);
	return err_set(e, why.kind, "%s", why.text);
}

bool stmt_copy_answered(const struct db *db)
{
	return db->copying && pq_readable(db->conn);
}

int stmt_copy_end(struct db *db, uint64_t *rows_r, struct err *e)
{
	uint64_t from = clock_us();
	struct err why = { 0 };
	PGresult *pg = NULL;
	int rc = 0;

	*rows_r = 0;
	if (!db->copying)
		return err_set(e, ERR_TRANSIENT, "database connection lost during COPY");
	db->copying = false;
	if (PQputCopyEnd(db->conn, NULL) < 0 ||
	    pq_result(db->conn, db_deadline(db), &pg, &why) < 0) {
		db_lost(db);
		rc = err_set(e, ERR_TRANSIENT, "database connection lost during COPY");
	} else if (PQresultStatus(pg) == PGRES_COMMAND_OK) {
		*rows_r = strtoull(PQcmdTuples(pg), NULL, 10);
	} else {
		rc = pq_failed(pg, e);
	}
	PQclear(pg);
	if (db->conn != NULL && pq_drain(db->conn, db_deadline(db), &why) < 0)
		db_lost(db);
	db->spent_us += clock_us() - from;
	return rc;
}
