/*
 * The import command: options, connections, progress, and how the answer is shown.
 * What an import does is import's business.
 */
#include "server/ctl_import.h"

#include "server/clock.h"
#include "server/config.h"
#include "server/ctl_report.h"
#include "server/import.h"
#include "server/import_columns.h"
#include "server/sandbox.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARENA_MAX = 64 * 1024 * 1024, BAR = 40 };

static volatile sig_atomic_t given_up;

static void handle_give_up(int sig)
{
	(void)sig;
	given_up = 1;
}

static bool still_wanted(void *ctx)
{
	(void)ctx;
	return !given_up;
}

/* The first INT or TERM asks the import to stop; a second one ends us at once, which
 * PostgreSQL takes for a rollback. */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = handle_give_up,
				.sa_flags = (int)SA_RESETHAND };

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
}

/* When what began, for the figures a second. */
struct pace {
	uint64_t reading_ms, merging_ms; /* merging_ms 0: not yet */
	bool direct;
};

/* The seconds that are left. Rows that do not go straight into the table are merged once
 * all are read, which takes about twice as long as the reading (upload_seconds_left()
 * reckons alike). */
static uint64_t seconds_left(const struct pace *t, const struct import_progress *p,
			     uint64_t now)
{
	uint64_t read = now - t->reading_ms, all;

	if (t->merging_ms != 0)
		all = 3 * (t->merging_ms - t->reading_ms);
	else
		all = p->bytes == 0
			      ? 0
			      : (p->direct ? 1 : 3) * read * p->bytes_total / p->bytes;
	return all > read ? (all - read + 500) / 1000 : 0;
}

static void show_pace(struct pace *t, const struct import_progress *p)
{
	uint64_t now = clock_ms(), ms;

	/* The other way begins at the file's first row again. */
	if (p->phase == IMPORT_READING && t->direct && !p->direct)
		t->reading_ms = now;
	t->direct = p->direct;
	if (p->phase == IMPORT_MERGING && t->merging_ms == 0)
		t->merging_ms = now;
	ms = (p->phase == IMPORT_READING || t->merging_ms == 0 ? now : t->merging_ms) -
	     t->reading_ms;
	if (ms > 0)
		(void)fprintf(stderr, ", %" PRIu64 " rows/s", p->rows * 1000 / ms);
	if (p->phase != IMPORT_DONE)
		(void)fprintf(stderr, ", some %" PRIu64 " s left",
			      seconds_left(t, p, now));
}

static void show_progress(void *ctx, const struct import_progress *p)
{
	uint64_t part = 0;
	char bar[BAR + 1];

	if (p->bytes_total > 0)
		part = p->bytes < p->bytes_total ? p->bytes * BAR / p->bytes_total : BAR;
	if (p->phase != IMPORT_READING)
		part = BAR;
	memset(bar, '.', BAR);
	memset(bar, '#', part);
	bar[BAR] = '\0';
	(void)fprintf(stderr, "\r[%s] %" PRIu64 " rows %s", bar, p->rows,
		      p->phase == IMPORT_READING   ? "read"
		      : p->phase == IMPORT_MERGING ? "read, merging"
						   : "done");
	show_pace(ctx, p);
	(void)fputs("\033[K", stderr);
	if (p->phase == IMPORT_DONE)
		(void)fputc('\n', stderr);
}

static struct slice who(void)
{
	const char *name = getenv("LOGNAME");

	return name == NULL || *name == '\0' ? SLICE("waybillctl") : slice_str(name);
}

static struct slice base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slice_str(slash == NULL ? path : slash + 1);
}

/* An import keeps its rejects in a file of the spool folder, which may be the server's
 * alone: then a temporary folder does. */
