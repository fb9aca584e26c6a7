/*
 * The export command: a search of waybills into a file that is there whole or not at all.
 * Which columns it has is waybill_table's business.
 */
#include "server/ctl_export.h"

#include "parse/status.h"
#include "server/check.h"
#include "server/config.h"
#include "server/waybill_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH = 1024, LABEL_MAX = 200 };
enum { Q, STATUS, UPLOAD, FROM, TO };

static bool is_status(struct slice v)
{
	return slice_eq(v, SLICE("issue_pending")) || slice_eq(v, status_read(v));
}

static int check_query(const struct slice v[WAYBILL_QUERY], struct err *e)
{
	if (v[STATUS].p != NULL && !is_status(v[STATUS]))
		return err_set(e, ERR_INPUT,
			       "--status: no waybill has the status \"%.40s\"",
			       v[STATUS].p);
	if ((v[Q].p != NULL && check_label("--q", v[Q], LABEL_MAX, e) < 0) ||
	    (v[UPLOAD].p != NULL && check_id("--upload", v[UPLOAD], e) < 0) ||
	    (v[FROM].p != NULL && check_time("--from", v[FROM], e) < 0) ||
	    (v[TO].p != NULL && check_time("--to", v[TO], e) < 0))
		return -1;
	return 0;
}

/* Copies a table's file to a path that nobody has yet, and renames that. */
static int copy(int from, uint64_t size, const char *path, struct err *e)
{
	char fresh[PATH + 16], block[64 * 1024];
	int to, fd;
	struct sink sink;
	int rc = 0;

	(void)snprintf(fresh, sizeof(fresh), "%s.part", path);
	to = fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_set(e, ERR_INPUT, "cannot create \"%s\": %s", fresh,
			       strerror(errno));
	sink = ctl_sink(&to);
	for (uint64_t at = 0; rc == 0 && at < size;) {
		ssize_t n = pread(from, block, sizeof(block), (off_t)at);

		if (n <= 0)
			rc = err_set(e, ERR_INTERNAL, "the table cannot be read back");
		else
			rc = sink.write(sink.to, (struct slice){ block, (size_t)n }, e);
		at += n > 0 ? (uint64_t)n : 0;
	}
	if (rc == 0 && (fsync(fd) < 0 || rename(fresh, path) < 0))
		rc = err_set(e, ERR_INTERNAL, "cannot write \"%s\": %s", path,
			     strerror(errno));
	(void)close(fd);
	if (rc < 0)
		(void)unlink(fresh);
	return rc;
}

/* The folder of a path. */
static void folder_of(const char *path, char to[PATH])
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		(void)snprintf(to, PATH, ".");
	else
		(void)snprintf(to, PATH, "%.*s", slash == path ? 1 : (int)(slash - path),
			       path);
}

static int export(const struct config *cfg, const struct slice query[WAYBILL_QUERY],
		  const char *path, struct err *e)
{
	bool xlsx = slice_ends(slice_str(path), SLICE(".xlsx"));
	struct db *db = NULL;
	struct db_read *read = NULL;
	struct table_out table;
	char folder[PATH];
	uint64_t size = 0;
	int fd = -1, rc;

	folder_of(path, folder);
	rc = db_open_few(cfg, "waybillctl export", &db, e);
	if (rc == 0)
		rc = db_read_open(cfg, "waybillctl export", &read, e);
	db_read_patient(read);
	if (rc == 0)
		rc = table_out_open(&table, folder, xlsx, SLICE("Waybills"), e);
	if (rc == 0) {
		rc = waybill_table_write(read, db, query, &table, e);
		if (rc == 0)
			rc = table_out_finish(&table, &fd, &size, e);
		if (rc == 0)
			rc = copy(fd, size, path, e);
		table_out_release(&table);
	}
	db_read_close(&read);
	db_close(&db);
	return rc;
}

int ctl_export(const struct ctl *ctl, int argc, char **argv)
{
	const char *words[2] = { NULL, NULL }, *v[WAYBILL_QUERY] = { NULL };
	const struct ctl_option options[] = {
		{ "--q", &v[Q], NULL, NULL },
		{ "--status", &v[STATUS], NULL, NULL },
		{ "--upload", &v[UPLOAD], NULL, NULL },
		{ "--from", &v[FROM], NULL, NULL },
		{ "--to", &v[TO], NULL, NULL },
	};
	struct slice query[WAYBILL_QUERY];
	struct config *cfg = NULL;
	struct err e = { 0 };
	int rc;

	if (ctl_options(argc, argv, options, sizeof(options) / sizeof(options[0]), words,
			2,
			"waybills FILE [--q TEXT] [--status STATUS] [--upload ID] "
			"[--from TIME] [--to TIME]",
			&e) < 0)
		return ctl_fail(&e);
	for (size_t i = 0; i < WAYBILL_QUERY; i++)
		query[i] = slice_str(v[i]);
	if (strcmp(words[0], "waybills") != 0)
		rc = err_set(&e, ERR_INPUT, "'%.40s' cannot be exported: waybills can",
			     words[0]);
	else if (strlen(words[1]) >= PATH ||
		 (!slice_ends(slice_str(words[1]), SLICE(".csv")) &&
		  !slice_ends(slice_str(words[1]), SLICE(".xlsx"))))
		rc = err_set(&e, ERR_INPUT, "the file's name must end in .csv or .xlsx");
	else
		rc = check_query(query, &e);
	if (rc == 0)
		rc = config_load(ctl->config_path, &cfg, &e);
	if (rc == 0)
		rc = export(cfg, query, words[1], &e);
	config_free(&cfg);
	return rc < 0 ? ctl_fail(&e) : CTL_OK;
}
