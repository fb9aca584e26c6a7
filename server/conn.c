/*
 * A connection as a state machine. Ignorant of routes and handlers: serve knows
 * them; of processes: task knows them.
 */
#include "server/clock.h"
#include "server/conn_state.h"

#include "server/log.h"
#include "server/router.h"
#include "server/serve.h"

#include <unistd.h>

enum { ARENA_CAP = 80 * 1024 * 1024, REFUSED_MS = 2000 };

void conn_env_init(struct conn_env *env)
{
	struct conn_memory *m = &env->spare;

	buf_init(&m->in,
		 (size_t)env->limits.max_line + env->limits.max_head + CONN_READ_BODY);
	buf_init(&m->head, CONN_HEAD_CAP);
	arena_init(&m->arena, ARENA_CAP);
	request_ids_init(&env->ids);
	env->now_us = clock_us();
}

void conn_env_release(struct conn_env *env)
{
	buf_release(&env->spare.in);
	buf_release(&env->spare.head);
	arena_release(&env->spare.arena);
}

/* `to` has no memory: that of `from`, if there is any. Their caps are the same. */
static void buf_swap(struct buf *to, struct buf *from)
{
	struct buf had = *to;

	*to = *from;
	*from = had;
}

void conn_in_take(struct conn *c)
{
	if (c->in.p == NULL)
		buf_swap(&c->in, &c->env->spare.in);
}

void conn_in_give(struct conn *c)
{
	if (c->in.n > 0 || c->in.p == NULL)
		return;
	if (c->env->spare.in.p == NULL)
		buf_swap(&c->env->spare.in, &c->in);
	else
		buf_release(&c->in);
}

void conn_answer_take(struct conn *c)
{
	struct arena had = c->arena;

	if (c->head.p == NULL)
		buf_swap(&c->head, &c->env->spare.head);
	if (c->arena.head != NULL)
		return;
	c->arena = c->env->spare.arena;
	c->env->spare.arena = had;
}

static void answer_give(struct conn *c)
{
	struct arena had = c->env->spare.arena;

	c->head.n = 0;
	if (c->env->spare.head.p == NULL)
		buf_swap(&c->env->spare.head, &c->head);
	else
		buf_release(&c->head);
	arena_reset(&c->arena);
	if (had.head != NULL) {
		arena_release(&c->arena);
		return;
	}
	c->env->spare.arena = c->arena;
	c->arena = had;
}

void conn_enter(struct conn *c, enum conn_state state, uint64_t in_ms)
{
	c->state = state;
	c->deadline_ms = conn_now_ms(c) + in_ms;
}

static enum slot_conn waits_for(const struct conn *c)
{
	switch (c->state) {
	case CONN_PROXY:
		return SLOT_CONN_HEAD;
	case CONN_HEAD:
		return c->in.n == 0 ? SLOT_CONN_IDLE : SLOT_CONN_HEAD;
	case CONN_BODY:
		return SLOT_CONN_BODY;
	case CONN_TASK_SLOT:
		return SLOT_CONN_WAIT;
	case CONN_TASK:
		return SLOT_CONN_TASK;
	case CONN_SEND:
		return SLOT_CONN_SEND;
	case CONN_LINGER:
		return SLOT_CONN_LINGER;
	case CONN_GATHERED: /* for no longer than a round */
		return c->shown;
	case CONN_OVER:
	default:
		return SLOT_CONNS;
	}
}

void conn_show(struct conn *c)
{
	enum slot_conn now = waits_for(c);
	atomic_uint *shown = c->env->slot->conn;

	if (now == c->shown)
		return;
	if (c->shown != SLOT_CONNS)
		(void)atomic_fetch_sub_explicit(&shown[c->shown], 1,
						memory_order_relaxed);
	if (now != SLOT_CONNS)
		(void)atomic_fetch_add_explicit(&shown[now], 1, memory_order_relaxed);
	c->shown = now;
}

/* A connection that is refused gets its answer when it has asked, like any other (behind
 * a proxy's header, too), or ends soon. */
