/*
 * The loop of a web process. Ignorant of HTTP (conn knows it) and of its siblings
 * but for the share of connections that the scoreboard shows.
 */
#include "server/worker.h"

#include "server/access_log.h"
#include "server/clock.h"
#include "server/conn.h"
#include "server/health.h"
#include "server/listener.h"
#include "server/log.h"
#include "server/policy.h"
#include "server/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	FIXED = 4, /* signals, master, listener, the database while it owes an answer */
	TICK_MS = 1000,
	REFUSED = 16, /* connections over max_connections that wait for their 503 */
	/* How long a worker with more than its share leaves a new connection to its
	 * siblings: if they are all busy, it takes it after this. */
	SHARE_MS = 3,
	/* While draining. A server that stops waits for the first bytes of a new
	 * connection; one whose place others take also waits for the next request of an
	 * idle one, which would be lost if it came as the connection is closed. */
	FIRST_MS = 500,
	IDLE_MS = 5000,
	KNOW_MS = 2000 /* to wait for the database's state at the start */
};

struct worker {
	const struct worker_start *start;
	int listen_fd; /* -1 once it drains: what waits there is the siblings' or refused
			*/
	struct conn_env env;
	struct conn **conn;
	size_t n, max;
	struct pollfd
		*poll; /* FIXED, then two for each connection: its own, its task's */
	bool stopping;
	bool leaving;          /* it accepts no more, and ends with its last connection */
	uint64_t max_requests; /* 0: no limit */
	uint64_t left_ms;      /* when it began to leave */
	uint64_t pass_until_ms; /* 0: not leaving connections to the siblings */
};

static int worker_init(struct worker *w, const struct worker_start *s, struct err *e)
{
	char name[32];

	w->start = s;
	w->listen_fd = s->listen_fd;
	w->max = s->cfg->max_connections;
	w->max_requests = policy_requests(s->cfg->max_requests, s->number);
	w->conn = calloc(w->max + REFUSED, sizeof(struct conn *));
	w->poll = calloc(FIXED + 2 * (w->max + REFUSED), sizeof(*w->poll));
	if (w->conn == NULL || w->poll == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	w->env.handle = (struct handle_env){
		.cfg = s->cfg, .slots = s->slots, .files = s->files, .client_fd = -1
	};
	w->env.limits = (struct http_limits){ .max_line = 8 * 1024,
					      .max_head = 16 * 1024,
					      .max_fields = HTTP_MAX_FIELDS };
	w->env.slot = s->slot;
	(void)snprintf(name, sizeof(name), "waybilld worker %u", s->number);
	if (db_open(s->cfg, name, &w->env.handle.db, e) < 0)
		return -1;
	w->env.handle.metrics = slots_metrics(s->slots, s->slot);
	db_metrics(w->env.handle.db, w->env.handle.metrics);
	return clients_init(&w->env.clients, s->cfg, s->slots, s->slot, e);
}

static void worker_release(struct worker *w)
{
	for (size_t i = 0; i < w->n; i++)
		conn_close(&w->conn[i]);
	free(w->conn);
	free(w->poll);
	db_close(&w->env.handle.db);
}

/* In a task: nothing of the worker's may stay open, or a client would wait for an end
 * that never comes. */
static void forget(void *ctx)
{
	const struct worker *w = ctx;

	if (w->listen_fd >= 0)
		(void)close(w->listen_fd);
	(void)close(w->start->life_fd);
	for (size_t i = 0; i < w->n; i++) {
		(void)close(conn_fd(w->conn[i]));
		if (conn_task_fd(w->conn[i]) >= 0)
			(void)close(conn_task_fd(w->conn[i]));
	}
}

/* Whether it takes another connection: while there is room; beyond that, when no sibling
 * has room either, a few that are told so. */
static bool has_room(const struct worker *w)
{
	unsigned workers, all;

	if (w->n < w->max)
		return true;
	if (w->n == w->max + REFUSED)
		return false;
	all = slots_connections(w->start->slots, &workers);
	/* A sibling that is still starting will have room. */
	return workers >= atomic_load_explicit(&slots_shared(w->start->slots)->workers,
					       memory_order_relaxed) &&
	       all >= workers * w->max;
}

/* Takes one connection: one at a time, while siblings may want theirs. */
static bool take_connection(struct worker *w)
{
	char peer[64];
	int fd;

	if (!has_room(w))
		return false;
	fd = listener_accept(w->listen_fd, peer, sizeof(peer));
	if (fd < 0)
		return false;
	w->conn[w->n] = conn_open(&w->env, fd, peer);
	if (w->conn[w->n] == NULL) {
		log_line(LOG_ERROR, "out of memory for a connection");
		return false;
	}
	if (w->n >= w->max)
		conn_refuse(w->conn[w->n]);
	w->n++;
	atomic_store_explicit(&w->start->slot->connections, (unsigned)w->n,
			      memory_order_relaxed);
	/* The first bytes are often there already. */
	conn_ready(w->conn[w->n - 1], POLLIN);
	return true;
}

/* Whether the whole host leaves, and not only this worker. */
static bool host_leaves(const struct worker *w)
{
	return atomic_load_explicit(&slots_shared(w->start->slots)->draining,
				    memory_order_relaxed) != 0;
}

/* Stops accepting: what waits is taken first, so that no client that was let in is cut
 * off; then the socket is the siblings', or refuses. */
static void leave(struct worker *w)
{
	if (w->leaving)
		return;
	w->leaving = true;
	w->env.draining = true;
	w->left_ms = clock_ms();
	slot_state(w->start->slot, SLOT_DRAINING);
	while (w->n < w->max && take_connection(w))
		continue;
	(void)close(w->listen_fd);
	w->listen_fd = -1;
}

/* The master sees by the slot that this one retires; the signal wakes it. */
static void retire(struct worker *w)
{
	log_line(LOG_INFO, "retiring after %llu requests",
		 (unsigned long long)atomic_load(&w->start->slot->requests));
	leave(w);
	(void)kill(getppid(), SIGCHLD);
}

static void reap(struct worker *w)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < w->n; i++)
			if (conn_reaped(w->conn[i], pid))
				break;
		if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
			log_line(LOG_ERROR, "task %ld was ended by signal %d", (long)pid,
				 WTERMSIG(status));
	}
}