static int spool_somewhere(struct config *cfg, struct err *e)
{
	const char *folder = getenv("TMPDIR");
	char *copy;

	if (access(cfg->spool_dir, W_OK | X_OK) == 0)
		return 0;
	copy = strdup(folder == NULL || *folder == '\0' ? "/tmp" : folder);
	if (copy == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	free(cfg->spool_dir);
	cfg->spool_dir = copy;
	return 0;
}

static int run(const struct config *cfg, const char *path, const struct import_options *o,
	       struct arena *a, struct import_answer *answer, struct err *e)
{
	struct pace pace = { .reading_ms = clock_ms() };
	struct import_hooks hooks = {
		.ctx = &pace,
		.wanted = still_wanted,
		.progress = isatty(STDERR_FILENO) ? show_progress : NULL,
	};
	struct db *work = NULL, *side = NULL;
	int fd = -1, result = -1;
	uint64_t size;

	if (ctl_open(path, &fd, &size, e) == 0 && sandbox_enter(cfg, e) >= 0 &&
	    db_open_few(cfg, "waybillctl import", &work, e) == 0 &&
	    db_open_few(cfg, "waybillctl import side", &side, e) == 0)
		result =
			import_run(cfg, work, side, fd, 0, size, o, &hooks, a, answer, e);
	db_close(&side);
	db_close(&work);
	if (fd >= 0)
		(void)close(fd);
	return result;
}

/* A refusal is an answer too: its sentence goes to stderr. */
static int refused(const struct import_answer *answer, struct arena *a)
{
	struct slice why = ctl_report_message(answer->json, a);

	(void)fflush(stdout);
	(void)fprintf(stderr, "waybillctl: ");
	ctl_print(stderr, why);
	(void)fputc('\n', stderr);
	return answer->http_status < 500 ? CTL_REFUSED : CTL_FAILED;
}

static int show(const struct import_answer *answer, bool json, struct arena *a)
{
	struct err e = { 0 };

	if (json) {
		(void)fwrite(answer->json.p, 1, answer->json.n, stdout);
		(void)fputc('\n', stdout);
	}
	if (!json && ctl_report(answer->json, a, &e) < 0)
		return ctl_fail(&e);
	return answer->http_status < 300 ? ctl_printed() : refused(answer, a);
}

static int choose_columns(const char *const *columns, struct import_options *o,
			  struct arena *a, struct err *e)
{
	for (; *columns != NULL; columns++)
		if (import_columns_option(o, slice_str(*columns), a, e) < 0)
			return -1;
	return 0;
}

int ctl_import(const struct ctl *ctl, int argc, char **argv)
{
	struct import_options o = { .uploaded_by = who() };
	const char *path = NULL, *sheet = NULL, *columns[CTL_LIST] = { NULL };
	bool json = false;
	const struct ctl_option options[] = {
		{ "--dry-run", NULL, &o.dry_run, NULL },
		{ "--strict", NULL, &o.strict, NULL },
		{ "--batch", NULL, &o.batch, NULL },
		{ "--json", NULL, &json, NULL },
		{ "--sheet", &sheet, NULL, NULL },
		{ "--columns", NULL, NULL, columns },
	};
	struct import_answer answer = { 0 };
	struct config *cfg = NULL;
	struct err e = { 0 };
	struct arena arena;
	int status;

	if (ctl_options(argc, argv, options, sizeof(options) / sizeof(options[0]), &path,
			1,
			"FILE [--dry-run] [--strict] [--batch] [--sheet NAME] "
			"[--columns FIELD=HEADING|automatic]... [--json]",
			&e) < 0)
		return ctl_fail(&e);
	o.file_name = base_name(path);
	o.sheet = slice_str(sheet);
	arena_init(&arena, ARENA_MAX);
	catch_signals();
	if (choose_columns(columns, &o, &arena, &e) < 0 ||
	    config_load(ctl->config_path, &cfg, &e) < 0 || spool_somewhere(cfg, &e) < 0 ||
	    run(cfg, path, &o, &arena, &answer, &e) < 0)
		status = ctl_fail(&e);
	else
		status = show(&answer, json, &arena);
	arena_release(&arena);
	config_free(&cfg);
	return status;
}
