/*
 * The status command: the scoreboard as a table, once or again and again. Only reads;
 * the server does not notice.
 */
#include "server/ctl_status.h"

#include "server/clock.h"
#include "server/config.h"
#include "server/platform.h"
#include "server/slots.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What the last look saw, for figures per second; at_ms 0: there was none. */
struct seen {
	uint64_t at_ms;
	uint64_t started_ms; /* the server */
	uint64_t requests[SLOTS_ALL];
};

static const char *const role_names[] = {
	[SLOT_WORKER] = "worker", [SLOT_QUEUE] = "queue", [SLOT_TASK] = "task"
};
static const char *const state_names[] = { [SLOT_FREE] = "free",
					   [SLOT_STARTING] = "starting",
					   [SLOT_IDLE] = "idle",
					   [SLOT_BUSY] = "busy",
					   [SLOT_DRAINING] = "draining" };

static bool is_running(pid_t pid)
{
	return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

/* "3 d 4 h", "4 h 12 min", "12 min 5 s", "5.1 s" */
static const char *span(uint64_t ms, char to[32])
{
	uint64_t s = ms / 1000;

	if (s >= 86400)
		(void)snprintf(to, 32, "%" PRIu64 " d %" PRIu64 " h", s / 86400,
			       s % 86400 / 3600);
	else if (s >= 3600)
		(void)snprintf(to, 32, "%" PRIu64 " h %" PRIu64 " min", s / 3600,
			       s % 3600 / 60);
	else if (s >= 60)
		(void)snprintf(to, 32, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else
		(void)snprintf(to, 32, "%" PRIu64 ".%" PRIu64 " s", s, ms % 1000 / 100);
	return to;
}

static const char *ago(uint64_t then, char to[32])
{
	uint64_t now = clock_ms();

	return span(now > then ? now - then : 0, to);
}

static void print_master(FILE *to, struct slots_shared *s)
{
	static const char *const db[] = { [SLOTS_DB_UNKNOWN] = "not asked yet",
					  [SLOTS_DB_UP] = "up",
					  [SLOTS_DB_DOWN] = "down" };
	unsigned at = atomic_load(&s->db);
	char text[32];

	(void)fprintf(to,
		      "waybilld %d, up %s, %u workers wanted, %u for the queue, %" PRIu64
		      " restarts%s\n",
		      atomic_load(&s->master_pid), ago(atomic_load(&s->started_ms), text),
		      atomic_load(&s->workers), atomic_load(&s->queue_workers),
		      (uint64_t)atomic_load(&s->restarts),
		      atomic_load(&s->draining) != 0  ? ", draining"
		      : atomic_load(&s->drained) != 0 ? ", drained by the administrator"
						      : "");
	(void)fprintf(to, "database %s", at <= SLOTS_DB_DOWN ? db[at] : "?");
	if (at == SLOTS_DB_UP || at == SLOTS_DB_DOWN)
		(void)fprintf(to, " (asked %s ago)",
			      ago(atomic_load(&s->db_checked_ms), text));
	(void)fprintf(to, "\n");
}

/* Requests a second since the last look; a process that is new began at 0. */
static double rate(const struct seen *seen, size_t i, uint64_t requests, uint64_t now)
{
	uint64_t before = seen->requests[i] <= requests ? seen->requests[i] : 0;

	if (seen->at_ms == 0 || now <= seen->at_ms)
		return 0;
	return (double)(requests - before) * 1000.0 / (double)(now - seen->at_ms);
}

static void print_slot(FILE *to, enum slot_role role, struct slot *slot,
		       double per_second)
{
	int pid = atomic_load(&slot->pid);
	unsigned state = atomic_load(&slot->state);
	char text[32], route[SLOT_ROUTE + 1];

	if (pid == 0)
		return;
	/* The owner may be writing it: what is seen is shown, and it ends here. */
	memcpy(route, slot->route, SLOT_ROUTE);
	route[SLOT_ROUTE] = '\0';
	(void)fprintf(
		to, "%-7s %8d  %-9s %11u %10" PRIu64 " %8.1f  %-12s %s\n",
		role_names[role], pid, state <= SLOT_DRAINING ? state_names[state] : "?",
		atomic_load(&slot->connections), (uint64_t)atomic_load(&slot->requests),
		per_second, ago(atomic_load(&slot->since_ms), text), route);
}

static void print_totals(FILE *to, struct slots *slots, double per_second)
{
	struct metrics_sum *sum = calloc(1, sizeof(*sum));
	uint64_t scans = 0;

	if (sum == NULL)
		return;
	slots_sum(slots, sum);
	for (int i = METRIC_SCAN_VALID; i <= METRIC_SCAN_OTHER; i++)
		scans += sum->count[i];
	(void)fprintf(to,
		      "%.1f requests a second; %" PRIu64 " scans, %" PRIu64
		      " rows inserted, %" PRIu64 " database errors\n\n",
		      per_second, scans, sum->count[METRIC_ROWS_INSERTED],
		      sum->count[METRIC_DB_TRANSIENT] + sum->count[METRIC_DB_UNCERTAIN] +
			      sum->count[METRIC_DB_INTERNAL]);
	free(sum);
}

static int show(struct slots *slots, struct seen *seen, FILE *to, struct err *e)
{
	static const enum slot_role roles[] = { SLOT_WORKER, SLOT_QUEUE, SLOT_TASK };
	struct slots_shared *s = slots_shared(slots);
	uint64_t now = clock_ms();
	double each[SLOTS_ALL], all = 0;

	if (!is_running(atomic_load(&s->master_pid)))
		return err_set(e, ERR_INTERNAL,
			       "waybilld is not running (it left its scoreboard)");
	if (seen->started_ms != atomic_load(&s->started_ms))
		*seen = (struct seen){ .started_ms = atomic_load(&s->started_ms) };
	for (size_t i = 0; i < SLOTS_ALL; i++) {
		uint64_t requests = atomic_load(&s->slot[i].requests);

		each[i] = rate(seen, i, requests, now);
		all += each[i];
		seen->requests[i] = requests;
	}
	seen->at_ms = now;
	print_master(to, s);
	print_totals(to, slots, all);
	(void)fprintf(to, "%-7s %8s  %-9s %11s %10s %8s  %-12s %s\n", "role", "pid",
		      "state", "connections", "requests", "a second", "for", "route");
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		size_t n;
		struct slot *slot = slots_of(slots, roles[i], &n);

		for (size_t k = 0; k < n; k++)
			print_slot(to, roles[i], &slot[k], each[&slot[k] - s->slot]);
	}
	return 0;
}

/* The scoreboard that is there now: a new program has its own. */
static int look(const char *spool_dir, struct seen *seen, FILE *to, struct err *e)
{
	struct slots *slots = NULL;
	int r = slots_attach(spool_dir, &slots, e);

	if (r == 0)
		r = show(slots, seen, to, e);
	slots_close(&slots);
	return r;
}

/* As much as the terminal has room for: what scrolled away could not be seen. */
static void paint(struct slice text)
{
	enum { FOOT = 2 };
	unsigned rows, columns, row = 0;

	platform_terminal(STDOUT_FILENO, &rows, &columns);
	/* ECMA-48: home (CUP), and erase to the end of the screen (ED). */
	(void)fputs("\033[H\033[J", stdout);
	for (; text.n > 0; row++) {
		struct slice line = slice_split(&text, '\n');

		if (line.n > columns)
			line.n = columns;
		if (row + FOOT < rows)
			(void)printf("%.*s\n", (int)line.n, line.p);
	}
	if (row + FOOT > rows)
		(void)printf("\n%u lines more: --once shows all. ", row + FOOT - rows);
	else
		(void)fputs("\n", stdout);
	(void)fputs("Enter ends this.", stdout);
	(void)fflush(stdout);
}

/* One look, painted. */
static int frame(const char *spool_dir, struct seen *seen, struct err *e)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	int r = to == NULL ? err_set(e, ERR_INTERNAL, "out of memory")
			   : look(spool_dir, seen, to, e);

	if (to != NULL)
		(void)fclose(to);
	if (r == 0)
		paint((struct slice){ text, n });
	else if (seen->at_ms != 0)
		paint(slice_str(e->text));
	free(text);
	return r;
}

