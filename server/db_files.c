/*
 * Which files a connection needs. Ignorant of who is to read them.
 */
#include "server/db_files.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct db_files *files, const char *folder, const char *name)
{
	int n;

	if (files->n == DB_FILES_MAX || name == NULL || name[0] == '\0')
		return;
	n = snprintf(files->path[files->n], DB_FILES_PATH, "%s%s", folder, name);
	if (n > 0 && n < DB_FILES_PATH)
		files->n++;
}

static const char *value_of(const PQconninfoOption *all, const char *name)
{
	for (; all != NULL && all->keyword != NULL; all++)
		if (strcmp(all->keyword, name) == 0)
			return all->val;
	return NULL;
}

void db_files_named(const char *conninfo, struct db_files *files)
{
	static const char *const names[] = { "passfile",    "sslcert", "sslkey",
					     "sslrootcert", "sslcrl",  "sslcrldir" };
	static const char *const variables[] = { "PGSERVICEFILE", "PGSYSCONFDIR",
						 "OPENSSL_CONF", "SSL_CERT_FILE",
						 "SSL_CERT_DIR" };
	static const char *const of_home[] = { "/.pgpass", "/.postgresql",
					       "/.pg_service.conf" };
	PQconninfoOption *given = PQconninfoParse(conninfo, NULL);
	PQconninfoOption *defaults = PQconndefaults();
	const char *home = getenv("HOME");

	files->n = 0;
	files->service = given != NULL && (value_of(given, "service") != NULL ||
					   value_of(defaults, "service") != NULL);
	for (size_t i = 0; given != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = value_of(given, names[i]);

		add(files, "", path != NULL ? path : value_of(defaults, names[i]));
	}
	for (size_t i = 0; given != NULL && i < sizeof(variables) / sizeof(variables[0]);
	     i++)
		add(files, "", getenv(variables[i]));
	for (size_t i = 0;
	     given != NULL && home != NULL && i < sizeof(of_home) / sizeof(of_home[0]);
	     i++)
		add(files, home, of_home[i]);
	PQconninfoFree(given);
	PQconninfoFree(defaults);
}
