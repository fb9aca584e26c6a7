/*
 * Answers as they go out, and how a connection ends. Ignorant of what they say.
 */
#include "server/conn_state.h"

#include "server/access_log.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/router.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* How long the client may be silent, and how long it may go on. Programs send all of a
 * file before they read: what they send costs a read and no memory. */
enum { LINGER_MS = 2000, LINGER_MOST_MS = 30000 };

/* In the access log, as nginx has it. */
enum { CLIENT_GONE = 499 };

static void tell_slow(const struct conn *c)
{
	log_line(LOG_WARNING,
		 "slow: %s %.*s: answered %u after %llu ms, database %llu ms%s%s%s",
		 c->req->route->name, (int)c->req->id.n, c->req->id.p, c->res.status,
		 (unsigned long long)(c->took_us / 1000),
		 (unsigned long long)(c->db_us / 1000),
		 c->slowest == NULL ? "" : ", longest statement '",
		 c->slowest == NULL ? "" : c->slowest, c->slowest == NULL ? "" : "'");
}

/* An answer is there: counted, whether or not the client takes it. */
static void measure(struct conn *c)
{
	struct metrics *m = c->env->handle.metrics;
	uint32_t slow = c->env->handle.cfg->slow_log;

	c->took_us = c->head_us;
	if (c->whole_us != 0)
		c->took_us += c->env->now_us - c->whole_us;
	metrics_request(m, router_index(c->req == NULL ? NULL : c->req->route),
			c->res.status, c->took_us);
	if (c->req != NULL && slow != 0 && c->took_us >= (uint64_t)slow * 1000) {
		metrics_add(m, METRIC_SLOW, 1);
		tell_slow(c);
	}
}

/* RFC 9110 section 6.6.1; written once a second. */
static struct slice date(struct conn_env *env)
{
	time_t now = time(NULL);

	if (now != env->date_s || env->date[0] == '\0')
		http_date_write(now, env->date);
	env->date_s = now;
	return slice_str(env->date);
}

void conn_send_begin(struct conn *c)
{
	struct err e = { .kind = ERR_NONE };
	uint64_t rate = c->env->handle.cfg->body_min_rate;
	struct response_context ctx = {
		.head_only = (c->req != NULL ? c->req->head.method : c->parser.method) ==
			     HTTP_HEAD,
		.date = date(c->env),
	};

	c->keep_alive = c->req != NULL && c->req->framing.keep_alive && !c->res.close &&
			!c->env->draining;
	ctx.keep_alive = c->keep_alive;
	/* A head that could not be read has an answer to be found in the log, too. */
	c->id = c->req != NULL ? c->req->id : request_id_new(&c->env->ids, &c->arena);
	ctx.request_id = c->id;
	c->sent = 0;
	if (response_head(&c->res, &ctx, &c->head, &e) < 0) {
		log_line(LOG_ERROR, "an answer could not be written: %s", e.text);
		conn_enter(c, CONN_OVER, 0);
		return;
	}
	if (ctx.head_only || c->res.status == 204 || c->res.status == 304)
		c->res.body.n = 0;
	measure(c);
	conn_enter(c, CONN_SEND, c->env->handle.cfg->request_timeout);
	c->taken_ms =
		rate == 0 ? UINT64_MAX
			  : c->deadline_ms + (c->head.n + c->res.body.n) * 1000 / rate;
}

void conn_answer_error(struct conn *c, unsigned status, const char *code,
		       const char *text)
{
	response_error(&c->res, status, code, "%s", text);
	c->res.close = true;
	conn_send_begin(c);
}

void conn_answer_busy(struct conn *c, unsigned status)
{
	if (status == 429)
		response_error(&c->res, status, "too_many_connections",
			       "this client has too many connections; close some");
	else
		response_error(&c->res, status, "busy",
			       "the server is busy; nothing was changed; try again in a "
			       "moment");
	response_field(&c->res, "Retry-After", SLICE("2"));
	conn_send_begin(c);
}

static void write_line(struct conn *c, const struct access_log_line *line)
{
	if (access_log_write(line) < 0)
		metrics_add(c->env->handle.metrics, METRIC_LOG_LOST, 1);
}

void conn_log(struct conn *c)
{
	const struct access_log_line line = {
		.peer = c->peer,
		.id = c->id,
		.req = c->req,
		.status = c->res.status,
		.sent = c->sent > c->head.n ? c->sent - c->head.n : 0,
		.us = c->req == NULL ? 0 : c->env->now_us - c->req->started_us,
		.db_us = c->db_us,
	};

	write_line(c, &line);
}

/* What came of a head that is not whole is no request yet, if only its client could have
 * said what it was to be. */
void conn_log_end(struct conn *c)
{
	const struct access_log_line line = {
		.peer = c->peer,
		.id = c->req == NULL ? SLICE("") : c->req->id,
		.req = c->req,
		.status = c->gone ? CLIENT_GONE : 0,
		.us = c->req == NULL ? 0 : clock_us() - c->req->started_us,
		.db_us = c->db_us,
	};

	if (c->head.n > 0) {
		conn_log(c);
	} else if (c->req != NULL ||
		   (c->in.n > 0 && (c->gone || c->state == CONN_HEAD))) {
		metrics_add(c->env->handle.metrics, METRIC_UNANSWERED, 1);
		write_line(c, &line);
	}
}

static void sent_all(struct conn *c)
{
	/* Unless the client knew that this is the last answer, it may have sent more. */
	bool unread = c->in.n > 0 || c->res.close || c->req->framing.keep_alive;

	conn_log(c);
	(void)atomic_fetch_add_explicit(&c->env->slot->requests, 1, memory_order_relaxed);
	conn_request_end(c);
	c->served = true;
	if (c->keep_alive) {
		conn_enter(c, CONN_HEAD, c->env->handle.cfg->idle_timeout);
	} else if (unread) {
		/* Closing with bytes unread would reset the connection, and the client
		 * could lose the answer: say that we are done, and wait for its end. */
		(void)shutdown(c->fd, SHUT_WR);
		conn_enter(c, CONN_LINGER, LINGER_MS);
		c->linger_ms = c->env->draining ? c->deadline_ms
						: conn_now_ms(c) + LINGER_MOST_MS;
	} else {
		conn_enter(c, CONN_OVER, 0);
	}
}

/* Returns whether all was sent and the next request may follow. */
bool conn_step_send(struct conn *c)
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
			conn_enter(c, CONN_OVER, 0);
		return false;
	}
	metrics_add(c->env->handle.metrics, METRIC_SENT, (uint64_t)n);
	c->sent += (uint64_t)n;
	if (c->sent < c->head.n + c->res.body.n) {
		c->deadline_ms = conn_now_ms(c) + c->env->handle.cfg->request_timeout;
		if (c->deadline_ms > c->taken_ms)
			c->deadline_ms = c->taken_ms;
		return false;
	}
	sent_all(c);
	return true;
}

void conn_linger(struct conn *c)
{
	char waste[CONN_READ];
	ssize_t n = read(c->fd, waste, sizeof(waste));

	if (n > 0) {
		metrics_add(c->env->handle.metrics, METRIC_RECEIVED, (uint64_t)n);
		c->deadline_ms = conn_now_ms(c) + LINGER_MS;
		if (c->deadline_ms > c->linger_ms)
			c->deadline_ms = c->linger_ms;
	} else if (n == 0 ||
		   (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
		conn_enter(c, CONN_OVER, 0);
	}
}
