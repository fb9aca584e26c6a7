/*
 * Tasks. Ignorant of connections and of what the handlers do.
 *
 * The answer's form, between two processes of one program on one machine: struct
 * frame, then the content type, the field lines, the slowest statement's name and the
 * body. A body that is a file comes as its descriptor, with the frame's first byte.
 */
#include "server/task.h"

#include "server/audit.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/platform.h"
#include "server/router.h"
#include "server/sandbox.h"
#include "server/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_ANSWER = 64 * 1024 * 1024, READ_SIZE = 16 * 1024, QUICK_TASKS = 4 };
enum { BEHIND = 5 }; /* of setpriority() */

struct frame {
	uint32_t status;
	uint32_t type, fields, slowest, body; /* lengths in bytes */
	uint64_t file; /* the body is so much of the file that comes with it */
	uint64_t db_us, slowest_us;
};

static void send_all(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return; /* the worker is gone, and so is whoever wanted this */
		(void)slice_take(&s, (size_t)n);
	}
}

/* The frame, and with it the file. */
static void send_frame(int fd, struct frame *f, int file)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec iov = { f, sizeof(*f) };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &file, sizeof(int));
	do
		n = sendmsg(fd, &m, 0);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		send_all(fd,
			 (struct slice){ (const char *)f + n, sizeof(*f) - (size_t)n });
}

static void send_answer(int fd, const struct response *res, const struct task *spent)
{
	struct slice slowest = slice_str(spent->slowest == NULL ? "" : spent->slowest);
	struct frame f = { .status = res->status,
			   .type = (uint32_t)res->content_type.n,
			   .fields = (uint32_t)res->fields.n,
			   .slowest = (uint32_t)slowest.n,
			   .body = (uint32_t)res->body.n,
			   .file = res->file_size,
			   .db_us = spent->db_us,
			   .slowest_us = spent->slowest_us };

	if (res->file_size > 0)
		send_frame(fd, &f, res->file);
	else
		send_all(fd, (struct slice){ (const char *)&f, sizeof(f) });
	send_all(fd, res->content_type);
	send_all(fd, res->fields);
	send_all(fd, slowest);
	send_all(fd, res->body);
}

void task_become(pid_t parent, struct db *theirs)
{
	signals_default();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)platform_die_with_parent(parent);
	if (theirs != NULL)
		db_forget(theirs);
}

void task_step_back(void)
{
	if (getpriority(PRIO_PROCESS, 0) < BEHIND)
		(void)setpriority(PRIO_PROCESS, 0, BEHIND);
}

static long ms_of(const struct timeval *t)
{
	return (long)t->tv_sec * 1000 + (long)t->tv_usec / 1000;
}

/* In the child; never returns. */
static void run(int fd, struct handle_env *env, struct request *req, pid_t parent,
		struct slot *slot)
{
	struct handle_env own = *env;
	struct task spent = { .db_us = 0 };
	struct response res;
	struct rusage used;
	struct err e = { .kind = ERR_NONE };

	task_become(parent, env->db);
	db_read_forget(env->read);
	own.read = NULL;
	log_role("task");
	own.slot = slot;
	own.client_fd = fd;
	own.metrics = slots_metrics(own.slots, slot);
	metrics_add(own.metrics, METRIC_TASKS, 1);
	response_init(&res, req->arena);
	if ((req->route->flags & ROUTE_QUICK) == 0)
		task_step_back();
	if (sandbox_enter(own.cfg, &e) < 0 ||
	    db_open_few(own.cfg, "waybilld task", &own.db, &e) < 0) {
		log_line(LOG_ERROR, "%s %.*s: %s", req->route->name, (int)req->id.n,
			 req->id.p, e.text);
		response_failure(&res, "internal_error", &e);
	} else {
		db_metrics(own.db, own.metrics);
		req->route->handle(&own, req, &res);
		audit_request(&own, req, &res);
		spent.db_us = db_spent_us(own.db);
		spent.slowest = db_slowest(own.db, &spent.slowest_us);
		db_close(&own.db);
	}
	send_answer(fd, &res, &spent);
	if (getrusage(RUSAGE_SELF, &used) == 0)
		log_line(LOG_INFO,
			 "%s %.*s: answered %u, peak memory %ld KiB, processor time %ld "
			 "ms",
			 req->route->name, (int)req->id.n, req->id.p, res.status,
			 (long)used.ru_maxrss,
			 ms_of(&used.ru_utime) + ms_of(&used.ru_stime));
	_exit(0);
}