static void take_signals(struct worker *w)
{
	struct err e = { .kind = ERR_NONE };

	signals_drain();
	if (signals_took(SIGCHLD))
		reap(w);
	if (signals_took(SIGTERM))
		w->stopping = true;
	/* Ctrl-C reaches the whole group: what it means to us is the master's to say. */
	(void)signals_took(SIGINT);
	if (signals_took(SIGQUIT))
		leave(w);
	if (signals_took(SIGUSR1) &&
	    (log_open(w->start->cfg->log_file, w->start->cfg->log_level, &e) < 0 ||
	     access_log_open(w->start->cfg, &e) < 0))
		log_line(LOG_ERROR, "%s", e.text);
}

/* Whether it should leave new connections to its siblings for a moment. */
static bool has_share(struct worker *w)
{
	unsigned workers, all = slots_connections(w->start->slots, &workers);

	return policy_has_share((unsigned)w->n, all, workers);
}

/* Shows the master now and then that the loop goes round. */
static void show(struct worker *w, uint64_t now)
{
	struct slot *slot = w->start->slot;

	if (now >= atomic_load_explicit(&slot->since_ms, memory_order_relaxed) + TICK_MS)
		slot_state(slot, w->leaving ? SLOT_DRAINING : SLOT_IDLE);
}

static int poll_set(struct worker *w, bool accepting)
{
	uint64_t now = clock_ms(), next = now + (w->leaving ? FIRST_MS : TICK_MS);

	show(w, now);
	w->poll[0] = (struct pollfd){ .fd = signals_fd(), .events = POLLIN };
	w->poll[1] = (struct pollfd){ .fd = w->start->life_fd, .events = POLLIN };
	w->poll[2] =
		(struct pollfd){ .fd = accepting ? w->listen_fd : -1, .events = POLLIN };
	w->poll[3] = (struct pollfd){ .fd = stmt_awaits(w->env.handle.db)
						    ? db_socket(w->env.handle.db)
						    : -1,
				      .events = POLLIN };
	for (size_t i = 0; i < w->n; i++) {
		struct pollfd *p = &w->poll[FIXED + 2 * i];
		short events = conn_events(w->conn[i]);
		uint64_t deadline = conn_deadline(w->conn[i]);

		p[0] = (struct pollfd){ .fd = conn_fd(w->conn[i]), .events = events };
		p[1] = (struct pollfd){ .fd = conn_task_fd(w->conn[i]),
					.events = POLLIN };
		if (deadline < next)
			next = deadline;
	}
	return next <= now ? 0 : (int)(next - now);
}

