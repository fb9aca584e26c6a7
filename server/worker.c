/*
 * The loop of a web process. Ignorant of HTTP (conn knows it) and of its siblings
 * (accepting knows which connections are theirs).
 */
#include "server/worker.h"

#include "server/accepting.h"
#include "server/access_log.h"
#include "server/clock.h"
#include "server/conns.h"
#include "server/descriptors.h"
#include "server/health.h"
#include "server/listener.h"
#include "server/log.h"
#include "server/platform.h"
#include "server/policy.h"
#include "server/poller.h"
#include "server/service.h"
#include "server/signals.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	EVENTS = 256, /* told of in one round */
	/* The longest sleep: whoever listens looks then whether a connection waits that
	 * woke a sibling which did not live to take it. */
	TICK_MS = 1000,
	/* Connections that ask at once: a worker with so many pauses between this and as
	 * many more rounds. */
	CROWD = 8,
	CROWDED_ROUNDS = 64,
	PAUSE_NS = 200000,
	/* Connections taken in one round, and by a worker that leaves. */
	ACCEPTS = 16,
	BACKLOG = 4096,
	/* While draining. A server that stops waits for the first bytes of a new
	 * connection; one whose place others take also waits for the next request of an
	 * idle one, which would be lost if it came as the connection is closed. */
	FIRST_MS = 500,
	IDLE_MS = 5000,
	KNOW_MS = 2000 /* to wait for the database's state at the start */
};

struct worker {
	const struct worker_start *start;
	struct accepting accepting;
	struct conn_env env;
	struct poller *poller;
	struct poller_event *event; /* EVENTS of them */
	struct conns conns;
	bool stopping;
	size_t ready;          /* descriptors, in its last round */
	unsigned crowded;      /* rounds that it is to pause behind: let_others() */
	bool leaving;          /* it accepts no more, and ends with its last connection */
	uint64_t max_requests; /* 0: no limit */
	uint64_t left_ms;      /* when it began to leave */
};

/* At the last look at the clock. */
static uint64_t now_ms(const struct worker *w)
{
	return w->env.now_us / 1000;
}

