/*
 * A connection as a state machine. Ignorant of routes and handlers: serve knows
 * them; of processes: task knows them.
 */
#include "server/conn.h"

#include "server/access_log.h"
#include "server/log.h"
#include "server/router.h"
#include "server/serve.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
	READ_SIZE = 16 * 1024,
	READ_BODY = 64 * 1024,
	HEAD_CAP = 64 * 1024, /* of an answer */
	ARENA_CAP = 80 * 1024 * 1024,
	LINGER_MS = 2000,
	LINGER_BYTES = 4 * 1024 * 1024,
	TASK_RETRY_MS = 50
};

/* Named for what comes next. */
enum conn_state {
	CONN_HEAD,      /* a request's head */
	CONN_BODY,      /* its body */
	CONN_TASK_SLOT, /* a free task */
	CONN_TASK,      /* the task's answer */
	CONN_SEND,      /* the client taking the answer */
	CONN_LINGER,    /* the client's end, whatever it still sends (RFC 9112, 9.6) */
	CONN_OVER
};

struct conn {
	struct conn_env *env;
	int fd;
	enum conn_state state;
	uint64_t deadline_ms;
	uint64_t retry_ms; /* CONN_TASK_SLOT: the next try */
	struct buf in;
	struct http_head_parser parser;
	struct arena arena;
	struct request *req; /* in the arena; NULL between requests */
	struct response res;
	struct buf head; /* of the answer */
	uint64_t sent;   /* bytes of head and body */
	bool keep_alive;
	bool served; /* one answer at least */
	bool deaf;   /* more bytes wait, but not for the request at hand: don't poll for
			them */
	uint64_t lingered;
	uint64_t db_us; /* spent on PostgreSQL for this request */
	struct task task;
	char peer[64];
};

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void enter(struct conn *c, enum conn_state state, uint64_t in_ms)
{
	c->state = state;
	c->deadline_ms = slots_now_ms() + in_ms;
}

struct conn *conn_open(struct conn_env *env, int fd, const char *peer)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)close(fd);
		return NULL;
	}
	c->env = env;
	c->fd = fd;
	c->task.fd = -1;
	buf_init(&c->in, (size_t)env->limits.max_line + env->limits.max_head + READ_BODY);
	buf_init(&c->head, HEAD_CAP);
	arena_init(&c->arena, ARENA_CAP);
	(void)snprintf(c->peer, sizeof(c->peer), "%s", peer);
	enter(c, CONN_HEAD, env->handle.cfg->idle_timeout);
	return c;
}

static void request_end(struct conn *c)
{
	if (c->req != NULL)
		body_release(&c->req->body);
	c->req = NULL;
	task_end(&c->task);
	buf_release(&c->head);
	arena_reset(&c->arena);
}

void conn_close(struct conn **cp)
{
	struct conn *c = *cp;

	if (c == NULL)
		return;
	request_end(c);
	buf_release(&c->in);
	arena_release(&c->arena);
	(void)close(c->fd);
	free(c);
	*cp = NULL;
}

/* The answer in c->res goes out. */
static void send_begin(struct conn *c)
{
	struct err e = { .kind = ERR_NONE };
	struct response_context ctx = {
		.head_only = c->req != NULL && c->req->head.method == HTTP_HEAD,
		.now = time(NULL),
	};

	c->keep_alive = c->req != NULL && c->req->framing.keep_alive && !c->res.close &&
			!c->env->draining;
	ctx.keep_alive = c->keep_alive;
	if (c->req != NULL)
		ctx.request_id = c->req->id;
	if (response_head(&c->res, &ctx, &c->head, &e) < 0) {
		log_line(LOG_ERROR, "an answer could not be written: %s", e.text);
		enter(c, CONN_OVER, 0);
		return;
	}
	if (ctx.head_only || c->res.status == 204 || c->res.status == 304)
		c->res.body.n = 0;
	c->sent = 0;
	enter(c, CONN_SEND, c->env->handle.cfg->request_timeout);
}

static void answer_error(struct conn *c, unsigned status, const char *code,
			 const char *text)
{
	response_error(&c->res, status, code, "%s", text);
	c->res.close = true;
	send_begin(c);
}

