/*
 * A whole connection, from its first byte to its close, with the real routes and handlers
 * and no database. The same bytes are sent as one piece and in small ones: each request
 * that the parsers find in them must get its one whole answer, in order, and both ways
 * the same; the connection must always end, and leave nothing behind.
 *
 * The first byte of the input says how the client behaves, the second how many bytes
 * it sends and takes at a time.
 */
#include "parse/proxy_protocol.h"
#include "server/clock.h"
#include "server/conn.h"
#include "server/log.h"
#include "server/router.h"
#include "tests/fuzz/answer.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum manner {
	HALF_CLOSES = 1, /* ends its side when it has sent all */
	PROXY = 2,       /* is a trusted proxy */
	DRAINING = 4,    /* meets a worker that leaves, or one that begins to half-way */
	REFUSED = 8,     /* is one too many */
	GOES_AWAY = 16,  /* reads nothing, and closes half-way */
	SLOW = 32,       /* takes few bytes of an answer at a time */
	STRANGER = 128   /* meets a server that wants people to log in */
};

enum {
	SMALL = 4096,     /* bytes in a socket's buffer of a slow client's */
	ROUNDS = 20000,   /* of sending and taking without an end: a hang */
	READIES = 500,    /* of the server alone, between two steps of the client */
	FAR = 1000000000, /* ms that no deadline outlasts */
};

static struct conn_env env;
static struct config *cfg;
static struct slots *slots;
static const struct http_limits limits = { 1024, 2048, 24 };

/* What the client sends, and what it got. */
struct talk {
	unsigned client; /* of enum manner */
	bool late;       /* draining begins half-way */
	size_t step;     /* bytes at a time */
	struct slice all, rest;
	int fd, server_fd;
	struct conn *conn;
	struct buf got;
};

static void check(bool right)
{
	if (!right)
		abort();
}

static void *known(void *p)
{
	check(p != NULL);
	return p;
}

/* A worker's state without a worker. Tasks are none, so that nothing is forked: what
 * needs one waits until its deadline. */
static void set_up(void)
{
	static char dir[] = "/tmp/waybill-fuzz-XXXXXX";
	struct static_files *files = NULL;
	struct err e = { 0 };
	char board[64];
	size_t n;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)known(mkdtemp(dir));
	check(setenv("WAYBILL_DATABASE", "host=/nonexistent", 1) == 0);
	check(setenv("WAYBILL_TRUSTED_PROXIES", "127.0.0.1", 1) == 0);
	check(config_load(NULL, &cfg, &e) == 0 &&
	      log_open("/dev/null", LOG_ERROR, &e) == 0 &&
	      static_open("static", &files, &e) == 0 &&
	      slots_create(dir, &slots, &e) == 0);
	(void)snprintf(board, sizeof(board), "%s/waybilld.scoreboard", dir);
	check(unlink(board) == 0 && rmdir(dir) == 0);
	free(cfg->spool_dir);
	cfg->spool_dir = known(strdup("/tmp"));
	cfg->tasks = 0;
	/* They depend on the clock. */
	cfg->shed_after = cfg->slow_log = cfg->login_rate = 0;
	cfg->proxy_protocol = true;
	cfg->max_upload = 100000;
	env.slot = known(slots_take(slots, SLOT_WORKER, 1, getpid()));
	env.limits = limits;
	env.handle = (struct handle_env){ .cfg = cfg,
					  .slots = slots,
					  .files = files,
					  .metrics = slots_metrics(slots, env.slot),
					  .client_fd = -1 };
	conn_env_init(&env);
	cfg->max_connections_per_client = 2;
	check(clients_init(&env.clients, cfg, slots, env.slot, &e) == 0 &&
	      db_open(cfg, "fuzz", &env.handle.db, &e) == 0);
	check(slots_of(slots, SLOT_WORKER, &n) == env.slot);
}

/* The database is well at the start of each talk, whatever the last one made of it. */
static void database_up(void)
{
	struct slots_shared *shared = slots_shared(slots);

	atomic_store(&shared->db_ok_ms, clock_ms() + FAR);
	atomic_store(&shared->db, SLOTS_DB_UP);
}

static int lowest_fd(void)
{
	int fd = open("/dev/null", O_RDONLY);

	check(fd >= 0 && close(fd) == 0);
	return fd;
}

/* The end of a worker's round. */
static void answer_gathered(struct talk *t)
{
	struct conn *answered[SCANS_TOGETHER];

	while (conn_answer_gathered(&env, answered) > 0)
		check(answered[0] == t->conn);
}

