/*
 * The master's loop. Ignorant of HTTP and SQL; how many children there should be is
 * policy's decision.
 */
#include "server/master.h"

#include "server/access_log.h"
#include "server/listener.h"
#include "server/log.h"
#include "server/platform.h"
#include "server/policy.h"
#include "server/signals.h"
#include "server/slots.h"
#include "server/static.h"
#include "server/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILL_AFTER_MS = 2000 };

enum stop { STOP_NOT, STOP_GRACEFUL, STOP_FAST, STOP_KILL };

/* One running worker. An old one serves out its last requests after a reload. */
struct child {
	pid_t pid; /* 0: free */
	struct slot *slot;
	bool old;
	uint64_t started_ms;
};

struct master {
	struct config *cfg;
	const char *config_path;
	struct slots *slots;
	struct static_files *files;
	int listen_fd;
	int life[2];      /* the write end stays open here as long as we live */
	unsigned extra;   /* workers more than configured (TTIN), may wrap below (TTOU) */
	unsigned numbers; /* given to workers so far */
	struct child child[SLOTS_WORKERS];
	struct policy policy;
	enum stop stop;
	uint64_t stop_deadline_ms;
	uint64_t old_deadline_ms; /* when workers of an older configuration are ended */
};

static unsigned wanted(const struct master *m)
{
	return m->stop == STOP_NOT ? m->cfg->workers + m->extra : 0;
}

static unsigned alive(const struct master *m, bool old)
{
	unsigned n = 0;

	for (size_t i = 0; i < SLOTS_WORKERS; i++)
		n += m->child[i].pid != 0 && m->child[i].old == old;
	return n;
}

static void signal_all(const struct master *m, int sig, bool only_old)
{
	for (size_t i = 0; i < SLOTS_WORKERS; i++)
		if (m->child[i].pid != 0 && (m->child[i].old || !only_old))
			(void)kill(m->child[i].pid, sig);
}

/* In the child; never returns. */
static void child_run(struct master *m, struct slot *slot, unsigned number)
{
	struct worker_start start = { .cfg = m->cfg,
				      .slots = m->slots,
				      .slot = slot,
				      .files = m->files,
				      .listen_fd = m->listen_fd,
				      .life_fd = m->life[0],
				      .number = number };

	(void)close(m->life[1]);
	exit(worker_run(&start));
}

static int child_start(struct master *m)
{
	struct child *c = m->child;
	struct slot *slot = slots_take(m->slots, SLOT_WORKER, SLOTS_WORKERS, getpid());
	pid_t pid;

	while (c < m->child + SLOTS_WORKERS && c->pid != 0)
		c++;
	if (slot == NULL || c == m->child + SLOTS_WORKERS) {
		log_line(LOG_WARNING, "no free slot for a worker; workers of an older "
				      "configuration are still at work");
		if (slot != NULL)
			slot_free(slot);
		return -1;
	}
	m->numbers++;
	signals_block();
	pid = fork();
	if (pid == 0)
		child_run(m, slot, m->numbers);
	signals_unblock();
	if (pid < 0) {
		log_line(LOG_ERROR, "cannot fork a worker: %s", strerror(errno));
		slot_free(slot);
		(void)policy_died(&m->policy, slots_now_ms(), 0);
		return -1;
	}
	atomic_store(&slot->pid, (int)pid);
	*c = (struct child){ .pid = pid, .slot = slot, .started_ms = slots_now_ms() };
	return 0;
}

/* Starts what is missing; returns after how many ms to try again (0: nothing to do). */
static uint64_t children_fill(struct master *m)
{
	uint64_t wait;
	unsigned n = policy_starts(&m->policy, slots_now_ms(), wanted(m), alive(m, false),
				   &wait);

	while (n-- > 0 && child_start(m) == 0)
		continue;
	return wait;
}

static void child_ended(struct master *m, struct child *c, int status)
{
	uint64_t now = slots_now_ms(), lived = now - c->started_ms;
	bool expected = c->old || m->stop != STOP_NOT;
	char route[SLOT_ROUTE];

	memcpy(route, c->slot->route, sizeof(route));
	route[sizeof(route) - 1] = '\0';
	(void)slots_bury(m->slots, c->pid);
	if (WIFSIGNALED(status) && !(expected && WTERMSIG(status) == SIGKILL))
		log_line(LOG_ERROR, "worker %ld was ended by signal %d%s%s", (long)c->pid,
			 WTERMSIG(status), route[0] == '\0' ? "" : ", last route ",
			 route);
	else if (!expected)
		log_line(LOG_ERROR, "worker %ld ended with status %d", (long)c->pid,
			 WEXITSTATUS(status));
	if (c->old && m->stop == STOP_NOT)
		slots_restarted(m->slots, SLOTS_RELOADED);
	if (!expected) {
		slots_restarted(m->slots, WIFSIGNALED(status) ? SLOTS_SIGNALLED
							      : SLOTS_EXITED);
		if (policy_died(&m->policy, now, lived))
			log_line(LOG_WARNING,
				 "a worker ended %llu ms after its start; the next start "
				 "waits "
				 "%llu ms",
				 (unsigned long long)lived,
				 (unsigned long long)(m->policy.not_before_ms - now));
	}
	c->pid = 0;
}

