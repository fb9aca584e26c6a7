/*
 * A connection whose request is answered by a task. Ignorant of how a task works.
 */
#include "server/clock.h"
#include "server/conn_state.h"

#include "server/log.h"
#include "server/router.h"
#include "server/stmt.h"

#include <ctype.h>
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
		response_error(
			&c->res, 503, "busy",
			"this server cannot start another process for that just now; "
			"nothing was changed; try again in a moment, and tell an "
			"administrator if it stays so");
		response_field(&c->res, "Retry-After", SLICE("10"));
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
		c->gone = true;
		conn_enter(c, CONN_OVER, 0);
	}
}

/* The number of the upload that a task was loading, which its slot shows; empty for
 * other tasks. */
static struct slice upload_of(const struct conn *c, char room[SLOT_ROUTE])
{
	struct slice route;

	(void)snprintf(room, SLOT_ROUTE, "%s", c->task.slot->route);
	route = slice_str(room);
	return slice_starts(route, SLICE(HANDLE_LOADING))
		       ? slice_from(route, sizeof(HANDLE_LOADING) - 1)
		       : SLICE("");
}

/* An upload whose loader is gone would be found so by whoever asks for it; here it is
 * known why. */
static void fail_upload(struct conn *c, const char *code, struct slice text)
{
	struct handle_env *env = &c->env->handle;
	char room[SLOT_ROUTE];
	struct slice v[3] = { upload_of(c, room), slice_str(code), text };
	struct err e = { .kind = ERR_NONE };
	struct stmt_result r;

	if (v[0].n > 0 &&
	    stmt_run(env->db, STMT_UPLOAD_DIED, v, 3, &c->arena, &r, &e) < 0)
		log_line(LOG_WARNING, "upload %s: %s", room, e.text);
}

void conn_task_lost(struct conn *c, const char *code, const char *upload_code,
		    const char *what)
{
	struct slice text = arena_printf(&c->arena,
					 "%c%s; nothing was changed: try again, and if "
					 "it is a file, split it when that happens again",
					 toupper((unsigned char)what[0]), what + 1);

	task_reap(&c->task);
	fail_upload(c, upload_code, text);
	task_end(&c->task);
	conn_answer_error(c, 503, code, text.p == NULL ? what : text.p);
}

static void died(struct conn *c)
{
	long pid = (long)c->task.pid;
	char cause[TASK_CAUSE], what[TASK_CAUSE + 64];

	task_reap(&c->task);
	(void)snprintf(what, sizeof(what), "the server's process that worked on this %s",
		       task_cause(c->task.status, cause));
	metrics_add(c->env->handle.metrics, METRIC_TASKS_DIED, 1);
	log_line(LOG_ERROR, "%s %.*s: its task %ld died: it %s", c->req->route->name,
		 (int)c->req->id.n, c->req->id.p, pid, cause);
	conn_task_lost(c, "task_died", "importer_died", what);
}

void conn_task_ready(struct conn *c)
{
	enum task_result r;

	c->env->now_us = clock_us();
	r = task_read(&c->task, &c->res);
	if (r == TASK_RUNNING)
		return;
	if (r == TASK_ANSWERED) {
		conn_spent(c, c->task.db_us, c->task.slowest, c->task.slowest_us);
		task_end(&c->task);
		conn_send_begin(c);
	} else {
		died(c);
	}
	conn_advance(c);
	conn_show(c);
}