static int worker_init(struct worker *w, const struct worker_start *s, struct err *e)
{
	char name[32];

	w->start = s;
	w->accepting = (struct accepting){
		.slots = s->slots,
		.slot = s->slot,
		.fd = s->listen_fd,
		.max = descriptors_connections(s->cfg, descriptors_limit()),
	};
	w->max_requests = policy_requests(s->cfg->max_requests, s->number);
	w->event = calloc(EVENTS, sizeof(*w->event));
	if (w->event == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (poller_open(&w->poller, e) < 0 ||
	    poller_watch(w->poller, signals_fd(), POLLIN, e) < 0 ||
	    poller_watch(w->poller, s->life_fd, POLLIN, e) < 0)
		return -1;
	conns_init(&w->conns, w->poller);
	w->env.handle = (struct handle_env){
		.cfg = s->cfg, .slots = s->slots, .files = s->files, .client_fd = -1
	};
	w->env.limits = (struct http_limits){ .max_line = 8 * 1024,
					      .max_head = 16 * 1024,
					      .max_fields = HTTP_MAX_FIELDS };
	w->env.slot = s->slot;
	conn_env_init(&w->env);
	(void)snprintf(name, sizeof(name), "waybilld worker %u", s->number);
	if (db_open(s->cfg, name, &w->env.handle.db, e) < 0)
		return -1;
	w->env.handle.metrics = slots_metrics(s->slots, s->slot);
	db_metrics(w->env.handle.db, w->env.handle.metrics);
	(void)snprintf(name, sizeof(name), "waybilld reader %u", s->number);
	if (db_read_open(s->cfg, name, &w->env.handle.read, e) < 0)
		return -1;
	db_read_metrics(w->env.handle.read, w->env.handle.metrics);
	return clients_init(&w->env.clients, s->cfg, s->slots, s->slot, e);
}

static void worker_release(struct worker *w)
{
	conns_release(&w->conns);
	free(w->event);
	poller_close(&w->poller);
	db_close(&w->env.handle.db);
	db_read_close(&w->env.handle.read);
	conn_env_release(&w->env);
}

/* In a task: nothing of the worker's may stay open, or a client would wait for an end
 * that never comes. */
static void forget(void *ctx)
{
	struct worker *w = ctx;

	if (w->accepting.fd >= 0)
		(void)close(w->accepting.fd);
	(void)close(w->start->life_fd);
	conns_abandon(&w->conns);
	poller_close(&w->poller);
}

static void show_held(const struct worker *w)
{
	atomic_store_explicit(&w->start->slot->connections, (unsigned)w->conns.n,
			      memory_order_relaxed);
}

/* Takes one connection, if there is one. */
static bool take_connection(struct worker *w)
{
	struct err e = { .kind = ERR_NONE };
	bool over = w->conns.n >= w->accepting.max;
	struct conn *c;
	char peer[64];
	int fd;

	if (!accepting_has_room(&w->accepting, w->conns.n))
		return false;
	fd = listener_accept(w->accepting.fd, peer, sizeof(peer));
	if (fd < 0) {
		accepting_failed(&w->accepting, w->conns.n);
		return false;
	}
	w->env.now_us = clock_us();
	w->accepting.took_ms = now_ms(w);
	c = conn_open(&w->env, fd, peer);
	if (c == NULL || conns_add(&w->conns, c, &e) < 0) {
		log_line(LOG_ERROR, "out of memory for a connection");
		return false;
	}
	if (over)
		conn_refuse(c);
	/* Siblings are to see it before this one is busy with it. */
	show_held(w);
	/* The first bytes are often there already. */
	conn_begin(c, platform_unread_ms(fd));
	conns_settle(&w->conns, c);
	return true;
}

/* One, or its part of those that wait: siblings may want theirs. What is answered and
 * closed at once is taken from nobody. */
static void take_connections(struct worker *w)
{
	size_t held = w->conns.n;

	for (unsigned i = 0; i < ACCEPTS && take_connection(w); i++)
		if (w->conns.n != held && !accepting_more(&w->accepting, w->conns.n))
			break;
}

/* Whether the whole host leaves, and not only this worker. */
static bool host_leaves(const struct worker *w)
{
	return slots_leaves(w->start->slots);
}

/* Stops accepting: what waits is taken first, so that no client that has asked is cut off
 * (one that said nothing until now is the kernel's: platform.h); then the socket is the
 * siblings', or refuses. */
static void leave(struct worker *w)
{
	if (w->leaving)
		return;
	w->leaving = true;
	w->env.draining = true;
	w->left_ms = now_ms(w);
	slot_state(w->start->slot, SLOT_DRAINING);
	/* Those that are served and closed at once make room: there may be no end of
	 * them. */
	for (unsigned left = BACKLOG; left > 0 && w->conns.n < w->accepting.max; left--)
		if (!take_connection(w))
			break;
	poller_forget(w->poller, w->accepting.fd);
	(void)close(w->accepting.fd);
	w->accepting.fd = -1;
}

/* The master sees by the slot that this one retires; the signal wakes it. */
static void retire(struct worker *w)
{
	log_line(LOG_INFO, "retiring after %llu requests",
		 (unsigned long long)atomic_load(&w->start->slot->requests));
	leave(w);
	/* Among what it took then may be scans. */
	conns_answer_gathered(&w->conns, &w->env);
	(void)kill(getppid(), SIGCHLD);
}

struct ended {
	pid_t pid;
	int status;
};

static bool was_its_task(void *ctx, struct conn *c)
{
	const struct ended *ended = ctx;

	(void)conn_reaped(c, ended->pid, ended->status);
	return false;
}

static void reap(struct worker *w)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct ended ended = { pid, status };

		conns_sweep(&w->conns, was_its_task, &ended);
		if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
			log_line(LOG_ERROR, "task %ld was ended by signal %d", (long)pid,
				 WTERMSIG(status));
	}
}

static void take_signals(struct worker *w)
{
	signals_drain();
	if (signals_took(SIGCHLD))
		reap(w);
	if (signals_took(SIGTERM))
		w->stopping = true;
	/* Ctrl-C reaches the whole group: what it means to us is the master's to say. */
	(void)signals_took(SIGINT);
	if (signals_took(SIGQUIT))
		leave(w);
	if (signals_took(SIGUSR1))
		service_logs_anew(w->start->cfg);
}

/* Shows the master now and then that the loop goes round. */
static void show(struct worker *w, uint64_t now)
{
	struct slot *slot = w->start->slot;

	if (now >= atomic_load_explicit(&slot->since_ms, memory_order_relaxed) + TICK_MS)
		slot_state(slot, w->leaving ? SLOT_DRAINING : SLOT_IDLE);
}

/* While leaving: whether a connection between two requests has been waited for long
 * enough. */
static bool may_go(void *ctx, struct conn *c)
{
	const struct worker *w = ctx;
	uint64_t waited = now_ms(w) - w->left_ms;

	if (!conn_idle(c))
		return false;
	if (host_leaves(w))
		return conn_served(c) || waited >= FIRST_MS;
	return waited >= IDLE_MS;
}

/* Says whom to wake this worker for, and returns for how long it may sleep. */
static int prepare(struct worker *w, struct err *e)
{
	uint64_t now = now_ms(w), next = now + (w->leaving ? FIRST_MS : TICK_MS);

	show(w, now);
	if (!accepting_listens(&w->accepting, w->conns.n, now, &next))
		poller_forget(w->poller, w->accepting.fd);
	else if (poller_watch_shared(w->poller, w->accepting.fd, e) < 0)
		return -1;
	if (w->conns.next_ms < next)
		next = w->conns.next_ms;
	return next <= now ? 0 : (int)(next - now);
}