/* Until a line (or the end) comes from the keyboard. A server that has gone may be on its
 * way back, as in an upgrade: without one only the first look is a failure. */
static int watch(const char *spool_dir, struct seen *seen, struct err *e)
{
	static char buffer[64 * 1024]; /* shown at once, so that it does not flicker */
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	(void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	do {
		*e = (struct err){ .kind = ERR_NONE };
		if (frame(spool_dir, seen, e) < 0 && seen->at_ms == 0)
			return -1;
	} while (poll(&p, 1, 1000) == 0);
	return 0;
}

int ctl_status(const struct ctl *ctl, int argc, char **argv)
{
	static struct seen seen;
	bool once = false;
	const struct ctl_option options[] = { { "--once", NULL, &once, NULL } };
	struct config *cfg = NULL;
	struct err e = { 0 };
	int result = -1;

	if (ctl_options(argc, argv, options, 1, NULL, 0, "[--once]", &e) < 0)
		return ctl_fail(&e);
	if (config_load(ctl->config_path, &cfg, &e) == 0)
		result = !once && isatty(STDOUT_FILENO)
				 ? watch(cfg->spool_dir, &seen, &e)
				 : look(cfg->spool_dir, &seen, stdout, &e);
	config_free(&cfg);
	return result < 0 ? ctl_fail(&e) : ctl_printed();
}