static void serve_ready(struct worker *w, size_t n)
{
	uint64_t now = clock_ms();

	for (size_t i = 0; i < n; i++) {
		const struct pollfd *p = &w->poll[FIXED + 2 * i];

		if (p[1].fd >= 0 && p[1].revents != 0)
			conn_task_ready(w->conn[i]);
		if (p[0].revents != 0)
			conn_ready(w->conn[i], p[0].revents);
		if (conn_deadline(w->conn[i]) <= now)
			conn_tick(w->conn[i], now);
	}
}

/* While leaving: whether a connection between two requests has been waited for long
 * enough. */
static bool may_go(const struct worker *w, const struct conn *c)
{
	uint64_t waited = clock_ms() - w->left_ms;

	if (!conn_idle(c))
		return false;
	if (host_leaves(w))
		return conn_served(c) || waited >= FIRST_MS;
	return waited >= IDLE_MS;
}

static void drop_finished(struct worker *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (conn_over(w->conn[i]) || (w->leaving && may_go(w, w->conn[i])))
			conn_close(&w->conn[i]);
		else
			w->conn[kept++] = w->conn[i];
	}
	w->n = kept;
	atomic_store_explicit(&w->start->slot->connections, (unsigned)w->n,
			      memory_order_relaxed);
}

/* Whether this round leaves new connections to the siblings: for SHARE_MS, then one
 * round that takes one, so that nobody waits longer than that for a stuck sibling. */
static bool passes(struct worker *w)
{
	uint64_t now;

	if (!has_share(w)) {
		w->pass_until_ms = 0;
		return false;
	}
	now = clock_ms();
	if (w->pass_until_ms == 0) {
		w->pass_until_ms = now + SHARE_MS;
		return true;
	}
	if (now < w->pass_until_ms)
		return true;
	w->pass_until_ms = 0;
	return false;
}

static void loop(struct worker *w)
{
	while (!w->stopping && !(w->leaving && w->n == 0)) {
		bool accepting = !w->leaving && has_room(w);
		bool pass = accepting && w->n < w->max && passes(w);
		size_t n = w->n;
		int wait = poll_set(w, accepting && !pass);
		int got = poll(w->poll, (nfds_t)(FIXED + 2 * n),
			       pass && wait > SHARE_MS ? SHARE_MS : wait);

		if (got < 0 && errno != EINTR) {
			log_line(LOG_ERROR, "poll failed: %s", strerror(errno));
			return;
		}
		w->env.round_ms = clock_ms();
		if (got > 0 && w->poll[0].revents != 0)
			take_signals(w);
		if (got > 0 && w->poll[1].revents != 0) {
			log_line(LOG_ERROR, "the master is gone; stopping");
			return;
		}
		/* Clients of a host that leaves are to come back to another one. */
		w->env.draining = w->leaving || host_leaves(w);
		if (got >= 0)
			serve_ready(w, n);
		if (got > 0 && w->poll[2].revents != 0)
			(void)take_connection(w);
		drop_finished(w);
		if (w->max_requests != 0 && !w->leaving &&
		    atomic_load_explicit(&w->start->slot->requests,
					 memory_order_relaxed) >= w->max_requests)
			retire(w);
		health_tick(w->start->slots, w->env.handle.db);
	}
}

/* The first on this host to ask for the database's state answers for all: until then
 * /health would not be true, and a load balancer would leave a host that is well. */
static void know_database(const struct worker *w)
{
	struct slots *slots = w->start->slots;
	uint64_t until = clock_ms() + KNOW_MS;

	health_tick(slots, w->env.handle.db);
	while (atomic_load(&slots_shared(slots)->db) == SLOTS_DB_UNKNOWN &&
	       clock_ms() < until) {
		(void)poll(NULL, 0, 2);
		health_tick(slots, w->env.handle.db);
	}
}

int worker_run(const struct worker_start *s)
{
	struct err e = { .kind = ERR_NONE };
	struct worker w = { .n = 0 };
	char role[32];

	(void)snprintf(role, sizeof(role), "worker %u", s->number);
	log_role(role);
	if (signals_init(&e) < 0 || worker_init(&w, s, &e) < 0 ||
	    access_log_open(s->cfg, &e) < 0) {
		log_line(LOG_ERROR, "cannot start: %s", e.text);
		worker_release(&w);
		return 1;
	}
	w.env.forget = forget;
	w.env.forget_ctx = &w;
	know_database(&w);
	/* The first client is not to wait for a connection; without one it is told so. */
	if (db_ready(w.env.handle.db, &e) < 0)
		log_line(LOG_DEBUG, "%s", e.text);
	slot_state(s->slot, SLOT_IDLE);
	loop(&w);
	worker_release(&w);
	return 0;
}
