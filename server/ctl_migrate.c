/*
 * The migrate command: says what migrate did.
 */
#include "server/ctl_migrate.h"

#include "server/config.h"
#include "server/migrate.h"

#include <stdio.h>

static int migrate(const struct ctl *ctl, int *before_r, int *after_r, struct err *e)
{
	struct config *cfg = NULL;
	struct db *db = NULL;
	int result = -1;

	if (config_load(ctl->config_path, &cfg, e) == 0 &&
	    db_open(cfg, "waybillctl", &db, e) == 0)
		result = migrate_run(db, before_r, after_r, e);
	db_close(&db);
	config_free(&cfg);
	return result;
}

int ctl_migrate(const struct ctl *ctl, int argc, char **argv)
{
	struct err e = { 0 };
	int before, after;

	if (ctl_options(argc, argv, NULL, 0, NULL, 0, "", &e) < 0 ||
	    migrate(ctl, &before, &after, &e) < 0)
		return ctl_fail(&e);
	if (before == after)
		(void)printf("the schema is up to date (version %d)\n", after);
	else
		(void)printf("the schema went from version %d to %d\n", before, after);
	return ctl_printed();
}