int task_start(struct task *t, struct handle_env *env, struct request *req,
	       void (*forget)(void *ctx), void *ctx, struct err *e)
{
	bool quick = (req->route->flags & ROUTE_QUICK) != 0;
	pid_t parent = getpid();
	int pair[2];

	*t = (struct task){ .fd = -1, .file = -1 };
	t->slot = slots_take(env->slots, SLOT_TASK,
			     env->cfg->tasks + (quick ? QUICK_TASKS : 0), parent);
	if (t->slot == NULL)
		return 1;
	/* A socket pair rather than a pipe: the child can see by its own end that the
	 * worker is gone, without writing. */
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) {
		slot_free(t->slot);
		return err_set(e, ERR_INTERNAL, "cannot make a pipe for a task: %s",
			       strerror(errno));
	}
	slot_route(t->slot, slice_str(req->route->name));
	slot_state(t->slot, SLOT_BUSY);
	signals_block();
	t->pid = fork();
	if (t->pid == 0) {
		(void)close(pair[0]);
		forget(ctx);
		run(pair[1], env, req, parent, t->slot);
	}
	signals_unblock();
	(void)close(pair[1]);
	if (t->pid < 0) {
		(void)close(pair[0]);
		slot_free(t->slot);
		return err_set(e, ERR_TRANSIENT, "cannot fork a task: %s",
			       strerror(errno));
	}
	atomic_store(&t->slot->pid, (int)t->pid);
	t->fd = pair[0];
	(void)fcntl(t->fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(t->fd, F_SETFD, FD_CLOEXEC);
	buf_init(&t->answer, MAX_ANSWER);
	t->deadline_ms = clock_ms() + env->cfg->task_timeout;
	return 0;
}

/* Copies a finished answer into the response's arena. */
static enum task_result take_answer(struct task *t, struct response *res)
{
	struct slice in = buf_slice(&t->answer);
	struct err e = { .kind = ERR_NONE };
	struct frame f;

	if (in.n < sizeof(f))
		return TASK_DIED;
	memcpy(&f, slice_take(&in, sizeof(f)).p, sizeof(f));
	if ((uint64_t)f.type + f.fields + f.slowest + f.body != in.n)
		return TASK_DIED;
	res->status = f.status;
	res->content_type = arena_dup(res->arena, slice_take(&in, f.type));
	res->fields = arena_dup(res->arena, slice_take(&in, f.fields));
	t->db_us = f.db_us;
	t->slowest_us = f.slowest_us;
	if (f.slowest > 0)
		t->slowest = arena_printf(res->arena, "%.*s", (int)f.slowest, in.p).p;
	(void)slice_take(&in, f.slowest);
	res->body = arena_dup(res->arena, in);
	if (f.file > 0) {
		int file = t->file;

		t->file = -1;
		if (file < 0 || response_map(res, file, f.file, &e) < 0)
			return TASK_DIED;
	}
	return res->body.p == NULL || f.status == 0 ? TASK_DIED : TASK_ANSWERED;
}

/* As read(), and keeps the file that comes with the bytes. */
static ssize_t receive(struct task *t)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { t->answer.p + t->answer.n, t->answer.size - t->answer.n };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room) };
	ssize_t n = recvmsg(t->fd, &m, 0);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		if (t->file >= 0)
			(void)close(t->file);
		memcpy(&t->file, CMSG_DATA(c), sizeof(int));
		(void)fcntl(t->file, F_SETFD, FD_CLOEXEC);
	}
	return n;
}

enum task_result task_read(struct task *t, struct response *res)
{
	struct err e = { .kind = ERR_NONE };

	for (;;) {
		ssize_t n;

		if (buf_reserve(&t->answer, READ_SIZE, &e) < 0)
			return TASK_DIED;
		n = receive(t);
		if (n > 0)
			t->answer.n += (size_t)n;
		else if (n == 0)
			return take_answer(t, res);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return TASK_RUNNING;
		else if (errno != EINTR)
			return TASK_DIED;
	}
}

void task_reap(struct task *t)
{
	if (t->pid <= 0)
		return;
	/* What has ended already keeps the status it ended with. */
	(void)kill(t->pid, SIGKILL);
	while (waitpid(t->pid, &t->status, 0) < 0 && errno == EINTR)
		continue;
	t->pid = 0;
}

const char *task_cause(int status, char text[TASK_CAUSE])
{
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	const char *how = "ended without an answer";

	if (number == SIGKILL)
		how = "was killed, as a machine does that is short of memory";
	else if (number == SIGXCPU)
		how = "needed more processor time than task_timeout";
	else if (number == SIGSYS)
		how = "tried what it may not do";
	else if (number == SIGSEGV || number == SIGBUS || number == SIGABRT ||
		 number == SIGFPE || number == SIGILL)
		how = "crashed";
	else if (number != 0)
		how = "was ended";
	if (number == 0)
		(void)snprintf(text, TASK_CAUSE, "%s", how);
	else
		(void)snprintf(text, TASK_CAUSE, "%s (signal %d)", how, number);
	return text;
}

void task_end(struct task *t)
{
	if (t->fd < 0)
		return;
	if (t->pid > 0)
		(void)kill(t->pid, SIGKILL);
	(void)close(t->fd);
	if (t->file >= 0)
		(void)close(t->file);
	t->fd = t->file = -1;
	buf_release(&t->answer);
	slot_free(t->slot);
}