/* Lets the server do what it can do by itself. */
static void serve(struct talk *t)
{
	for (unsigned i = 0; t->conn != NULL; i++) {
		struct pollfd p = { t->server_fd, conn_events(t->conn), 0 };

		check(i < READIES);
		if (conn_over(t->conn)) {
			conn_close(&t->conn);
			return;
		}
		if (poll(&p, 1, 0) > 0) {
			env.now_us = clock_us();
			conn_ready(t->conn, p.revents);
		} else if (conn_deadline(t->conn) > 0) {
			return;
		}
		if (conn_deadline(t->conn) == 0)
			conn_tick(t->conn, clock_ms());
		answer_gathered(t);
	}
}

/* Sends a step; whether any byte went. */
static bool give(struct talk *t)
{
	size_t n = t->step < t->rest.n ? t->step : t->rest.n;
	ssize_t sent = n == 0 ? 0 : send(t->fd, t->rest.p, n, MSG_NOSIGNAL);

	if (sent > 0)
		(void)slice_take(&t->rest, (size_t)sent);
	if (t->late && t->rest.n < t->all.n / 2)
		env.draining = true;
	return sent > 0;
}

/* Takes what there is of the answers; whether any byte came. */
static bool take(struct talk *t)
{
	size_t want = (t->client & SLOW) != 0 ? 64 * t->step : 65536;
	struct err e = { 0 };
	ssize_t n;

	check(buf_reserve(&t->got, want, &e) == 0);
	n = read(t->fd, t->got.p + t->got.n, want);
	if (n > 0)
		t->got.n += (size_t)n;
	return n > 0;
}

/* Until neither side has anything to say. */
static void exchange(struct talk *t)
{
	bool on = true;

	for (unsigned i = 0; on; i++) {
		check(i < ROUNDS);
		on = give(t);
		serve(t);
		if (take(t))
			on = true;
	}
}

static void open_talk(struct talk *t, const char *peer)
{
	int pair[2], small = SMALL;

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	for (int i = 0; i < 2; i++)
		check(fcntl(pair[i], F_SETFL, O_NONBLOCK) == 0);
	if ((t->client & SLOW) != 0)
		check(setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) ==
		      0);
	t->fd = pair[0];
	t->server_fd = pair[1];
	cfg->auth = (t->client & STRANGER) != 0;
	env.draining = (t->client & DRAINING) != 0 && !t->late;
	t->conn = known(conn_open(&env, t->server_fd, peer));
	if ((t->client & REFUSED) != 0 && (t->client & PROXY) == 0)
		conn_refuse(t->conn);
}

/* The client has no more to say: time passes until the connection is over. */
static void run_out(struct talk *t)
{
	for (unsigned i = 0; t->conn != NULL; i++) {
		check(i < ROUNDS);
		conn_tick(t->conn, clock_ms() + FAR);
		answer_gathered(t);
		serve(t);
		if (t->fd >= 0)
			exchange(t);
	}
}

static void nothing_left(int fd)
{
	for (size_t i = 0; i < SLOT_CONNS; i++)
		check(atomic_load(&env.slot->conn[i]) == 0);
	for (size_t i = 0; i < SLOT_CLIENTS; i++)
		check(atomic_load(&slots_shared(slots)->client[0][i].n) == 0);
	check(lowest_fd() == fd);
}

static void talk(struct talk *t)
{
	int fd = lowest_fd();

	database_up();
	t->got.n = 0;
	t->rest = t->all;
	open_talk(t, (t->client & PROXY) != 0 ? "127.0.0.1" : "10.9.8.7");
	if ((t->client & GOES_AWAY) != 0) {
		while (t->rest.n > t->all.n / 2 && give(t))
			serve(t);
		check(close(t->fd) == 0);
		t->fd = -1;
		serve(t);
	} else {
		exchange(t);
		/* What a full socket holds back is sent when the server takes some. */
		if ((t->client & HALF_CLOSES) != 0 && t->rest.n == 0)
			(void)shutdown(t->fd, SHUT_WR);
		exchange(t);
	}
	run_out(t);
	if (t->fd >= 0) {
		(void)take(t);
		check(close(t->fd) == 0);
	}
	nothing_left(fd);
}

/* One request as the parsers see it. */
struct asked {
	int r; /* PARSE_DONE: it is whole; PARSE_MORE; -1: no request */
	bool head_only, keep_alive, bodyless;
	bool may_wait; /* it needs a task */
};

static bool needs_task(const struct http_head *h)
{
	struct slice segment[REQUEST_SEGMENTS];
	const struct route *route = NULL;
	struct err e = { 0 };
	struct arena a;
	struct url u;
	char allow[64];

	arena_init(&a, 1 << 20);
	if (url_parse(h->target, &a, &u, &e) == 0)
		(void)router_find(h->method, u.path, &route, segment, allow);
	arena_release(&a);
	return route != NULL &&
	       (route->flags & (ROUTE_TASK | ROUTE_EXPORT | ROUTE_BULK)) != 0;
}

