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

	if (files->n == DB_FILES_MAX)
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
	PQconninfoOption *given = PQconninfoParse(conninfo, NULL);
	PQconninfoOption *defaults = PQconndefaults();
	const char *home = getenv("HOME");

	files->n = 0;
	for (size_t i = 0; given != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = value_of(given, names[i]);

		if (path == NULL)
			path = value_of(defaults, names[i]);
		if (path != NULL && path[0] != '\0')
			add(files, "", path);
	}
	if (given != NULL && home != NULL) {
		add(files, home, "/.pgpass");
		add(files, home, "/.postgresql");
	}
	PQconninfoFree(given);
	PQconninfoFree(defaults);
}
