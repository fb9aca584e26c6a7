/*
 * The master's loop: what a signal or the clock asks for. Ignorant of HTTP and SQL; how
 * workers are run is children's business, how a new program takes over upgrade's.
 */
#include "server/master.h"

#include "server/children.h"
#include "server/clock.h"
#include "server/descriptors.h"
#include "server/health.h"
#include "server/log.h"
#include "server/notify.h"
#include "server/platform.h"
#include "server/queue.h"
#include "server/router.h"
#include "server/service.h"
#include "server/signals.h"
#include "server/slots.h"
#include "server/trial.h"
#include "server/upgrade.h"
#include "server/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	KILL_AFTER_MS = 2000,
	TICK_MS = 1000,
	STARTING_MS = 20,
	STOPPING_MS = 50,
	TAKEOVER_MS = 5000 /* for a database that has no connection to give */
};

/* Later ones are more urgent. In STOP_DELAY everything still works, and /health says
 * that it will not for long. */
enum stop { STOP_NOT, STOP_DELAY, STOP_GRACEFUL, STOP_FAST, STOP_KILL };

struct master {
	struct service service;
	const char *config_path;
	char **argv;
	struct slots *slots;
	unsigned extra; /* workers more than configured (TTIN), may wrap below (TTOU) */
	struct children children;
	struct children queue;
	struct notify notify;
	struct upgrade upgrade;
	struct handover handover;
	bool ready;               /* all workers have been at their loops */
	bool handed_over;         /* a new program serves: this one only finishes */
	struct trial trial;       /* of `next`, or of what is to take over */
	struct service_next next; /* a reload that waits for its trial */
	bool undecided;           /* whether to take over from the old program */
	bool failed;              /* it is not to be */
	enum stop stop;
	uint64_t stop_deadline_ms;
};

static unsigned wanted(const struct master *m)
{
	return m->stop < STOP_GRACEFUL && !m->undecided
		       ? m->service.cfg->workers + m->extra
		       : 0;
}

static unsigned queue_wanted(const struct master *m)
{
	return m->stop < STOP_GRACEFUL && !m->undecided ? m->service.cfg->queue_workers
							: 0;
}

static void show_wanted(const struct master *m)
{
	atomic_store(&slots_shared(m->slots)->workers, wanted(m));
	atomic_store(&slots_shared(m->slots)->queue_workers, queue_wanted(m));
}

static void signal_all(const struct master *m, int sig)
{
	children_signal(&m->children, sig);
	children_signal(&m->queue, sig);
}

static void reload_refused(struct master *m, const struct err *e)
{
	service_drop(&m->next);
	log_line(LOG_ERROR, "reload refused, the old configuration stays: %s", e->text);
	notify_say(&m->notify, "READY=1\nSTATUS=reload refused: %s", e->text);
}

static void reload(struct master *m)
{
	struct err e = { .kind = ERR_NONE };

	if (service_take(&m->service, &m->next, &e) < 0) {
		reload_refused(m, &e);
		return;
	}
	descriptors_check(m->service.cfg);
	m->extra = 0;
	show_wanted(m);
	children_replace(&m->children, config_longest_request(m->service.cfg));
	children_replace(&m->queue, m->service.cfg->task_timeout);
}

/* A database that is away is no reason to keep what does not name it any more. */
static void tried(struct master *m, enum trial_verdict v, const struct err *e)
{
	if (m->undecided) {
		m->undecided = false;
		m->failed = v != TRIAL_GOOD;
		if (m->failed)
			log_line(LOG_ERROR, "not taking over: %s", e->text);
		show_wanted(m);
		return;
	}
	if (v == TRIAL_BAD) {
		reload_refused(m, e);
		return;
	}
	if (v == TRIAL_NEITHER)
		log_line(LOG_WARNING,
			 "%s; nor can the database in use: the new configuration is "
			 "taken all the same",
			 e->text);
	reload(m);
}

