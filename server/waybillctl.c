/*
 * The administrator's tool: finds the command and runs it. Knows of each only its name
 * and what it is for.
 */
#include "server/ctl.h"
#include "server/ctl_drain.h"
#include "server/ctl_export.h"
#include "server/ctl_import.h"
#include "server/ctl_migrate.h"
#include "server/ctl_rows.h"
#include "server/ctl_sample.h"
#include "server/ctl_status.h"
#include "server/ctl_user.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	ctl_command_fn *run;
	const char *help;
} commands[] = {
	{ "migrate", ctl_migrate,
	  "migrate\n"
	  "    brings the schema up to date; refuses a database newer than this "
	  "program\n" },
	{ "rows", ctl_rows,
	  "rows FILE [--sheet NAME]\n"
	  "    prints a sheet exactly as it is read, as CSV: record k is row k\n"
	  "rows --check FILE [--sheet NAME]\n"
	  "    prints which heading means which field, the number of rows, and what is\n"
	  "    wrong with them; needs no database\n" },
	{ "import", ctl_import,
	  "import FILE [--dry-run] [--strict] [--batch] [--sheet NAME] [--json]\n"
	  "    loads a manifest, all valid rows or none\n"
	  "      --dry-run  reports only, loads nothing\n"
	  "      --strict   one bad row refuses the whole file\n"
	  "      --batch    marks the waybills as ready for batch scanning\n"
	  "      --json     prints the answer that an HTTP client would get\n" },
	{ "sample", ctl_sample,
	  "sample ROWS FILE [--seed N] [--inline]\n"
	  "    writes a realistic manifest; a FILE that ends in .csv is CSV, others are\n"
	  "    workbooks\n"
	  "      --seed N   0 to 99999: other seeds, other waybill numbers (1)\n"
	  "      --inline   texts in the cells instead of a table of shared strings\n" },
	{ "user", ctl_user,
	  "user add NAME --role ROLE [--stdin]\n"
	  "user passwd NAME [--stdin]\n"
	  "user role NAME ROLE\n"
	  "user disable NAME, user enable NAME, user list\n"
	  "    who may log in where auth = on; ROLE is scanner, office, supervisor or\n"
	  "    admin; a change ends the user's sessions at once\n"
	  "      --stdin   the password is the first line of standard input\n" },
	{ "session", ctl_session,
	  "session purge\n"
	  "    removes logins that have ended; every login does so too\n" },
	{ "export", ctl_export,
	  "export waybills FILE [--q TEXT] [--status STATUS] [--upload ID] [--from "
	  "TIME]\n"
	  "        [--to TIME]\n"
	  "    writes all waybills that fit, as .csv or .xlsx, under headings that an "
	  "upload\n"
	  "    understands\n" },
	{ "drain", ctl_drain,
	  "drain\n"
	  "    /health says \"draining\", so that the load balancer leaves this host "
	  "alone;\n"
	  "    stays so over restarts\n" },
	{ "undrain", ctl_undrain,
	  "undrain\n"
	  "    takes this host into service again\n" },
	{ "status", ctl_status,
	  "status [--once]\n"
	  "    shows what this host's server is doing; on a terminal, again every "
	  "second\n"
	  "      --once   only once\n" },
};

static int help(void)
{
	(void)printf("usage: waybillctl [-c FILE] COMMAND ...\n\n"
		     "  -c FILE   the configuration; without it, defaults and the "
		     "environment\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		(void)printf("\n%s", commands[i].help);
	(void)printf(
		"\nExit status: 0 done; 1 the machine or the database failed;\n"
		"2 the options or the file were refused. One line on stderr says why.\n");
	return ctl_printed();
}

static int unknown(const char *name)
{
	struct err e = { 0 };

	(void)err_set(&e, ERR_INPUT, "%s%s%s (see waybillctl --help)",
		      *name == '\0' ? "" : "unknown command '",
		      *name == '\0' ? "no command given" : name,
		      *name == '\0' ? "" : "'");
	return ctl_fail(&e);
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int main(int argc, char **argv)
{
	struct ctl ctl = { .config_path = NULL };
	int at = 1;

	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		ctl.config_path = argv[2];
		at = 3;
	}
	if (at >= argc)
		return unknown("");
	if (strcmp(argv[at], "help") == 0 || is_help(argv[at]) ||
	    (at + 1 < argc && is_help(argv[at + 1])))
		return help();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[at], commands[i].name) == 0)
			return commands[i].run(&ctl, argc - at, argv + at);
	return unknown(argv[at]);
}