/* libpq may close its socket and open another in any call: it is known to the poller
 * during the sleep alone. */
static int sleep_until_ready(struct worker *w, int ms, struct err *e)
{
	const struct db *db = w->env.handle.db;
	int fd = stmt_awaits(db) ? db_socket(db) : -1, got;

	if (fd >= 0 && poller_watch_anew(w->poller, fd, POLLIN, e) < 0)
		return -1;
	got = poller_wait(w->poller, w->event, EVENTS, ms);
	w->ready = got > 0 ? (size_t)got : 0;
	if (got < 0)
		(void)err_set(e, ERR_INTERNAL, "waiting failed: %s", strerror(errno));
	poller_forget(w->poller, fd);
	return got;
}

static int serve_ready(struct worker *w, size_t n, bool slept, struct err *e)
{
	/* Nothing came: see TICK_MS. */
	bool connection = n == 0 && slept && w->accepting.listened;

	for (size_t i = 0; i < n; i++) {
		int fd = w->event[i].fd;

		if (fd == w->start->life_fd)
			return err_set(e, ERR_INTERNAL, "the master is gone; stopping");
		if (fd == signals_fd())
			take_signals(w);
		else if (fd == w->accepting.fd)
			connection = true;
		else
			conns_event(&w->conns, fd, w->event[i].events);
	}
	conns_tick(&w->conns, now_ms(w));
	if (accepting_due(&w->accepting, w->conns.n, connection, now_ms(w)))
		take_connections(w);
	conns_answer_gathered(&w->conns, &w->env);
	return 0;
}

/*
 * Between two rounds. Who waits for a processor goes first, clients and siblings, so that
 * more has come by this worker's next turn, and one round answers it; scans that come
 * meanwhile commit together. Where nobody waits, sched_yield() costs a tenth of a
 * microsecond. But who yields is put off by as much time as it could have used (Linux
 * 6.6 and newer), some milliseconds, and with a crowd there are always clients that wait
 * for it. So with a crowd it pauses: for less time than the clients need to come again.
 */
static void let_others(struct worker *w)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };

	if (w->ready == 0)
		return;
	if (w->ready >= CROWD)
		w->crowded = CROWDED_ROUNDS;
	else if (w->crowded > 0)
		w->crowded--;
	if (w->crowded > 0)
		(void)nanosleep(&pause, NULL);
	else
		(void)sched_yield();
}

static int round_trip(struct worker *w, struct err *e)
{
	int ms, got;

	let_others(w);
	ms = prepare(w, e);
	got = ms < 0 ? -1 : sleep_until_ready(w, ms, e);
	if (got < 0)
		return -1;
	w->env.now_us = clock_us();
	w->env.round_ms = now_ms(w);
	/* Clients of a host that leaves are to come back to another one. */
	w->env.draining = w->leaving || host_leaves(w);
	if (serve_ready(w, (size_t)got, ms > 0, e) < 0)
		return -1;
	if (w->leaving)
		conns_sweep(&w->conns, may_go, w);
	show_held(w);
	if (w->max_requests != 0 && !w->leaving &&
	    atomic_load_explicit(&w->start->slot->requests, memory_order_relaxed) >=
		    w->max_requests)
		retire(w);
	health_tick(w->start->slots, w->env.handle.db);
	return 0;
}

static void loop(struct worker *w)
{
	struct err e = { .kind = ERR_NONE };

	while (!w->stopping && !(w->leaving && w->conns.n == 0))
		if (round_trip(w, &e) < 0) {
			log_line(LOG_ERROR, "%s", e.text);
			return;
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

/*
 * The first client is not to wait for a connection. As long as the host is known to have
 * the database, others still serve, or will until this one is at its loop: requests are
 * left to them until it can do what they can. Without a database it goes on, and says so
 * to clients.
 */
static void connect_first(const struct worker *w)
{
	struct slots *slots = w->start->slots;
	uint64_t until = clock_ms() + HEALTH_PATIENCE_MS;
	struct pollfd told = { .fd = signals_fd(), .events = POLLIN };
	struct err e = { .kind = ERR_NONE };

	while (db_ready(w->env.handle.db, &e) < 0) {
		log_line(LOG_DEBUG, "%s", e.text);
		if (!health_up(slots) || clock_ms() >= until || poll(&told, 1, 100) > 0)
			return;
		slot_state(w->start->slot, SLOT_STARTING); /* it is not stuck */
		e.kind = ERR_NONE;
	}
	health_note(slots, true);
}

int worker_run(const struct worker_start *s)
{
	struct err e = { .kind = ERR_NONE };
	struct worker w = { .stopping = false };
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
	connect_first(&w);
	/* What waits to be accepted is for those who can answer it. */
	w.stopping = !host_leaves(&w) && signals_took(SIGQUIT);
	slot_state(s->slot, SLOT_IDLE);
	loop(&w);
	worker_release(&w);
	return 0;
}
