/*
 * A worker's connections. Ignorant of HTTP, and of when to accept.
 */
#include "server/conns.h"

#include "server/log.h"

#include <unistd.h>

enum { STEP = 64 };

struct conns_place {
	struct conn *conn; /* NULL: no connection's */
	int task_fd;       /* at the connection's own: its task's, or -1 */
};

void conns_init(struct conns *s, struct poller *p)
{
	*s = (struct conns){ .poller = p, .next_ms = UINT64_MAX };
}

static int grow(struct conns *s, int fd, struct err *e)
{
	size_t want = ((size_t)fd / STEP + 1) * STEP;
	struct conns_place *p;

	if ((size_t)fd < s->places)
		return 0;
	p = realloc(s->place, want * sizeof(*p));
	if (p == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory for a connection");
	for (size_t i = s->places; i < want; i++)
		p[i] = (struct conns_place){ .task_fd = -1 };
	s->place = p;
	s->places = want;
	return 0;
}

/* The descriptor is closed, or about to be. */
static void vacate(struct conns *s, int fd)
{
	if (fd < 0 || (size_t)fd >= s->places)
		return;
	poller_closing(s->poller, fd);
	s->place[fd] = (struct conns_place){ .task_fd = -1 };
}

static void end(struct conns *s, struct conn *c)
{
	int fd = conn_fd(c);

	if (s->place[fd].task_fd != fd)
		vacate(s, s->place[fd].task_fd);
	vacate(s, fd);
	conn_close(&c);
	s->n--;
}

/* A task's descriptor comes and goes without a word, and its number may be the last
 * one's. */
static int settle_task(struct conns *s, struct conn *c, struct err *e)
{
	int fd = conn_fd(c), was = s->place[fd].task_fd, is = conn_task_fd(c);

	if (was >= 0 && was != is)
		vacate(s, was);
	s->place[fd].task_fd = is;
	if (is < 0)
		return 0;
	if (grow(s, is, e) < 0 || poller_watch_anew(s->poller, is, POLLIN, e) < 0)
		return -1;
	s->place[is].conn = c;
	return 0;
}

void conns_settle(struct conns *s, struct conn *c)
{
	struct err e = { .kind = ERR_NONE };
	uint64_t deadline;

	if (conn_over(c)) {
		end(s, c);
		return;
	}
	if (poller_watch(s->poller, conn_fd(c), conn_events(c), &e) < 0 ||
	    settle_task(s, c, &e) < 0) {
		log_line(LOG_ERROR, "a connection ends: %s", e.text);
		end(s, c);
		return;
	}
	deadline = conn_deadline(c);
	if (deadline < s->next_ms)
		s->next_ms = deadline;
}

int conns_add(struct conns *s, struct conn *c, struct err *e)
{
	if (grow(s, conn_fd(c), e) < 0) {
		conn_close(&c);
		return -1;
	}
	s->place[conn_fd(c)].conn = c;
	s->n++;
	return 0;
}

void conns_event(struct conns *s, int fd, short events)
{
	struct conn *c = (size_t)fd < s->places ? s->place[fd].conn : NULL;

	if (c == NULL)
		return;
	if (fd == conn_fd(c))
		conn_ready(c, events);
	else if (fd == conn_task_fd(c))
		conn_task_ready(c);
	conns_settle(s, c);
}

void conns_tick(struct conns *s, uint64_t now_ms)
{
	if (now_ms < s->next_ms)
		return;
	s->next_ms = UINT64_MAX;
	for (size_t fd = 0; fd < s->places; fd++) {
		struct conn *c = s->place[fd].conn;

		if (c == NULL || conn_fd(c) != (int)fd)
			continue;
		if (conn_deadline(c) <= now_ms)
			conn_tick(c, now_ms);
		conns_settle(s, c);
	}
}

void conns_answer_gathered(struct conns *s, struct conn_env *env)
{
	struct conn *c[SCANS_TOGETHER];
	size_t n;

	while ((n = conn_answer_gathered(env, c)) > 0)
		for (size_t i = 0; i < n; i++)
			conns_settle(s, c[i]);
}

void conns_sweep(struct conns *s, bool each(void *, struct conn *), void *ctx)
{
	for (size_t fd = 0; fd < s->places && s->n > 0; fd++) {
		struct conn *c = s->place[fd].conn;

		if (c != NULL && conn_fd(c) == (int)fd && each(ctx, c))
			end(s, c);
	}
}

void conns_abandon(const struct conns *s)
{
	for (size_t fd = 0; fd < s->places; fd++)
		if (s->place[fd].conn != NULL)
			(void)close((int)fd);
}

static bool all(void *ctx, struct conn *c)
{
	(void)ctx;
	(void)c;
	return true;
}

void conns_release(struct conns *s)
{
	conns_sweep(s, all, NULL);
	free(s->place);
	*s = (struct conns){ .poller = s->poller };
}
