/*
 * What db, stmt, migrate, db_read and db_listen share about the connection. For those
 * alone; everybody else sees db.h.
 */
#ifndef SERVER_DB_STATE_H
#define SERVER_DB_STATE_H

#include "server/db.h"
#include "server/db_pq.h"
#include "server/stmt.h"

#include <stdbool.h>

enum { DB_PARAMS_MAX = 32, DB_TEXT = 25 /* the type OID of text */ };

struct db {
	const struct config *cfg;
	char *name;
	PGconn *conn;    /* NULL: not connected */
	bool unprepared; /* connects without preparing: see db_open_few(); for migrate */
	bool in_block;   /* a transaction block is open */
	bool block_lost; /* ... was open when the connection went: ROLLBACK is awaited */
	bool copying;    /* COPY FROM STDIN is open */
	bool listening;  /* LISTEN was run */
	bool awaiting;   /* what stmt_send() sent is not answered yet */
	bool answered;   /* ... but its rows have come */
	int64_t await_until; /* when the wait for it is given up */
	enum stmt_id awaited;
	bool noted; /* number[] holds the last answer to it, which nobody has taken */
	uint64_t number[STMT_NUMBERS];
	uint32_t connect_ms; /* the longest connecting; 0: 3 s */
	uint32_t patience;   /* milliseconds; 0: the configured statement_timeout */
	uint64_t spent_us;
	uint64_t slowest_us;
	int slowest; /* the statement of slowest_us, when that is not 0 */
	struct metrics *metrics;
	int64_t try_again;  /* no connection attempt before this moment */
	uint32_t backoff;   /* milliseconds */
	struct err refusal; /* what the attempts until then are told */
	bool prepared[STMT_COUNT];
};

/* The deadline of a statement that begins now. */
int64_t db_deadline(const struct db *db);
/* Queues a PREPARE under the statement's own name; false when the connection is bad. */
bool db_send_prepare(struct db *db, enum stmt_id id);
/* Drops a connection that failed, remembering an open transaction block. */
void db_lost(struct db *db);

#endif
