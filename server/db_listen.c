/*
 * Notifications of the one connection. Ignorant of what they announce.
 */
#include "server/db_listen.h"

#include "server/db_state.h"
#include "server/stmt.h"

int db_listen(struct db *db, struct arena *a, struct err *e)
{
	struct stmt_result r;

	if (db_ready(db, e) < 0)
		return -1;
	/* A pooler hands on no notifications. */
	if (db->listening || db->cfg->database_pooled)
		return 0;
	if (stmt_run(db, STMT_JOB_LISTEN, NULL, 0, a, &r, e) < 0)
		return -1;
	db->listening = true;
	return 0;
}

bool db_notified(struct db *db)
{
	bool told = false;
	PGnotify *n;

	if (db->conn == NULL)
		return true;
	if (!pq_alive(db->conn)) {
		db_lost(db);
		return true;
	}
	while ((n = PQnotifies(db->conn)) != NULL) {
		told = true;
		PQfreemem(n);
	}
	return told;
}
