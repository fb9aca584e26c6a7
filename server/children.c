/*
 * Workers as processes. Ignorant of why there should be more or fewer of them, and of
 * what they serve.
 */
#include "server/children.h"

#include "server/access_log.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	KILL_AFTER_MS = 2000, /* behind TERM */
	CORE_MS = 5000,       /* to write a core in, behind ABRT */
	PAUSE_MS = 3000       /* between two ticks: the master itself stood still */
};

int children_init(struct children *c, const struct children_role *role,
		  struct slots *slots, const struct children *like, struct err *e)
{
	*c = (struct children){ .role = role, .slots = slots, .private_fd = -1 };
	if (like != NULL) {
		memcpy(c->life, like->life, sizeof(c->life));
		return 0;
	}
	if (pipe(c->life) < 0)
		return err_set(e, ERR_INTERNAL, "cannot make a pipe: %s",
			       strerror(errno));
	(void)fcntl(c->life[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(c->life[1], F_SETFD, FD_CLOEXEC);
	return 0;
}

static enum slot_state state_of(const struct child *k)
{
	return (enum slot_state)atomic_load_explicit(&k->slot->state,
						     memory_order_relaxed);
}

/* Whether it ends without having been told. While the whole host leaves, nobody takes its
 * place. */
static bool retires(const struct children *c, const struct child *k)
{
	return !k->told && state_of(k) == SLOT_DRAINING && !slots_leaves(c->slots);
}

/* Its current or last route. The worker may be writing it. */
static void route_of(const struct child *k, char route[SLOT_ROUTE])
{
	memcpy(route, k->slot->route, SLOT_ROUTE);
	route[SLOT_ROUTE - 1] = '\0';
}

unsigned children_alive(const struct children *c)
{
	unsigned n = 0;

	for (size_t i = 0; i < SLOTS_WORKERS; i++)
		n += c->child[i].pid != 0;
	return n;
}

static unsigned current(const struct children *c)
{
	unsigned n = 0;

	for (size_t i = 0; i < SLOTS_WORKERS; i++)
		n += c->child[i].pid != 0 && !c->child[i].old;
	return n;
}

unsigned children_ready(const struct children *c)
{
	unsigned n = 0;

	for (size_t i = 0; i < SLOTS_WORKERS; i++)
		n += c->child[i].pid != 0 && !c->child[i].old &&
		     state_of(&c->child[i]) != SLOT_STARTING;
	return n;
}

void children_signal(const struct children *c, int sig)
{
	for (size_t i = 0; i < SLOTS_WORKERS; i++)
		if (c->child[i].pid != 0)
			(void)kill(c->child[i].pid, sig);
}

/* In the child; never returns. */
static void run(const struct children *c, struct worker_start start)
{
	(void)close(c->life[1]);
	if (c->private_fd >= 0)
		(void)close(c->private_fd);
	exit(c->role->run(&start));
}

static int start_one(struct children *c, const struct worker_start *like)
{
	struct child *k = c->child;
	struct worker_start start = *like;

	while (k < c->child + SLOTS_WORKERS && k->pid != 0)
		k++;
	start.slots = c->slots;
	start.slot = k == c->child + SLOTS_WORKERS ? NULL
						   : slots_take(c->slots, c->role->slot,
								SLOTS_WORKERS, getpid());
	if (start.slot == NULL) {
		log_line(LOG_WARNING,
			 "no free slot for a %s; those of an older configuration are "
			 "still at work",
			 c->role->name);
		return -1;
	}
	start.life_fd = c->life[0];
	start.number = ++c->numbers;
	*k = (struct child){ .slot = start.slot, .started_ms = clock_ms() };
	signals_block();
	k->pid = fork();
	if (k->pid == 0)
		run(c, start);
	signals_unblock();
	if (k->pid < 0) {
		log_line(LOG_ERROR, "cannot fork a %s: %s", c->role->name,
			 strerror(errno));
		k->pid = 0;
		slot_free(start.slot);
		(void)policy_died(&c->policy, clock_ms(), 0);
		return -1;
	}
	atomic_store(&start.slot->pid, (int)k->pid);
	return 0;
}

uint64_t children_fill(struct children *c, const struct worker_start *like,
		       unsigned wanted)
{
	uint64_t wait;
	unsigned n = policy_starts(&c->policy, clock_ms(), wanted, current(c), &wait);

	while (n-- > 0 && start_one(c, like) == 0)
		continue;
	return wait;
}

/* From here on the child is no part of the current generation. */
static void retire(struct child *k, uint32_t patience_ms)
{
	k->old = true;
	k->told = true;
	k->end_ms = clock_ms() + patience_ms;
}

/* Two generations run already: with a third one there would be no slots left. */
static void overtake(struct children *c, uint32_t patience_ms)
{
	unsigned serve = 0;
	bool old;

	for (size_t i = 0; i < SLOTS_WORKERS; i++)
		serve += c->child[i].pid != 0 && c->child[i].old && !c->child[i].told &&
			 state_of(&c->child[i]) != SLOT_STARTING;
	old = serve < children_ready(c);
	for (size_t i = 0; i < SLOTS_WORKERS; i++) {
		struct child *k = &c->child[i];

		if (k->pid == 0 || k->told || k->old != old)
			continue;
		retire(k, patience_ms);
		(void)kill(k->pid, SIGQUIT);
	}
}

void children_replace(struct children *c, uint32_t patience_ms)
{
	if (c->replacing)
		overtake(c, patience_ms);
	for (size_t i = 0; i < SLOTS_WORKERS; i++)
		c->child[i].old = true;
	c->policy = (struct policy){ .early = 0 };
	c->replacing = true;
}

bool children_settle(struct children *c, unsigned wanted, uint32_t patience_ms)
{
	if (!c->replacing || children_ready(c) < wanted)
		return false;
	c->replacing = false;
	for (size_t i = 0; i < SLOTS_WORKERS; i++) {
		struct child *k = &c->child[i];

		if (k->pid == 0 || !k->old || k->told)
			continue;
		retire(k, patience_ms);
		(void)kill(k->pid, SIGQUIT);
	}
	return true;
}

void children_retire_one(struct children *c, uint32_t patience_ms)
{
	for (size_t i = SLOTS_WORKERS; i-- > 0;)
		if (c->child[i].pid != 0 && !c->child[i].old) {
			retire(&c->child[i], patience_ms);
			c->child[i].spare = true;
			(void)kill(c->child[i].pid, SIGQUIT);
			return;
		}
}

/* Why a worker ended that another one replaces. */
static enum slots_cause cause_of(const struct child *k, int status)
{
	if (k->abort_ms != 0)
		return SLOTS_STUCK;
	if (k->retired)
		return SLOTS_RETIRED;
	if (k->old)
		return SLOTS_RELOADED;
	return WIFSIGNALED(status) ? SLOTS_SIGNALLED : SLOTS_EXITED;
}

/* Says how long the next start waits, if it must. */
static void died(struct children *c, uint64_t lived_ms)
{
	uint64_t now = clock_ms();

	if (policy_died(&c->policy, now, lived_ms))
		log_line(LOG_WARNING,
			 "a %s ended %llu ms after its start; the next start waits "
			 "%llu ms",
			 c->role->name, (unsigned long long)lived_ms,
			 (unsigned long long)(c->policy.not_before_ms - now));
}

/* The request that it was at gets no answer, and nobody else could tell the access log
 * of it. */
static void log_request(const struct child *k)
{
	char route[SLOT_ROUTE], id[SLOT_REQUEST];
	struct access_log_line line = { .peer = "-", .route = route };

	if (state_of(k) != SLOT_BUSY)
		return;
	route_of(k, route);
	memcpy(id, k->slot->request, sizeof(id));
	id[sizeof(id) - 1] = '\0';
	line.id = slice_str(id);
	if (access_log_write(&line) < 0)
		log_line(LOG_WARNING, "a line of the access log is lost");
}

static void say_ended(const struct children *c, const struct child *k, int status,
		      bool expected)
{
	char route[SLOT_ROUTE];

	route_of(k, route);
	if (WIFSIGNALED(status) && !(expected && WTERMSIG(status) == SIGKILL))
		log_line(LOG_ERROR, "%s %ld was ended by signal %d%s%s", c->role->name,
			 (long)k->pid, WTERMSIG(status),
			 route[0] == '\0' ? "" : ", last route ", route);
	else if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && !expected)
		log_line(LOG_ERROR, "%s %ld ended with status %d", c->role->name,
			 (long)k->pid, WEXITSTATUS(status));
	else if (!expected)
		log_line(LOG_INFO, "%s %ld ended by itself", c->role->name, (long)k->pid);
}

void children_ended(struct children *c, pid_t pid, int status, bool stopping)
{
	struct child *k = c->child;
	bool expected;

	while (k < c->child + SLOTS_WORKERS && k->pid != pid)
		k++;
	if (k == c->child + SLOTS_WORKERS)
		return;
	if (retires(c, k))
		k->retired = k->told = true;
	expected = stopping || k->told;
	if (c->role->slot == SLOT_WORKER && WIFSIGNALED(status))
		log_request(k);
	say_ended(c, k, status, expected);
	if (!stopping && !k->spare)
		slots_restarted(c->slots, cause_of(k, status));
	(void)slots_bury(c->slots, pid);
	/* One that was told to end, by whomever, and did so is no failure. */
	if (!expected && !k->old && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		died(c, clock_ms() - k->started_ms);
	k->pid = 0;
}

/* One that waits in the kernel, or is stopped, gets the signal when it goes on: so it
 * is continued, and ended for good if that does not help. */
static void abort_stuck(const struct children *c, struct child *k, uint64_t now,
			uint32_t request_timeout)
{
	uint64_t since = atomic_load_explicit(&k->slot->since_ms, memory_order_relaxed);
	char route[SLOT_ROUTE];

	if (k->abort_ms != 0) {
		if (now >= k->abort_ms + CORE_MS)
			(void)kill(k->pid, SIGKILL);
		return;
	}
	if (!policy_stuck(now, since, c->awake_ms, request_timeout))
		return;
	route_of(k, route);
	log_line(LOG_ERROR,
		 "%s %ld has not come back to its loop for %llu ms, last route %s: "
		 "aborting it",
		 c->role->name, (long)k->pid, (unsigned long long)(now - since),
		 route[0] == '\0' ? "(none)" : route);
	k->abort_ms = now;
	(void)kill(k->pid, SIGABRT);
	(void)kill(k->pid, SIGCONT);
}

void children_tick(struct children *c, const struct config *cfg)
{
	uint64_t now = clock_ms();

	if (c->ticked_ms != 0 && now - c->ticked_ms > PAUSE_MS)
		c->awake_ms = now;
	c->ticked_ms = now;
	for (size_t i = 0; i < SLOTS_WORKERS; i++) {
		struct child *k = &c->child[i];

		if (k->pid == 0)
			continue;
		if (retires(c, k)) {
			k->retired = true;
			retire(k, config_longest_request(cfg));
		}
		if (k->told && now >= k->end_ms)
			(void)kill(k->pid,
				   now >= k->end_ms + KILL_AFTER_MS ? SIGKILL : SIGTERM);
		abort_stuck(c, k, now, cfg->request_timeout);
		if (c->policy.early > 0 && !k->old &&
		    now - k->started_ms >= POLICY_EARLY_MS &&
		    k->started_ms >= c->policy.not_before_ms)
			policy_lived(&c->policy);
	}
}
