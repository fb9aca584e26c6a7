/*
 * Brings the schema up to date: sql/migrate/NNNN_name.sql in order, each in one
 * transaction, under an advisory lock so that two hosts may try at once.
 */
#ifndef SERVER_MIGRATE_H
#define SERVER_MIGRATE_H

#include "server/db.h"

/* The newest version this program knows. */
int migrate_version(void);
/* Sets the versions found before and after (0: an empty database). ERR_INPUT when the
 * database is newer than this program. */
int migrate_run(struct db *db, int *before_r, int *after_r, struct err *e) MUST_CHECK;

#endif