/* A whole request: answered here, or by a task. */
static void dispatch(struct conn *c)
{
	struct conn_env *env = c->env;

	slot_route(env->slot, slice_str(c->req->route->name));
	if (serve_in_task(c->req)) {
		enter(c, CONN_TASK_SLOT, env->handle.cfg->request_timeout);
		c->retry_ms = 0;
		return;
	}
	slot_state(env->slot, SLOT_BUSY);
	serve_request(&env->handle, c->req, &c->res);
	slot_state(env->slot, env->draining ? SLOT_DRAINING : SLOT_IDLE);
	c->db_us = db_spent_us(env->handle.db);
	send_begin(c);
}

/* A waiting task starts as soon as one of the host's slots is free. */
static void task_try(struct conn *c)
{
	struct err e = { .kind = ERR_NONE };
	uint64_t now = slots_now_ms();
	int r;

	if (now < c->retry_ms)
		return;
	c->retry_ms = now + TASK_RETRY_MS;
	r = task_start(&c->task, &c->env->handle, c->req, c->env->forget,
		       c->env->forget_ctx, &e);
	if (r == 0) {
		c->state = CONN_TASK;
		c->deadline_ms = c->task.deadline_ms;
	} else if (r < 0) {
		log_line(LOG_ERROR, "%s: %s", c->req->route->name, e.text);
		response_failure(&c->res, "internal_error", &e);
		send_begin(c);
	}
}

static void want_continue(struct conn *c)
{
	static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";

	/* Nothing else is on its way out, so that the socket's buffer has room; a client
	 * that does not get it must send its body all the same (RFC 9110, 10.1.1). */
	if (c->req->framing.expect_continue && c->in.n == 0 &&
	    send(c->fd, line, sizeof(line) - 1, MSG_NOSIGNAL) < 0)
		enter(c, CONN_OVER, 0);
}

static void request_begin(struct conn *c, const struct http_head *h)
{
	struct err e = { .kind = ERR_NONE };

	response_init(&c->res, &c->arena);
	c->req = arena_alloc(&c->arena, sizeof(*c->req));
	if (c->req == NULL || request_adopt(c->req, h, &c->arena, &e) < 0) {
		c->req = NULL;
		answer_error(c, 500, "internal_error", "the server is out of memory");
		return;
	}
	c->req->peer = c->peer;
	c->req->started_us = now_us();
	request_identify(c->req);
}

/* Reads a head from c->in. Returns whether to go on. */
static bool step_head(struct conn *c)
{
	static struct http_head h; /* large; a worker reads one head at a time */
	struct err e = { .kind = ERR_NONE };
	bool first = c->parser.at == 0;
	size_t used;
	int r;

	if (c->in.n == 0)
		return false;
	r = http_head_feed(&c->parser, buf_slice(&c->in), &c->env->limits, &h, &used, &e);
	if (r == PARSE_MORE) {
		if (first)
			enter(c, CONN_HEAD, c->env->handle.cfg->head_timeout);
		return false;
	}
	if (r < 0) {
		response_init(&c->res, &c->arena);
		serve_bad_head(c->parser.http_status, &e, &c->res);
		send_begin(c);
		return true;
	}
	c->parser = (struct http_head_parser){ .at = 0 };
	request_begin(c, &h);
	buf_drop(&c->in, used);
	if (c->req == NULL)
		return true;
	if (!serve_head(&c->env->handle, c->req, &c->res)) {
		send_begin(c);
		return true;
	}
	enter(c, CONN_BODY, c->env->handle.cfg->body_timeout);
	want_continue(c);
	return true;
}

static bool step_body(struct conn *c)
{
	struct err e = { .kind = ERR_NONE };
	struct slice in = buf_slice(&c->in);
	int r = body_feed(&c->req->body, &in, &e);

	buf_drop(&c->in, c->in.n - in.n);
	if (r == PARSE_MORE)
		return false;
	if (r == PARSE_DONE) {
		dispatch(c);
		return true;
	}
	if (e.kind == ERR_TRANSIENT || e.kind == ERR_INTERNAL)
		log_line(LOG_ERROR, "%s: %s", c->req->route->name, e.text);
	response_failure(&c->res, "bad_request", &e);
	c->res.close = true;
	send_begin(c);
	return true;
}

