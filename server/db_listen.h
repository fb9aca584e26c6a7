/*
 * Being told by PostgreSQL that there is work (LISTEN, NOTIFY), instead of asking again
 * and again.
 */
#ifndef SERVER_DB_LISTEN_H
#define SERVER_DB_LISTEN_H

#include "server/db.h"

/* Listens for new jobs, unless this connection does already; connects when needed. Then
 * db_socket() is readable when there is something to be read. Behind a pooler
 * (database_pooled) it connects, and nothing is ever announced. */
int db_listen(struct db *db, struct arena *a, struct err *e) MUST_CHECK;
/* Whether one was announced since the last call. Also when the connection went, because
 * then nobody knows. */
bool db_notified(struct db *db);

#endif
