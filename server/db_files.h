/*
 * The files that libpq reads for a connection: passwords, certificates and keys, and what
 * the environment says of TLS.
 */
#ifndef SERVER_DB_FILES_H
#define SERVER_DB_FILES_H

#include <stdbool.h>
#include <stddef.h>

enum { DB_FILES_MAX = 16, DB_FILES_PATH = 1024 };

struct db_files {
	char path[DB_FILES_MAX][DB_FILES_PATH];
	size_t n;
	bool service; /* a service is named: what else there is, its file says */
};

/* Those that a connection string names, and those that it leaves to the environment or
 * libpq's defaults ("libpq: Connection Strings", "The Password File", "SSL Support").
 * None for a string that cannot be read; a path that is too long is left out. */
void db_files_named(const char *conninfo, struct db_files *files);

#endif
