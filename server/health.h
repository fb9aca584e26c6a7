/*
 * What this host can do, kept on the scoreboard by a check that one of its workers
 * makes about once a second, so that /health answers in microseconds.
 */
#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

#include "server/db.h"
#include "server/slots.h"

#include <stdbool.h>

/* Makes the check when it is due and no sibling makes it. Called by every worker's
 * loop. */
void health_tick(struct slots *s, struct db *db);
enum { HEALTH_PATIENCE_MS = 15000 };

/* Whether the database is taken for up. */
bool health_up(struct slots *s);
/* The program before this one has the database. Its word counts until a check of this
 * one succeeds, or for HEALTH_PATIENCE_MS. */
void health_inherit(struct slots *s);
/* A statement just succeeded, or found the database away. One success is enough to be
 * up; being down takes a failure and four seconds without a success, so that slow answers
 * on a busy host do not make the load balancer give it up. */
void health_note(struct slots *s, bool up);

#endif