static void refuse(struct conn *c, unsigned status, enum metric why)
{
	metrics_add(c->env->handle.metrics, why, 1);
	c->refused = status;
	conn_enter(c, c->state, REFUSED_MS);
}

void conn_refuse(struct conn *c)
{
	refuse(c, 503, METRIC_REFUSED_FULL);
}

void conn_admit(struct conn *c)
{
	conn_enter(c, CONN_HEAD,
		   c->refused != 0 ? REFUSED_MS : c->env->handle.cfg->idle_timeout);
	switch (clients_enter(&c->env->clients, &c->client)) {
	case CLIENTS_TOO_MANY:
		refuse(c, 429, METRIC_REFUSED_CLIENT);
		break;
	case CLIENTS_FLOOD:
		refuse(c, 429, METRIC_REFUSED_CLIENT);
		conn_enter(c, CONN_OVER, 0);
		break;
	case CLIENTS_WELCOME:
	default:
		break;
	}
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
	buf_init(&c->in, env->spare.in.cap);
	buf_init(&c->head, env->spare.head.cap);
	arena_init(&c->arena, env->spare.arena.cap);
	c->shown = SLOT_CONNS;
	(void)snprintf(c->peer, sizeof(c->peer), "%s", peer);
	metrics_add(env->handle.metrics, METRIC_ACCEPTED, 1);
	c->client = clients_peer(&env->clients, peer);
	c->by_proxy = c->client.trusted;
	if (c->by_proxy && env->handle.cfg->proxy_protocol)
		conn_enter(c, CONN_PROXY, env->handle.cfg->head_timeout);
	else
		conn_admit(c);
	conn_show(c);
	return c;
}

void conn_spent(struct conn *c, uint64_t db_us, const char *slowest, uint64_t slowest_us)
{
	c->db_us += db_us;
	if (slowest == NULL || slowest_us < c->slowest_us)
		return;
	c->slowest = slowest;
	c->slowest_us = slowest_us;
}

/* Draining is the worker, and not the whole host alone: the master takes it for one that
 * retires. */
enum slot_state conn_work_begin(struct conn *c)
{
	struct conn_env *env = c->env;
	enum slot_state before = (enum slot_state)atomic_load_explicit(
		&env->slot->state, memory_order_relaxed);
	uint64_t slowest_us;

	slot_route(env->slot, slice_str(c->req->route->name));
	slot_request(env->slot, c->req->id);
	slot_state_at(env->slot, SLOT_BUSY, env->now_us / 1000);
	(void)db_spent_us(env->handle.db); /* by the health check */
	(void)db_slowest(env->handle.db, &slowest_us);
	return before;
}

void conn_work_end(struct conn *const c[], size_t n, enum slot_state before)
{
	struct conn_env *env = c[0]->env;
	uint64_t db_us = db_spent_us(env->handle.db), slowest_us;
	const char *slowest = db_slowest(env->handle.db, &slowest_us);

	env->now_us = clock_us();
	slot_state_at(env->slot, before, env->now_us / 1000);
	for (size_t i = 0; i < n; i++)
		conn_spent(c[i], db_us, slowest, slowest_us);
}

void conn_request_end(struct conn *c)
{
	if (c->req != NULL)
		body_release(&c->req->body);
	c->req = NULL;
	c->deaf = false;
	c->whole_us = c->head_us = c->db_us = c->came_us = 0;
	c->slowest = NULL;
	c->slowest_us = 0;
	task_end(&c->task);
	response_unmap(&c->res);
	answer_give(c);
}

static void ungather(struct conn *c)
{
	struct conn **at = &c->env->gathered;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (*at == NULL)
		c->env->gathered_end = at;
}

void conn_close(struct conn **cp)
{
	struct conn *c = *cp;

	if (c == NULL)
		return;
	if (c->state == CONN_GATHERED)
		ungather(c);
	conn_log_end(c);
	conn_request_end(c);
	c->state = CONN_OVER;
	conn_show(c);
	clients_leave(&c->env->clients, &c->client);
	c->in.n = 0;
	conn_in_give(c);
	(void)close(c->fd);
	free(c);
	*cp = NULL;
}