static void sent_all(struct conn *c)
{
	bool unread = c->res.close || c->in.n > 0;

	if (c->req != NULL)
		access_log_write(c->req, &c->res, c->res.body.n,
				 now_us() - c->req->started_us, c->db_us);
	(void)atomic_fetch_add_explicit(&c->env->slot->requests, 1, memory_order_relaxed);
	request_end(c);
	c->db_us = 0;
	c->served = true;
	if (c->keep_alive) {
		enter(c, CONN_HEAD, c->env->handle.cfg->idle_timeout);
		if (c->in.n == 0)
			buf_release(&c->in);
	} else if (unread) {
		/* Closing with bytes unread would reset the connection, and the client
		 * could lose the answer: say that we are done, and wait for its end. */
		(void)shutdown(c->fd, SHUT_WR);
		enter(c, CONN_LINGER, LINGER_MS);
	} else {
		enter(c, CONN_OVER, 0);
	}
}

/* Returns whether all was sent and the next request may follow. */
static bool step_send(struct conn *c)
{
	size_t head = c->sent < c->head.n ? c->head.n - (size_t)c->sent : 0;
	size_t body_at = c->sent > c->head.n ? (size_t)(c->sent - c->head.n) : 0;
	struct iovec iov[2];
	ssize_t n;
	int parts = 0;

	/* iovec has no const; nothing is written through it. */
	if (head > 0)
		iov[parts++] = (struct iovec){ c->head.p + c->sent, head };
	if (c->res.body.n > body_at)
		iov[parts++] =
			(struct iovec){ (void *)(uintptr_t)(c->res.body.p + body_at),
					c->res.body.n - body_at };
	n = writev(c->fd, iov, parts);
	if (n < 0) {
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			enter(c, CONN_OVER, 0);
		return false;
	}
	c->sent += (uint64_t)n;
	if (c->sent < c->head.n + c->res.body.n) {
		c->deadline_ms = slots_now_ms() + c->env->handle.cfg->request_timeout;
		return false;
	}
	sent_all(c);
	return true;
}

/* Goes on until bytes, room or a task are needed. */
static void advance(struct conn *c)
{
	bool on = true;

	while (on)
		switch (c->state) {
		case CONN_HEAD:
			on = step_head(c);
			break;
		case CONN_BODY:
			on = step_body(c);
			break;
		case CONN_TASK_SLOT:
			task_try(c);
			on = c->state == CONN_SEND;
			break;
		case CONN_SEND:
			on = step_send(c);
			break;
		case CONN_TASK:
		case CONN_LINGER:
		case CONN_OVER:
		default:
			on = false;
			break;
		}
}