/* Skips the body of a request. */
static int body_take(const struct http_framing *f, struct slice *in)
{
	struct http_chunked chunked = { 0 };
	struct err e = { 0 };
	struct slice data;
	int r;

	if (f->body != HTTP_BODY_CHUNKED) {
		bool whole = in->n >= f->length;

		(void)slice_take(in, (size_t)f->length);
		return whole ? PARSE_DONE : PARSE_MORE;
	}
	do
		r = http_chunked_feed(&chunked, in, &data, &e);
	while (r == PARSE_MORE && in->n > 0);
	return r;
}

static void asked_take(struct slice *in, struct asked *a)
{
	static struct http_head h;
	struct http_head_parser parser = { 0 };
	struct http_framing f = { 0 };
	struct err e = { 0 };
	size_t used = 0;

	*a = (struct asked){ .r = http_head_feed(&parser, *in, &limits, &h, &used, &e) };
	a->head_only = parser.method == HTTP_HEAD;
	if (in->n == 0)
		a->r = PARSE_MORE;
	if (a->r != PARSE_DONE)
		return;
	(void)slice_take(in, used);
	a->may_wait = needs_task(&h);
	a->r = http_framing_decide(&h, &f, &e) < 0 ? -1 : body_take(&f, in);
	a->keep_alive = f.keep_alive;
	a->bodyless = f.body == HTTP_BODY_NONE;
}

/* The bytes behind a PROXY header; none when it is not there as a whole, or wrong. */
static struct slice requests_of(const struct talk *t)
{
	struct slice in = t->all;
	struct proxy_header h;
	struct err e = { 0 };
	size_t used;

	if ((t->client & PROXY) == 0)
		return in;
	if (proxy_header_read(in, &h, &used, &e) != PARSE_DONE)
		return (struct slice){ NULL, 0 };
	return slice_from(in, used);
}

/* Whether a request must have been answered. */
static bool must_answer(const struct talk *t, const struct asked *a)
{
	if (a->r == PARSE_MORE)
		return false;
	/* A client that ends its side while a task works is taken for gone. */
	return !(a->may_wait && (t->client & HALF_CLOSES) != 0);
}

/* By the head alone, whatever its body is: OPTIONS, and a stranger's page. */
static bool by_head_alone(const struct talk *t, const struct answer *a)
{
	return a->status == 204 || (a->status == 303 && (t->client & STRANGER) != 0);
}

static void answers_fit(const struct talk *t)
{
	struct slice in = requests_of(t), out = buf_slice(&t->got);
	struct asked q;
	struct answer a;

	do {
		asked_take(&in, &q);
		if (!answer_take(&out, q.head_only, &a)) {
			/* Half an answer is none, and half a line of one is a fault. */
			check(out.n == 0 && !must_answer(t, &q));
			return;
		}
		check(q.r == PARSE_DONE ||
		      (a.close && (a.status >= 400 || by_head_alone(t, &a))));
		if (q.r == PARSE_DONE && q.bodyless && !q.may_wait &&
		    (t->client & (DRAINING | REFUSED)) == 0)
			check(a.close != q.keep_alive);
		if (!q.keep_alive || env.draining)
			check(a.close || t->late);
	} while (!a.close);
	check(out.n == 0); /* nothing behind the last */
}

/* The same answers; in those that a client did not wait for, as far as both have them. */
static void compare(const struct talk *x, const struct talk *y)
{
	struct slice in = requests_of(x), a = buf_slice(&x->got), b = buf_slice(&y->got);
	struct answer one, two;
	struct asked q;
	bool more;

	if (x->late)
		return;
	do {
		asked_take(&in, &q);
		more = answer_take(&a, q.head_only, &one);
		if (more != answer_take(&b, q.head_only, &two)) {
			check(q.may_wait);
			return;
		}
		check(!more || (one.looks == two.looks && one.close == two.close));
	} while (more && !one.close);
}

static void prepare(struct talk *t, size_t step, const uint8_t *data, size_t size)
{
	*t = (struct talk){ .client = data[0], .step = step, .got = t->got };
	t->late = (t->client & DRAINING) != 0 && (data[1] & 64) != 0;
	t->all = (struct slice){ (const char *)data + 2, size - 2 };
	if (t->got.cap == 0)
		buf_init(&t->got, 1 << 28);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct talk whole, pieces; /* their buffers are used again */

	if (size < 2)
		return 0;
	if (slots == NULL)
		set_up();
	prepare(&whole, 1 << 20, data, size);
	prepare(&pieces, (data[1] & 63u) + 1, data, size);
	talk(&whole);
	talk(&pieces);
	if ((whole.client & GOES_AWAY) == 0) {
		answers_fit(&whole);
		answers_fit(&pieces);
		compare(&whole, &pieces);
	}
	return 0;
}