/* Until it was accepted, or while the worker answered those before it in this round. What
 * is left unanswered for so long is better sent to another host, or asked again when this
 * one has caught up. */
static bool waited_too_long(const struct conn *c)
{
	const struct conn_env *env = c->env;
	uint32_t most = env->handle.cfg->shed_after;

	uint64_t since_ms = c->came_us != 0 ? c->came_us / 1000 : env->round_ms;

	return most != 0 && (c->req->route->flags & ROUTE_ALWAYS) == 0 &&
	       conn_now_ms(c) >= since_ms + most;
}

/* To the others of this round that can share a transaction. */
static void gather(struct conn *c)
{
	struct conn_env *env = c->env;

	conn_enter(c, CONN_GATHERED, env->handle.cfg->request_timeout);
	c->next = NULL;
	if (env->gathered == NULL)
		env->gathered_end = &env->gathered;
	*env->gathered_end = c;
	env->gathered_end = &c->next;
}

static bool shed(struct conn *c)
{
	if (!waited_too_long(c))
		return false;
	metrics_add(c->env->handle.metrics, METRIC_SHED, 1);
	conn_answer_busy(c, 503);
	return true;
}

/* Answers the whole requests of n connections, more than one only of scans. */
static void answer(struct conn_env *env, struct conn *const c[], size_t n)
{
	struct request *req[SCANS_TOGETHER];
	struct response *res[SCANS_TOGETHER];
	enum slot_state before = conn_work_begin(c[0]);

	for (size_t i = 0; i < n; i++) {
		req[i] = c[i]->req;
		res[i] = &c[i]->res;
	}
	if (n == 1)
		serve_request(&env->handle, req[0], res[0]);
	else
		serve_together(&env->handle, req, res, n);
	conn_work_end(c, n, before);
	for (size_t i = 0; i < n; i++)
		conn_send_begin(c[i]);
}

/* A whole request: answered here, at the end of the round, or by a task. */
void conn_dispatch(struct conn *c)
{
	struct conn_env *env = c->env;

	c->whole_us = c->came_us != 0 ? c->came_us : env->now_us;
	if ((c->req->route->flags & ROUTE_TOGETHER) != 0) {
		gather(c);
	} else if (shed(c)) {
		return;
	} else if (serve_in_task(c->req)) {
		slot_route(env->slot, slice_str(c->req->route->name));
		conn_enter(c, CONN_TASK_SLOT, env->handle.cfg->request_timeout);
		c->retry_ms = 0;
	} else {
		answer(env, &c, 1);
	}
}

size_t conn_answer_gathered(struct conn_env *env, struct conn *answered[SCANS_TOGETHER])
{
	struct conn *together[SCANS_TOGETHER];
	size_t n = 0, all = 0;

	for (; all < SCANS_TOGETHER && env->gathered != NULL; all++) {
		struct conn *c = env->gathered;

		env->gathered = c->next;
		answered[all] = c;
		if (!shed(c))
			together[n++] = c;
	}
	if (n > 0)
		answer(env, together, n);
	for (size_t i = 0; i < all; i++) {
		conn_advance(answered[i]);
		conn_show(answered[i]);
	}
	return all;
}

/* Goes on until bytes, room or a task are needed, or one request was answered: who sends
 * many at once has his turn with the others. */
void conn_advance(struct conn *c)
{
	bool on = true;

	c->again = false;
	while (on)
		switch (c->state) {
		case CONN_PROXY:
			on = conn_step_proxy(c);
			break;
		case CONN_HEAD:
			on = conn_step_head(c);
			break;
		case CONN_BODY:
			on = conn_step_body(c);
			break;
		case CONN_TASK_SLOT:
			conn_task_try(c);
			on = c->state == CONN_SEND;
			break;
		case CONN_SEND:
			on = false;
			c->again =
				conn_step_send(c) && c->state == CONN_HEAD && c->in.n > 0;
			break;
		case CONN_GATHERED:
		case CONN_TASK:
		case CONN_LINGER:
		case CONN_OVER:
		default:
			on = false;
			break;
		}
}

