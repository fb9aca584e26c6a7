/*
 * The status command: the scoreboard as a table. Only reads; the server does not
 * notice.
 */
#include "server/ctl_status.h"

#include "server/config.h"
#include "server/slots.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

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
	uint64_t now = slots_now_ms();

	return span(now > then ? now - then : 0, to);
}

static void print_master(struct slots_shared *s)
{
	static const char *const db[] = { [SLOTS_DB_UNKNOWN] = "not asked yet",
					  [SLOTS_DB_UP] = "up",
					  [SLOTS_DB_DOWN] = "down" };
	unsigned at = atomic_load(&s->db);
	char text[32];

	(void)printf("waybilld %d, up %s, %u workers wanted, %" PRIu64 " restarts%s\n",
		     atomic_load(&s->master_pid), ago(atomic_load(&s->started_ms), text),
		     atomic_load(&s->workers), (uint64_t)atomic_load(&s->restarts),
		     atomic_load(&s->draining) != 0 ? ", draining" : "");
	(void)printf("database %s", at <= SLOTS_DB_DOWN ? db[at] : "?");
	if (at == SLOTS_DB_UP || at == SLOTS_DB_DOWN)
		(void)printf(" (asked %s ago)",
			     ago(atomic_load(&s->db_checked_ms), text));
	(void)printf("\n\n");
}

static void print_slot(enum slot_role role, struct slot *slot)
{
	int pid = atomic_load(&slot->pid);
	unsigned state = atomic_load(&slot->state);
	char text[32], route[SLOT_ROUTE + 1];

	if (pid == 0)
		return;
	/* The owner may be writing it: what is seen is shown, and it ends here. */
	memcpy(route, slot->route, SLOT_ROUTE);
	route[SLOT_ROUTE] = '\0';
	(void)printf("%-7s %8d  %-9s %11u %10" PRIu64 "  %-12s %s\n", role_names[role],
		     pid, state <= SLOT_DRAINING ? state_names[state] : "?",
		     atomic_load(&slot->connections),
		     (uint64_t)atomic_load(&slot->requests),
		     ago(atomic_load(&slot->since_ms), text), route);
}

static int show(struct slots *slots, struct err *e)
{
	static const enum slot_role roles[] = { SLOT_WORKER, SLOT_QUEUE, SLOT_TASK };
	struct slots_shared *s = slots_shared(slots);

	if (!is_running(atomic_load(&s->master_pid)))
		return err_set(e, ERR_INTERNAL,
			       "waybilld is not running (it left its scoreboard)");
	print_master(s);
	(void)printf("%-7s %8s  %-9s %11s %10s  %-12s %s\n", "role", "pid", "state",
		     "connections", "requests", "for", "route");
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		size_t n;
		struct slot *slot = slots_of(slots, roles[i], &n);

		for (size_t k = 0; k < n; k++)
			print_slot(roles[i], &slot[k]);
	}
	return 0;
}

int ctl_status(const struct ctl *ctl, int argc, char **argv)
{
	struct config *cfg = NULL;
	struct slots *slots = NULL;
	struct err e = { 0 };
	int result = -1;

	if (ctl_options(argc, argv, NULL, 0, NULL, 0, "", &e) < 0)
		return ctl_fail(&e);
	if (config_load(ctl->config_path, &cfg, &e) == 0 &&
	    slots_attach(cfg->spool_dir, &slots, &e) == 0)
		result = show(slots, &e);
	slots_close(&slots);
	config_free(&cfg);
	return result < 0 ? ctl_fail(&e) : ctl_printed();
}