/* A reload that still waits for its trial gives way to this one. */
static void process_hup(struct master *m)
{
	struct err e = { .kind = ERR_NONE };
	int r;

	notify_reloading(&m->notify);
	if (m->upgrade.pid != 0 || m->undecided) {
		(void)err_set(&e, ERR_INPUT, "process %ld is about to take over",
			      m->undecided ? (long)getpid() : (long)m->upgrade.pid);
		reload_refused(m, &e);
		return;
	}
	trial_cancel(&m->trial);
	service_drop(&m->next);
	r = service_read(&m->service, m->config_path, &m->next, &e);
	if (r == 0 && !trial_needed(m->service.cfg, m->next.cfg)) {
		reload(m);
		return;
	}
	if (r == 0)
		r = trial_start(&m->trial, m->next.cfg, m->service.cfg, 0, &e);
	if (r < 0)
		reload_refused(m, &e);
}

static void reap(struct master *m)
{
	struct err e = { .kind = ERR_NONE };
	enum trial_verdict v;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (trial_ended(&m->trial, pid, status, &v, &e)) {
			tried(m, v, &e);
		} else if (!upgrade_ended(&m->upgrade, pid, status)) {
			children_ended(&m->children, pid, status,
				       m->stop >= STOP_GRACEFUL);
			children_ended(&m->queue, pid, status, m->stop >= STOP_GRACEFUL);
		}
}

static void process_usr1(struct master *m)
{
	service_logs_anew(m->service.cfg);
	signal_all(m, SIGUSR1);
}

static void process_usr2(struct master *m)
{
	struct upgrade_socket s = { .fd = m->service.listen_fd,
				    .address = m->service.passed ? ""
								 : m->service.cfg->listen,
				    .db_up = health_up(m->slots) };
	struct err e = { .kind = ERR_NONE };

	if (m->upgrade.pid != 0)
		log_line(LOG_WARNING,
			 "upgrade refused: process %ld is about to take over already",
			 (long)m->upgrade.pid);
	else if (m->trial.pid != 0)
		log_line(LOG_WARNING,
			 "upgrade refused: a configuration is being tried; try again in "
			 "a moment");
	else if (upgrade_start(&m->upgrade, m->argv, &s, m->service.cfg->spool_dir, &e) <
		 0)
		log_line(LOG_ERROR, "upgrade failed, this program goes on: %s", e.text);
}

/* While it stops: nobody is to wait for what will not come. */
static void refuse_late(void)
{
	if (signals_took(SIGHUP))
		log_line(LOG_WARNING, "reload refused, the old configuration stays: this "
				      "server is stopping");
	if (signals_took(SIGUSR2))
		log_line(LOG_WARNING, "upgrade refused: this server is stopping");
}

static void process_count(struct master *m, int by)
{
	unsigned want = m->service.cfg->workers + m->extra;

	if ((by < 0 && want <= 1) || (by > 0 && want >= SLOTS_WORKERS / 2))
		return;
	if (m->service.listen_fd < 0) {
		log_line(LOG_WARNING,
			 "no worker more: with workers = 0 this server listens nowhere; "
			 "set workers, and reload");
		return;
	}
	m->extra += (unsigned)by;
	show_wanted(m);
	log_line(LOG_INFO, "%u workers wanted", wanted(m));
	if (by < 0)
		children_retire_one(&m->children, config_longest_request(m->service.cfg));
}

/* Another program serves, or still serves, on our socket. */
static bool shares_socket(const struct master *m)
{
	return m->handed_over || m->handover.ready_fd >= 0;
}

static void stop_announce(struct master *m)
{
	trial_cancel(&m->trial);
	if (m->handed_over)
		return;
	upgrade_cancel(&m->upgrade);
	if (m->stop == STOP_NOT)
		notify_say(&m->notify, "STOPPING=1\nSTATUS=stopping");
	atomic_store(&slots_shared(m->slots)->draining, 1);
}

/* While others serve, nobody waits for the end of those that finish: what their clients
 * began is not cut off. */
static uint32_t graceful_ms(const struct master *m)
{
	const struct config *cfg = m->service.cfg;

	return m->handed_over ? config_longest_request(cfg) : cfg->stop_timeout;
}