void conn_begin(struct conn *c, uint64_t waited_ms)
{
	c->came_us = c->env->now_us - waited_ms * 1000;
	conn_ready(c, POLLIN);
	if (c->state != CONN_GATHERED)
		c->came_us = 0;
}

int conn_fd(const struct conn *c)
{
	return c->fd;
}

short conn_events(const struct conn *c)
{
	switch (c->state) {
	case CONN_PROXY:
	case CONN_HEAD:
		return c->again ? 0 : POLLIN;
	case CONN_BODY:
	case CONN_GATHERED: /* it is answered before the next round */
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
	c->env->now_us = clock_us();
	switch (c->state) {
	case CONN_PROXY:
	case CONN_HEAD:
	case CONN_BODY:
		if (!c->again)
			conn_read_more(c);
		break;
	case CONN_TASK_SLOT:
	case CONN_TASK:
		conn_watch_client(c, revents);
		break;
	case CONN_SEND:
		conn_advance(c);
		break;
	case CONN_LINGER:
		conn_linger(c);
		break;
	case CONN_GATHERED:
	case CONN_OVER:
	default:
		break;
	}
	conn_show(c);
}

static void timed_out(struct conn *c)
{
	switch (c->state) {
	case CONN_GATHERED: /* it is answered in this round, however long that takes */
		return;
	case CONN_HEAD:
		if (c->in.n == 0) { /* an idle connection just ends */
			conn_enter(c, CONN_OVER, 0);
			return;
		}
		response_init(&c->res, &c->arena);
		conn_answer_error(c, 408, "request_timeout",
				  "the request's head took too long");
		break;
	case CONN_BODY:
		conn_answer_error(c, 408, "request_timeout",
				  "the request's body took too long");
		break;
	case CONN_TASK_SLOT:
		response_error(
			&c->res, 503, "busy",
			"the server is busy with other uploads; nothing was changed; try "
			"again in a minute");
		response_field(&c->res, "Retry-After", SLICE("30"));
		conn_send_begin(c);
		break;
	case CONN_TASK:
		log_line(LOG_ERROR, "%s %.*s: took longer than task_timeout",
			 c->req->route->name, (int)c->req->id.n, c->req->id.p);
		conn_task_lost(c, "task_timeout", "took_too_long",
			       "this took longer than the server allows");
		break;
	case CONN_PROXY:
	case CONN_SEND:
	case CONN_LINGER:
	case CONN_OVER:
	default:
		conn_enter(c, CONN_OVER, 0);
		return;
	}
	conn_advance(c);
}

/* A body that comes too slowly ends like one that never comes. */
static void look_at_rate(struct conn *c, uint64_t now_ms)
{
	uint64_t least = c->env->handle.cfg->body_min_rate * CONN_RATE_MS / 1000;

	if (c->received < least)
		c->deadline_ms = now_ms;
	c->received = 0;
	c->rate_ms = now_ms + CONN_RATE_MS;
}

void conn_tick(struct conn *c, uint64_t now_ms)
{
	if (c->again) {
		conn_advance(c);
		conn_in_give(c);
		conn_show(c);
		return;
	}
	if (c->state == CONN_TASK_SLOT && now_ms >= c->retry_ms)
		conn_advance(c);
	if (c->state == CONN_BODY && now_ms >= c->rate_ms)
		look_at_rate(c, now_ms);
	if (now_ms >= c->deadline_ms && c->state != CONN_OVER)
		timed_out(c);
	conn_show(c);
}

uint64_t conn_deadline(const struct conn *c)
{
	if (c->again)
		return 0;
	if (c->state == CONN_TASK_SLOT && c->retry_ms < c->deadline_ms)
		return c->retry_ms;
	if (c->state == CONN_BODY && c->rate_ms < c->deadline_ms)
		return c->rate_ms;
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

bool conn_reaped(struct conn *c, pid_t pid, int status)
{
	if (c->task.fd < 0 || c->task.pid != pid)
		return false;
	c->task.pid = 0;
	c->task.status = status;
	return true;
}
