/*
 * A connection whose request is answered by a task. Ignorant of how a task works.
 */
#include "server/clock.h"
#include "server/conn_state.h"

#include "server/log.h"
#include "server/router.h"

#include <errno.h>
#include <sys/socket.h>

enum { TASK_RETRY_MS = 50 };

/* A waiting task starts as soon as one of the host's slots is free. */
void conn_task_try(struct conn *c)
{
	struct err e = { .kind = ERR_NONE };
	uint64_t now = conn_now_ms(c);
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
		conn_send_begin(c);
	}
}

/* Both ways are closed: poll() says so again and again, whatever else is there to be
 * read. */
static bool hung_up(short revents)
{
	return (revents & (POLLHUP | POLLERR)) != 0;
}

void conn_watch_client(struct conn *c, short revents)
{
	char byte;
	ssize_t n = hung_up(revents) ? 0 : recv(c->fd, &byte, 1, MSG_PEEK);

	if (n > 0) {
		c->deaf = true;
	} else if (n == 0 ||
		   (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
		log_line(LOG_INFO, "%s %.*s: the client went away; nothing was done",
			 c->req->route->name, (int)c->req->id.n, c->req->id.p);
		conn_enter(c, CONN_OVER, 0);
	}
}

void conn_task_ready(struct conn *c)
{
	enum task_result r;

	c->env->now_us = clock_us();
	r = task_read(&c->task, &c->res);
	if (r == TASK_RUNNING)
		return;
	if (r == TASK_ANSWERED) {
		task_end(&c->task);
		conn_send_begin(c);
	} else {
		metrics_add(c->env->handle.metrics, METRIC_TASKS_DIED, 1);
		log_line(LOG_ERROR, "%s %.*s: its task %ld ended without an answer",
			 c->req->route->name, (int)c->req->id.n, c->req->id.p,
			 (long)c->task.pid);
		task_end(&c->task);
		conn_answer_error(c, 503, "task_died",
				  "the server's process that worked on this ended "
				  "unexpectedly; nothing was changed; try again");
	}
	conn_advance(c);
	conn_show(c);
}