static void stop_begin(struct master *m, enum stop how)
{
	static const int sent[] = {
		[STOP_GRACEFUL] = SIGQUIT, [STOP_FAST] = SIGTERM, [STOP_KILL] = SIGKILL
	};
	static const char *const text[] = {
		[STOP_DELAY] = "draining: /health says so, all else goes on for a while",
		[STOP_GRACEFUL] = "stopping: finishing what is being answered",
		[STOP_FAST] = "stopping at once",
		[STOP_KILL] = "killing what is left"
	};
	const uint32_t ms[] = { [STOP_DELAY] = m->service.cfg->drain_delay,
				[STOP_GRACEFUL] = graceful_ms(m),
				[STOP_FAST] = KILL_AFTER_MS,
				[STOP_KILL] = KILL_AFTER_MS };

	if (how == STOP_KILL && m->stop == STOP_KILL)
		signal_all(m, SIGKILL);
	if (how <= m->stop)
		return;
	stop_announce(m);
	m->stop = how;
	m->stop_deadline_ms = clock_ms() + ms[how];
	log_line(LOG_INFO, "%s", text[how]);
	if (how == STOP_DELAY)
		return;
	show_wanted(m);
	/* Nobody will accept any more: clients are to be refused, not kept waiting. */
	service_refuse(&m->service, shares_socket(m));
	signal_all(m, sent[how]);
}

/* A second QUIT does not wait for the delay. */
static void process_quit(struct master *m)
{
	stop_begin(m, m->stop == STOP_NOT && m->service.cfg->drain_delay > 0
			      ? STOP_DELAY
			      : STOP_GRACEFUL);
}

static void take_signals(struct master *m)
{
	signals_drain();
	if (signals_took(SIGCHLD))
		reap(m);
	if (signals_took(SIGTERM) || signals_took(SIGINT))
		stop_begin(m, STOP_FAST);
	if (signals_took(SIGQUIT))
		process_quit(m);
	/* Logs are rotated during a delay, too. */
	if (signals_took(SIGUSR1))
		process_usr1(m);
	if (m->stop != STOP_NOT) {
		refuse_late();
		return;
	}
	if (signals_took(SIGHUP))
		process_hup(m);
	if (signals_took(SIGUSR2))
		process_usr2(m);
	if (signals_took(SIGTTIN))
		process_count(m, 1);
	if (signals_took(SIGTTOU))
		process_count(m, -1);
}

/* Says once that all workers serve: to the log, the service manager, and the program
 * before this one; and after each reload. */
static void settle(struct master *m)
{
	bool replaced = children_settle(&m->children, wanted(m),
					config_longest_request(m->service.cfg));

	/* A job may be finished, however long that takes: nobody waits for it. */
	(void)children_settle(&m->queue, queue_wanted(m), m->service.cfg->task_timeout);
	if (replaced) {
		log_line(LOG_INFO, "reloaded; %u new workers", wanted(m));
		notify_say(&m->notify, "READY=1\nSTATUS=%u workers", wanted(m));
	}
	if (m->ready || m->undecided || children_ready(&m->children) < wanted(m) ||
	    children_ready(&m->queue) < queue_wanted(m))
		return;
	m->ready = true;
	m->children.private_fd = m->queue.private_fd = -1;
	log_line(LOG_INFO, "ready");
	notify_say(&m->notify, "READY=1\nMAINPID=%ld\nSTATUS=%u workers", (long)getpid(),
		   wanted(m));
	handover_ready(&m->handover);
}

/* The service manager believes this only from the process that it takes for the main
 * one, which is this one until now. */
static void retire(struct master *m, pid_t successor)
{
	log_line(LOG_INFO, "upgraded: process %ld serves, this one retires",
		 (long)successor);
	notify_say(&m->notify, "MAINPID=%ld\nREADY=1", (long)successor);
	m->notify.watchdog_ms = 0;
	m->handed_over = true;
	stop_begin(m, STOP_GRACEFUL);
}

/* What is due by the clock; returns the ms until the next thing is. */
static int tick(struct master *m)
{
	struct worker_start like = { .cfg = m->service.cfg,
				     .files = m->service.files,
				     .listen_fd = m->service.listen_fd };
	uint64_t now = clock_ms(), wait = TICK_MS, starts, queue_starts, alive;
	pid_t successor;

	if (m->stop != STOP_NOT && now >= m->stop_deadline_ms)
		stop_begin(m, m->stop == STOP_KILL ? STOP_KILL : m->stop + 1);
	else if (m->stop == STOP_NOT && upgrade_ready(&m->upgrade, now, &successor))
		retire(m, successor);
	log_tick();
	children_tick(&m->children, m->service.cfg);
	children_tick(&m->queue, m->service.cfg);
	starts = children_fill(&m->children, &like, wanted(m));
	queue_starts = children_fill(&m->queue, &like, queue_wanted(m));
	if (starts == 0 || (queue_starts != 0 && queue_starts < starts))
		starts = queue_starts;
	if (m->stop < STOP_GRACEFUL)
		settle(m);
	alive = notify_tick(&m->notify, now);
	if (m->stop != STOP_NOT)
		return STOPPING_MS;
	if (!m->ready || m->children.replacing || m->queue.replacing)
		return STARTING_MS;
	if (starts != 0 && starts < wait)
		wait = starts;
	return (int)(alive < wait ? alive : wait);
}