static void reap(struct master *m)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < SLOTS_WORKERS; i++)
			if (m->child[i].pid == pid) {
				child_ended(m, &m->child[i], status);
				break;
			}
}

/* A whole new configuration is read and checked; only then the old one goes. */
static int reload(struct master *m, struct err *e)
{
	struct config *cfg = NULL;
	struct static_files *files = NULL;
	int fd = m->listen_fd;

	if (config_load(m->config_path, &cfg, e) < 0)
		return -1;
	if (static_open(cfg->static_dir, &files, e) < 0)
		goto fail;
	if (strcmp(cfg->spool_dir, m->cfg->spool_dir) != 0 ||
	    strcmp(cfg->user, m->cfg->user) != 0) {
		(void)err_set(e, ERR_INPUT,
			      "keys 'spool_dir' and 'user' change with a restart only");
		goto fail;
	}
	if (strcmp(cfg->listen, m->cfg->listen) != 0)
		fd = listener_open(cfg->listen, (int)cfg->backlog, e);
	if (fd < 0)
		goto fail;
	if (fd != m->listen_fd) {
		listener_close(&m->listen_fd, m->cfg->listen);
		m->listen_fd = fd;
	}
	static_close(&m->files);
	config_free(&m->cfg);
	m->cfg = cfg;
	m->files = files;
	return 0;
fail:
	static_close(&files);
	config_free(&cfg);
	return -1;
}

static void replace_workers(struct master *m)
{
	for (size_t i = 0; i < SLOTS_WORKERS; i++)
		m->child[i].old = true;
	m->policy = (struct policy){ .early = 0 };
	m->extra = 0;
	atomic_store(&slots_shared(m->slots)->workers, wanted(m));
	(void)children_fill(m);
	signal_all(m, SIGQUIT, true);
	m->old_deadline_ms = slots_now_ms() + m->cfg->stop_timeout;
}

static void process_hup(struct master *m)
{
	struct err e = { .kind = ERR_NONE };

	if (reload(m, &e) < 0) {
		log_line(LOG_ERROR, "reload refused, the old configuration stays: %s",
			 e.text);
		return;
	}
	if (log_open(m->cfg->log_file, m->cfg->log_level, &e) < 0)
		log_line(LOG_ERROR, "%s", e.text);
	replace_workers(m);
	log_line(LOG_INFO, "reloaded; %u new workers", wanted(m));
}

static void process_usr1(struct master *m)
{
	struct err e = { .kind = ERR_NONE };

	if (log_open(m->cfg->log_file, m->cfg->log_level, &e) < 0)
		log_line(LOG_ERROR, "%s", e.text);
	signal_all(m, SIGUSR1, false);
}

static void process_count(struct master *m, int by)
{
	unsigned want = m->cfg->workers + m->extra;

	if ((by < 0 && want <= 1) || (by > 0 && want >= SLOTS_WORKERS / 2))
		return;
	m->extra += (unsigned)by;
	atomic_store(&slots_shared(m->slots)->workers, wanted(m));
	log_line(LOG_INFO, "%u workers wanted", wanted(m));
	if (by > 0)
		return;
	for (size_t i = SLOTS_WORKERS; i-- > 0;)
		if (m->child[i].pid != 0 && !m->child[i].old) {
			m->child[i].old = true;
			(void)kill(m->child[i].pid, SIGQUIT);
			m->old_deadline_ms = slots_now_ms() + m->cfg->stop_timeout;
			return;
		}
}

static void stop_begin(struct master *m, enum stop how)
{
	if (how <= m->stop)
		return;
	m->stop = how;
	m->stop_deadline_ms =
		slots_now_ms() +
		(how == STOP_GRACEFUL ? m->cfg->stop_timeout : KILL_AFTER_MS);
	atomic_store(&slots_shared(m->slots)->draining, 1);
	/* Nobody will accept any more: clients are to be refused, not kept waiting. */
	listener_close(&m->listen_fd, m->cfg->listen);
	signal_all(m,
		   how == STOP_GRACEFUL ? SIGQUIT
		   : how == STOP_FAST   ? SIGTERM
					: SIGKILL,
		   false);
	if (how != STOP_KILL)
		log_line(LOG_INFO, how == STOP_GRACEFUL
					   ? "stopping: finishing what is being answered"
					   : "stopping at once");
}

