/*
 * main of the server: options, configuration, then the master. Ignorant of
 * everything else.
 */
#include "server/config.h"
#include "server/db.h"
#include "server/db_read.h"
#include "server/log.h"
#include "server/master.h"
#include "server/router.h"
#include "server/stmt.h"
#include "server/trial.h"

#include <unistd.h>

#ifndef WAYBILL_VERSION
#define WAYBILL_VERSION "0.1.0"
#endif

enum { ANSWER = 64 * 1024 };

static int usage(FILE *to, int status)
{
	(void)fputs("usage: waybilld [-c FILE] [-t] [-V]\n"
		    "  -c FILE  configuration (default: the built-in values and "
		    "WAYBILL_<KEY>)\n"
		    "  -t       check configuration and database, then exit 0 or 1\n"
		    "  -V       print the version\n",
		    to);
	return status;
}

/* A server on which nobody can make users is a mistake, but no reason not to start. */
static int check_admins(const struct config *cfg, struct err *e)
{
	struct db *db = NULL;
	struct stmt_result r;
	struct arena a;
	int got = db_open(cfg, "waybilld -t", &db, e);

	arena_init(&a, ANSWER);
	if (got == 0)
		got = stmt_run(db, STMT_USER_ADMINS, NULL, 0, &a, &r, e);
	if (got == 0 && slice_eq(stmt_value(&r, 0, 0), SLICE("0")))
		(void)fputs(
			"waybilld: warning: auth is on and there is no administrator; "
			"make one: waybillctl user add NAME --role admin\n",
			stderr);
	arena_release(&a);
	db_close(&db);
	return got;
}

/* Whether the server could serve with this configuration. */
static int check(const struct config *cfg, struct err *e)
{
	struct static_files *files = NULL;

	if (router_pages_open(cfg->static_dir, &files, e) < 0)
		return -1;
	static_close(&files);
	if (access(cfg->spool_dir, W_OK | X_OK) < 0)
		return err_set(e, ERR_INPUT, "key 'spool_dir': cannot write to \"%s\"",
			       cfg->spool_dir);
	if (trial_database(cfg, "waybilld -t", e) < 0)
		return -1;
	if (db_read_check(cfg, e) < 0)
		return -1;
	return cfg->auth ? check_admins(cfg, e) : 0;
}

int main(int argc, char **argv)
{
	const char *path = NULL;
	struct config *cfg = NULL;
	struct err e = { .kind = ERR_NONE };
	bool only_check = false;
	int opt;

	while ((opt = getopt(argc, argv, "c:tVh")) != -1)
		switch (opt) {
		case 'c':
			path = optarg;
			break;
		case 't':
			only_check = true;
			break;
		case 'V':
			(void)puts("waybilld " WAYBILL_VERSION);
			return 0;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, 2);
		}
	if (optind < argc)
		return usage(stderr, 2);
	log_role("waybilld");
	if (config_load(path, &cfg, &e) < 0 || (only_check && check(cfg, &e) < 0)) {
		(void)fprintf(stderr, "waybilld: %s\n", e.text);
		config_free(&cfg);
		return 1;
	}
	if (!only_check)
		return master_run(&cfg, path, argv);
	(void)puts("configuration and database are fine");
	config_free(&cfg);
	return 0;
}
