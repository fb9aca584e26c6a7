/*
 * Requests as they come in: heads and bodies. Ignorant of what is asked for.
 */
#include "server/conn_state.h"

#include "parse/proxy_protocol.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/router.h"
#include "server/serve.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* What comes before the first request, and never again. */
bool conn_step_proxy(struct conn *c)
{
	struct err e = { .kind = ERR_NONE };
	struct proxy_header h;
	size_t used;
	int r = proxy_header_read(buf_slice(&c->in), &h, &used, &e);

	if (r == PARSE_MORE)
		return false;
	if (r < 0) {
		metrics_add(c->env->handle.metrics, METRIC_REFUSED_PROXY, 1);
		log_line(LOG_WARNING, "connection of %s closed: %s", c->peer, e.text);
		conn_enter(c, CONN_OVER, 0);
		return false;
	}
	buf_drop(&c->in, used);
	if (h.known) {
		c->client = clients_named(&c->env->clients, &h.source);
		ip_write(&h.source, c->peer);
	}
	conn_admit(c);
	return c->state == CONN_HEAD;
}

static void want_continue(struct conn *c)
{
	static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
	ssize_t n;

	/* Where the socket's buffer is full of an earlier answer, a client that does not
	 * get it must send its body all the same (RFC 9110, 10.1.1). */
	if (!c->req->framing.expect_continue || c->in.n > 0)
		return;
	n = send(c->fd, line, sizeof(line) - 1, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	/* The rest of the line would have to go before the answer. */
	if (n < (ssize_t)sizeof(line) - 1) {
		c->gone = true;
		conn_enter(c, CONN_OVER, 0);
		return;
	}
	metrics_add(c->env->handle.metrics, METRIC_SENT, (uint64_t)n);
}

/* The peer, or whom a proxy names that is trusted. */
static void name_client(struct conn *c)
{
	struct ip ip = c->client.ip, was = ip;
	char text[IP_TEXT];
	struct slice copy;

	c->req->peer = c->peer;
	c->req->secure = c->by_proxy && forwarded_secure(&c->req->head);
	if (!c->client.trusted)
		return;
	forwarded_client(&c->req->head, &c->env->clients.trusted, &ip);
	if (memcmp(&ip, &was, sizeof(ip)) == 0)
		return;
	ip_write(&ip, text);
	copy = arena_dup(&c->arena, slice_str(text));
	if (copy.p != NULL)
		c->req->peer = copy.p;
}

static void request_begin(struct conn *c, const struct http_head *h)
{
	struct err e = { .kind = ERR_NONE };

	response_init(&c->res, &c->arena);
	c->req = arena_alloc(&c->arena, sizeof(*c->req));
	if (c->req == NULL || request_adopt(c->req, h, &c->arena, &e) < 0) {
		c->req = NULL;
		conn_answer_error(c, 500, "internal_error",
				  "the server is out of memory");
		return;
	}
	c->req->body.fd = -1;
	name_client(c);
	c->req->started_us = c->came_us != 0 ? c->came_us : c->env->now_us;
	request_identify(c->req, &c->env->ids);
}

/* serve_admit(); the lookup of a session may wait for the database. */
static bool admit(struct conn *c)
{
	struct conn_env *env = c->env;
	uint64_t from = env->now_us;
	enum slot_state before;
	bool goes_on;

	if (!env->handle.cfg->auth || c->req->route->least == ROLE_ANYONE)
		return serve_admit(&env->handle, c->req, &c->res);
	before = conn_work_begin(c);
	goes_on = serve_admit(&env->handle, c->req, &c->res);
	conn_work_end(&c, 1, before);
	c->head_us = env->now_us - from;
	return goes_on;
}

/* Reads a head from c->in. Returns whether to go on. */
bool conn_step_head(struct conn *c)
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
			conn_enter(c, CONN_HEAD, c->env->handle.cfg->head_timeout);
		return false;
	}
	conn_answer_take(c);
	if (r < 0) {
		response_init(&c->res, &c->arena);
		serve_bad_head(c->parser.http_status, &e, &c->res);
		conn_send_begin(c);
		return true;
	}
	c->parser = (struct http_head_parser){ .at = 0 };
	request_begin(c, &h);
	buf_drop(&c->in, used);
	if (c->req == NULL)
		return true;
	if (c->refused != 0) {
		c->res.close = true;
		conn_answer_busy(c, c->refused);
		return true;
	}
	if (!serve_head(c->req, &c->res) || !admit(c)) {
		conn_send_begin(c);
		return true;
	}
	conn_enter(c, CONN_BODY, c->env->handle.cfg->body_timeout);
	c->received = c->in.n;
	c->rate_ms = c->env->handle.cfg->body_min_rate == 0
			     ? UINT64_MAX
			     : conn_now_ms(c) + CONN_RATE_MS;
	want_continue(c);
	return true;
}

bool conn_step_body(struct conn *c)
{
	struct err e = { .kind = ERR_NONE };
	struct slice in = buf_slice(&c->in);
	int r = body_feed(&c->req->body, &in, &e);

	buf_drop(&c->in, c->in.n - in.n);
	if (r == PARSE_MORE)
		return false;
	if (r == PARSE_DONE) {
		conn_dispatch(c);
		return true;
	}
	if (e.kind == ERR_ROOM || e.kind == ERR_BUSY || e.kind == ERR_INTERNAL)
		log_line(LOG_ERROR, "%s: %s", c->req->route->name, e.text);
	response_failure(&c->res, "bad_request", &e);
	c->res.close = true;
	conn_send_begin(c);
	return true;
}

void conn_read_more(struct conn *c)
{
	struct err e = { .kind = ERR_NONE };
	size_t want = c->state == CONN_BODY ? CONN_READ_BODY : CONN_READ;
	ssize_t n;

	conn_in_take(c);
	if (want > c->in.cap - c->in.n)
		want = c->in.cap - c->in.n;
	if (want == 0 || buf_reserve(&c->in, want, &e) < 0) {
		conn_enter(c, CONN_OVER, 0);
		return;
	}
	n = read(c->fd, c->in.p + c->in.n, want);
	if (n > 0) {
		metrics_add(c->env->handle.metrics, METRIC_RECEIVED, (uint64_t)n);
		c->in.n += (size_t)n;
		c->received += (uint64_t)n;
		conn_advance(c);
	} else if (n == 0 ||
		   (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
		c->gone = c->state != CONN_PROXY;
		conn_enter(c, CONN_OVER, 0);
	}
	conn_in_give(c);
}