static void take_signals(struct master *m)
{
	signals_drain();
	if (signals_took(SIGCHLD))
		reap(m);
	if (signals_took(SIGTERM) || signals_took(SIGINT))
		stop_begin(m, STOP_FAST);
	if (signals_took(SIGQUIT))
		stop_begin(m, STOP_GRACEFUL);
	if (m->stop != STOP_NOT)
		return;
	if (signals_took(SIGHUP))
		process_hup(m);
	if (signals_took(SIGUSR1))
		process_usr1(m);
	if (signals_took(SIGTTIN))
		process_count(m, 1);
	if (signals_took(SIGTTOU))
		process_count(m, -1);
}

/* What is due by the clock; returns the ms until the next thing is. */
static int tick(struct master *m)
{
	uint64_t now = slots_now_ms(), wait = 1000, starts;

	if (m->stop != STOP_NOT && now >= m->stop_deadline_ms)
		stop_begin(m, m->stop == STOP_GRACEFUL ? STOP_FAST : STOP_KILL);
	if (m->old_deadline_ms != 0 && now >= m->old_deadline_ms) {
		signal_all(m,
			   alive(m, true) > 0 && now >= m->old_deadline_ms + KILL_AFTER_MS
				   ? SIGKILL
				   : SIGTERM,
			   true);
		if (alive(m, true) == 0)
			m->old_deadline_ms = 0;
	}
	for (size_t i = 0; i < SLOTS_WORKERS && m->policy.early > 0; i++)
		if (m->child[i].pid != 0 && !m->child[i].old &&
		    now - m->child[i].started_ms >= POLICY_EARLY_MS &&
		    m->child[i].started_ms >= m->policy.not_before_ms)
			policy_lived(&m->policy);
	starts = children_fill(m);
	if (starts != 0 && starts < wait)
		wait = starts;
	return m->stop != STOP_NOT ? 50 : (int)wait;
}

static void loop(struct master *m)
{
	while (m->stop == STOP_NOT || alive(m, true) + alive(m, false) > 0) {
		struct pollfd p = { .fd = signals_fd(), .events = POLLIN };
		int wait = tick(m);

		if (poll(&p, 1, wait) > 0)
			take_signals(m);
	}
}

static int master_init(struct master *m, struct err *e)
{
	const struct config *cfg = m->cfg;

	if (signals_init(e) < 0 || log_open(cfg->log_file, cfg->log_level, e) < 0)
		return -1;
	m->listen_fd = listener_open(cfg->listen, (int)cfg->backlog, e);
	if (m->listen_fd < 0)
		return -1;
	if (cfg->user[0] != '\0' && geteuid() == 0 && platform_become(cfg->user, e) < 0)
		return -1;
	if (geteuid() == 0)
		log_line(LOG_WARNING,
			 "running as root; set 'user' to an account of its own");
	if (static_open(cfg->static_dir, &m->files, e) < 0 ||
	    slots_create(cfg->spool_dir, &m->slots, e) < 0 ||
	    access_log_open(cfg, e) < 0)
		return -1;
	if (pipe(m->life) < 0)
		return err_set(e, ERR_INTERNAL, "cannot make a pipe: %s",
			       strerror(errno));
	(void)fcntl(m->life[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(m->life[1], F_SETFD, FD_CLOEXEC);
	atomic_store(&slots_shared(m->slots)->master_pid, (int)getpid());
	atomic_store(&slots_shared(m->slots)->workers, wanted(m));
	return 0;
}

int master_run(struct config **cfg, const char *config_path)
{
	static struct master m;
	struct err e = { .kind = ERR_NONE };
	int status = 0;

	m = (struct master){ .cfg = *cfg,
			     .config_path = config_path,
			     .listen_fd = -1,
			     .life = { -1, -1 } };
	*cfg = NULL;
	log_role("master");
	if (master_init(&m, &e) < 0) {
		log_line(LOG_ERROR, "cannot start: %s", e.text);
		status = 1;
	} else {
		log_line(LOG_INFO, "listening on %s with %u workers", m.cfg->listen,
			 wanted(&m));
		loop(&m);
		atomic_store(&slots_shared(m.slots)->master_pid, 0);
		log_line(LOG_INFO, "stopped");
	}
	listener_close(&m.listen_fd, m.cfg->listen);
	static_close(&m.files);
	slots_close(&m.slots);
	config_free(&m.cfg);
	return status;
}
