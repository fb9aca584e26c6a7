/*
 * Prepared statements by id: one file in sql/query/ each, values only as $n. Every
 * parameter is declared as text ($1::bigint casts), so that slices are bound
 * without a copy.
 */
#ifndef SERVER_STMT_H
#define SERVER_STMT_H

#include "server/db.h"
#include "sql_table.h" /* enum stmt_id: STMT_SCAN for sql/query/scan.sql */

enum { STMT_MAX_COLUMNS = 16, STMT_NUMBERS = 3 };

/* One result. Values are copied into the arena that was passed in. */
struct stmt_result {
	size_t rows, columns;
	const struct slice *value; /* rows x columns; p NULL for SQL NULL */
};

static inline struct slice stmt_value(const struct stmt_result *r, size_t row,
				      size_t column)
{
	return r->value[row * r->columns + column];
}

/*
 * Runs one statement in one round trip. A parameter with p NULL is SQL NULL.
 * Connects first when needed. Errors by SQLSTATE class: ERR_TRANSIENT (connection
 * lost before anything could commit, 08, 40, 53, 57, 25006, and 55P03: a row lock that
 * was not to be had within 2 s), ERR_UNCERTAIN (connection lost or timed out after the
 * statement was sent outside a transaction block, when it may have written), ERR_INPUT
 * (22, 23), ERR_INTERNAL (the rest; a table, column or function that is missing points to
 * the migrations). With the connection alive nothing of a failed statement is written.
 * Bounded by the configured statement_timeout plus a second (see db_patience()).
 *
 * Transaction blocks are statements too: STMT_BEGIN, STMT_COMMIT, STMT_ROLLBACK. A
 * statement that fails inside a block leaves it open and failed: ROLLBACK is the only way
 * on. When the connection goes inside a block, that statement fails with ERR_TRANSIENT,
 * and so does every other until STMT_ROLLBACK, which then succeeds without a server;
 * nothing of the block slips into a new connection. A connection lost during COMMIT is
 * ERR_UNCERTAIN; COMMIT of a failed block is ERR_INTERNAL. STMT_ROLLBACK ends an
 * open COPY as well, and never fails but with ERR_TRANSIENT.
 */
int stmt_run(struct db *db, enum stmt_id id, const struct slice *params, size_t n_params,
	     struct arena *a, struct stmt_result *r, struct err *e) MUST_CHECK;

/*
 * Sends a statement without parameters that nobody waits for, on a connection that is
 * open already; -1 when there is none, or something is under way on it. stmt_take() then
 * looks whether its answer came, without waiting, and sets *id_r: PARSE_MORE not yet,
 * PARSE_DONE it succeeded, -1 it failed, took 10 s, or nothing is awaited. Another
 * statement waits for the answer, and is not told of it.
 */
int stmt_send(struct db *db, enum stmt_id id, struct err *e) MUST_CHECK;
int stmt_take(struct db *db, enum stmt_id *id_r, struct err *e) MUST_CHECK;
bool stmt_awaits(const struct db *db);
/* Milliseconds since stmt_send(). */
int64_t stmt_awaits_ms(const struct db *db);
/*
 * What such a statement answered, whoever waited for it: the first columns of its row as
 * whole numbers. False when no answer of this one has come since the last call, or a
 * column is NULL.
 */
bool stmt_numbers(struct db *db, enum stmt_id id, uint64_t number[STMT_NUMBERS]);

/*
 * COPY ... FROM STDIN in text format, named by a statement file marked "-- plain". Errors
 * as above; those of the rows come from stmt_copy_end(), or earlier.
 */
int stmt_copy_begin(struct db *db, enum stmt_id id, struct err *e) MUST_CHECK;
/* Any piece of the stream; returns while the last of it may still be on its way. */
int stmt_copy_put(struct db *db, struct slice bytes, struct err *e) MUST_CHECK;
/* Has the server answered before the end? It wants no more rows then: stmt_copy_end()
 * tells why. */
bool stmt_copy_answered(const struct db *db);
/* Ends the COPY; sets *rows_r. */
int stmt_copy_end(struct db *db, uint64_t *rows_r, struct err *e) MUST_CHECK;

#endif