static void loop(struct master *m)
{
	while (!m->failed &&
	       (m->stop < STOP_GRACEFUL || children_alive(&m->children) > 0 ||
		children_alive(&m->queue) > 0)) {
		int wait = tick(m);
		struct pollfd p[] = { { .fd = signals_fd(), .events = POLLIN },
				      { .fd = m->upgrade.ready_fd, .events = POLLIN } };

		if (poll(p, 2, wait) > 0 && p[0].revents != 0)
			take_signals(m);
	}
}

static const struct children_role worker_role = { SLOT_WORKER, "worker", worker_run };
static const struct children_role queue_role = { SLOT_QUEUE, "queue worker", queue_run };

static int master_init(struct master *m, struct err *e)
{
	const struct config *cfg = m->service.cfg;

	descriptors_raise();
	/* log_file is opened behind platform_become(): who writes it is to own it. */
	if (signals_init(e) < 0 || log_open(NULL, cfg->log_level, e) < 0 ||
	    service_socket(&m->service, &m->handover, e) < 0)
		return -1;
	notify_init(&m->notify);
	upgrade_init(&m->upgrade);
	trial_init(&m->trial);
	if (cfg->user[0] != '\0' && geteuid() == 0 && platform_become(cfg->user, e) < 0)
		return -1;
	if (service_logs(cfg, e) < 0)
		return -1;
	descriptors_check(cfg);
	if (geteuid() == 0)
		log_line(LOG_WARNING,
			 "running as root; set 'user' to an account of its own");
	if (router_pages_open(cfg->static_dir, &m->service.files, e) < 0 ||
	    slots_create(cfg->spool_dir, &m->slots, e) < 0 ||
	    children_init(&m->children, &worker_role, m->slots, NULL, e) < 0 ||
	    children_init(&m->queue, &queue_role, m->slots, &m->children, e) < 0)
		return -1;
	log_losses(&slots_shared(m->slots)->log);
	m->children.private_fd = m->queue.private_fd = m->handover.ready_fd;
	if (m->handover.db_up)
		health_inherit(m->slots);
	/* The old program has a database: without one this is no successor. */
	m->undecided = m->handover.db_up;
	if (m->undecided && trial_start(&m->trial, cfg, NULL, TAKEOVER_MS, e) < 0)
		return -1;
	atomic_store(&slots_shared(m->slots)->master_pid, (int)getpid());
	show_wanted(m);
	return 0;
}

static void say_listening(const struct service *s)
{
	if (s->listen_fd < 0)
		log_line(LOG_INFO,
			 "listening nowhere, without workers but %u for the queue",
			 (unsigned)s->cfg->queue_workers);
	else
		log_line(LOG_INFO,
			 "listening on %s with %u workers, and %u for the queue",
			 s->passed ? "the socket that was passed" : s->cfg->listen,
			 (unsigned)s->cfg->workers, (unsigned)s->cfg->queue_workers);
}

int master_run(struct config **cfg, const char *config_path, char **argv)
{
	static struct master m;
	struct err e = { .kind = ERR_NONE };
	int status = 0;

	m = (struct master){ .service = { .cfg = *cfg, .listen_fd = -1 },
			     .config_path = config_path,
			     .argv = argv,
			     .handover = { .ready_fd = -1 },
			     .notify = { .fd = -1 } };
	*cfg = NULL;
	log_role("master");
	if (master_init(&m, &e) < 0) {
		log_line(LOG_ERROR, "cannot start: %s", e.text);
		status = 1;
	} else {
		say_listening(&m.service);
		loop(&m);
		atomic_store(&slots_shared(m.slots)->master_pid, 0);
		log_line(LOG_INFO, "stopped");
		status = m.failed;
	}
	service_drop(&m.next);
	service_close(&m.service, shares_socket(&m));
	log_losses(NULL);
	slots_close(&m.slots);
	return status;
}