static void read_more(struct conn *c)
{
	struct err e = { .kind = ERR_NONE };
	size_t want = c->state == CONN_BODY ? READ_BODY : READ_SIZE;
	ssize_t n;

	if (want > c->in.cap - c->in.n)
		want = c->in.cap - c->in.n;
	if (want == 0 || buf_reserve(&c->in, want, &e) < 0) {
		enter(c, CONN_OVER, 0);
		return;
	}
	n = read(c->fd, c->in.p + c->in.n, want);
	if (n > 0) {
		c->in.n += (size_t)n;
		advance(c);
	} else if (n == 0 ||
		   (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
		enter(c, CONN_OVER, 0);
	}
}

static void linger(struct conn *c)
{
	char waste[READ_SIZE];
	ssize_t n = read(c->fd, waste, sizeof(waste));

	if (n > 0)
		c->lingered += (uint64_t)n;
	if (n == 0 ||
	    (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) ||
	    c->lingered > LINGER_BYTES)
		enter(c, CONN_OVER, 0);
}

/* While a task works: bytes of a next request stay where they are; an end means that
 * nobody waits for this answer. */
static void watch_client(struct conn *c)
{
	char byte;
	ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK);

	if (n > 0) {
		c->deaf = true;
	} else if (n == 0 ||
		   (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
		log_line(LOG_INFO, "%s %.*s: the client went away; nothing was done",
			 c->req->route->name, (int)c->req->id.n, c->req->id.p);
		enter(c, CONN_OVER, 0);
	}
}

int conn_fd(const struct conn *c)
{
	return c->fd;
}

short conn_events(const struct conn *c)
{
	switch (c->state) {
	case CONN_HEAD:
	case CONN_BODY:
	case CONN_LINGER:
		return POLLIN;
	case CONN_TASK_SLOT:
	case CONN_TASK:
		return c->deaf ? 0 : POLLIN;
	case CONN_SEND:
		return POLLOUT;
	case CONN_OVER:
	default:
		return 0;
	}
}

int conn_task_fd(const struct conn *c)
{
	return c->state == CONN_TASK ? c->task.fd : -1;
}

void conn_ready(struct conn *c, short revents)
{
	switch (c->state) {
	case CONN_HEAD:
	case CONN_BODY:
		read_more(c);
		break;
	case CONN_TASK_SLOT:
	case CONN_TASK:
		if ((revents & (POLLHUP | POLLERR)) != 0)
			c->deaf = false;
		if (!c->deaf)
			watch_client(c);
		break;
	case CONN_SEND:
		advance(c);
		break;
	case CONN_LINGER:
		linger(c);
		break;
	case CONN_OVER:
	default:
		break;
	}
}

void conn_task_ready(struct conn *c)
{
	enum task_result r = task_read(&c->task, &c->res);

	if (r == TASK_RUNNING)
		return;
	c->deaf = false;
	if (r == TASK_ANSWERED) {
		task_end(&c->task);
		send_begin(c);
	} else {
		log_line(LOG_ERROR, "%s %.*s: its task %ld ended without an answer",
			 c->req->route->name, (int)c->req->id.n, c->req->id.p,
			 (long)c->task.pid);
		task_end(&c->task);
		answer_error(c, 503, "task_died",
			     "the server's process that worked on this ended "
			     "unexpectedly; nothing "
			     "was changed; try again");
	}
	advance(c);
}

static void timed_out(struct conn *c)
{
	switch (c->state) {
	case CONN_HEAD:
		if (c->in.n == 0) { /* an idle connection just ends */
			enter(c, CONN_OVER, 0);
			return;
		}
		response_init(&c->res, &c->arena);
		answer_error(c, 408, "request_timeout",
			     "the request's head took too long");
		break;
	case CONN_BODY:
		answer_error(c, 408, "request_timeout",
			     "the request's body took too long");
		break;
	case CONN_TASK_SLOT:
		response_error(
			&c->res, 503, "busy",
			"the server is busy with other uploads; nothing was changed; try "
			"again in a minute");
		response_field(&c->res, "Retry-After", SLICE("30"));
		send_begin(c);
		break;
	case CONN_TASK:
		log_line(LOG_ERROR, "%s %.*s: took longer than task_timeout",
			 c->req->route->name, (int)c->req->id.n, c->req->id.p);
		task_end(&c->task);
		answer_error(
			c, 503, "task_timeout",
			"this took longer than the server allows; nothing was changed");
		break;
	case CONN_SEND:
	case CONN_LINGER:
	case CONN_OVER:
	default:
		enter(c, CONN_OVER, 0);
		return;
	}
	advance(c);
}

void conn_tick(struct conn *c, uint64_t now_ms)
{
	if (c->state == CONN_TASK_SLOT && now_ms >= c->retry_ms)
		advance(c);
	if (now_ms >= c->deadline_ms && c->state != CONN_OVER)
		timed_out(c);
}

uint64_t conn_deadline(const struct conn *c)
{
	if (c->state == CONN_TASK_SLOT && c->retry_ms < c->deadline_ms)
		return c->retry_ms;
	return c->deadline_ms;
}

bool conn_over(const struct conn *c)
{
	return c->state == CONN_OVER;
}

bool conn_idle(const struct conn *c)
{
	return c->state == CONN_HEAD && c->in.n == 0;
}

bool conn_served(const struct conn *c)
{
	return c->served;
}

bool conn_reaped(struct conn *c, pid_t pid)
{
	if (c->task.fd < 0 || c->task.pid != pid)
		return false;
	c->task.pid = 0;
	return true;
}
