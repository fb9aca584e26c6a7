/*
 * What a job's task does. Ignorant of how jobs are claimed, counted and tried again.
 */
#include "server/job.h"

#include "server/clock.h"
#include "server/import.h"
#include "server/log.h"
#include "server/sandbox.h"
#include "server/signals.h"
#include "server/stmt.h"
#include "server/task.h"
#include "server/upload_queue.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARENA = 64 * 1024 * 1024 };

struct running {
	const struct job_env *env;
	const struct job *job;
	int fd; /* readable or hung up when the worker is gone */
	struct db *work;
	struct arena arena;
};

static bool worker_lives(void *ctx)
{
	const struct running *r = ctx;
	struct pollfd p = { .fd = r->fd, .events = POLLIN };

	return poll(&p, 1, 0) <= 0;
}

static void count(void *ctx, const struct import_rows *rows)
{
	metrics_rows(((const struct running *)ctx)->env->metrics, rows);
}

static enum job_end load(struct running *r, struct db *side, struct err *e)
{
	const struct import_hooks hooks = { .ctx = r,
					    .wanted = worker_lives,
					    .loaded = count };
	const struct import_claim claim = { slice_str(r->job->upload),
					    slice_str(r->job->id),
					    slice_str(r->job->claim) };
	struct import_answer answer;
	struct upload_queued u;
	int rc;

	if (upload_queue_get(r->env->cfg, side, &claim, &r->arena, &u, e) < 0)
		return JOB_FAILED;
	rc = import_run_queued(r->env->cfg, r->work, side, u.fd, u.size, &u.options,
			       &claim, &hooks, &r->arena, &answer, e);
	(void)close(u.fd);
	if (rc < 0)
		return JOB_FAILED;
	if (answer.http_status == 200)
		return JOB_DONE;
	return answer.http_status == 409 ? JOB_CANCELLED : JOB_REFUSED;
}

static enum job_end upload(struct running *r, struct err *e)
{
	enum job_end end = JOB_FAILED;
	struct db *side = NULL;

	if (db_open_few(r->env->cfg, "waybilld queue state", &side, e) == 0) {
		db_metrics(side, r->env->metrics);
		end = load(r, side, e);
	}
	db_close(&side);
	return end;
}

static int run(struct running *r, enum stmt_id id, const struct slice *v, size_t n,
	       struct stmt_result *result, struct err *e)
{
	return stmt_run(r->work, id, v, n, &r->arena, result, e);
}

/* One step in a transaction of its own, which may take its time. */
static int step(struct running *r, uint64_t *rows_r, struct err *e)
{
	const struct config *cfg = r->env->cfg;
	struct slice more[2] = { arena_printf(&r->arena, "%u",
					      (unsigned)cfg->task_timeout),
				 SLICE("16MB") };
	struct slice v[6] = {
		slice_str(r->job->kind),
		slice_str(r->job->id),
		arena_printf(&r->arena, "%u", (unsigned)cfg->hold_days),
		arena_printf(&r->arena, "%u", (unsigned)cfg->retention_days),
		arena_printf(&r->arena, "%u", (unsigned)cfg->session_lifetime / 1000),
		arena_printf(&r->arena, "%u", (unsigned)cfg->session_max / 1000),
	};
	struct stmt_result result, none;

	if (run(r, STMT_BEGIN, NULL, 0, &none, e) < 0 ||
	    run(r, STMT_LONG_WORK, more, 2, &none, e) < 0 ||
	    run(r, STMT_JOB_STEP, v, 6, &result, e) < 0 ||
	    run(r, STMT_COMMIT, NULL, 0, &none, e) < 0)
		return -1;
	if (result.rows != 1)
		return err_set(e, ERR_INTERNAL, "a job's step has no answer");
	*rows_r = strtoull(stmt_value(&result, 0, 0).p, NULL, 10);
	return 0;
}

/* Work that comes by the clock, a step at a time. What cannot be done in half of a task's
 * time is left for the next day. */
static enum job_end steps(struct running *r, struct err *e)
{
	uint64_t until = clock_ms() + r->env->cfg->task_timeout / 2, all = 0, rows = 0;
	struct slice v[3] = { slice_str(r->job->id), slice_str(r->job->claim) };
	struct stmt_result none;
	char total[24];

	db_patience(r->work, r->env->cfg->task_timeout);
	do {
		arena_reset(&r->arena);
		if (step(r, &rows, e) < 0)
			return JOB_FAILED;
		all += rows;
	} while (rows > 0 && clock_ms() < until && worker_lives(r));
	(void)snprintf(total, sizeof(total), "%" PRIu64, all);
	v[2] = slice_str(total);
	if (run(r, STMT_JOB_DONE, v, 3, &none, e) < 0)
		return JOB_FAILED;
	if (all > 0)
		log_line(LOG_INFO, "%s: %" PRIu64 " rows%s", r->job->kind, all,
			 rows > 0 ? ", and there are more" : "");
	return JOB_DONE;
}

/* In the child; never returns. */
static void child(const struct job_env *env, const struct job *job, int fd, pid_t parent)
{
	struct running r = { .env = env, .job = job, .fd = fd };
	struct job_result result = { .end = JOB_FAILED };
	struct rusage used;

	task_become(parent, env->db);
	(void)close(env->life_fd);
	task_step_back();
	log_role("queue task");
	arena_init(&r.arena, ARENA);
	if (sandbox_enter(env->cfg, &result.error) >= 0 &&
	    db_open_few(env->cfg, "waybilld queue task", &r.work, &result.error) == 0) {
		db_metrics(r.work, env->metrics);
		result.end = job->upload[0] != '\0' ? upload(&r, &result.error)
						    : steps(&r, &result.error);
	}
	db_close(&r.work);
	if (getrusage(RUSAGE_SELF, &used) == 0)
		log_line(LOG_DEBUG, "%s job %s: peak memory %ld KiB", job->kind, job->id,
			 (long)used.ru_maxrss);
	/* A worker that is gone needs no answer. */
	if (write(fd, &result, sizeof(result)) < 0)
		_exit(1);
	_exit(0);
}

int job_start(const struct job_env *env, const struct job *job, struct job_task *t,
	      struct err *e)
{
	pid_t parent = getpid();
	char route[64];
	int pair[2];

	*t = (struct job_task){ .fd = -1 };
	/* Not one of the `tasks` that requests may have: these never take each other's
	 * place. */
	t->slot = slots_take(env->slots, SLOT_TASK, SLOTS_TASKS, parent);
	if (t->slot == NULL)
		return err_set(e, ERR_TRANSIENT, "no free slot for a task");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) {
		slot_free(t->slot);
		return err_set(e, ERR_INTERNAL, "cannot make a pipe for a task: %s",
			       strerror(errno));
	}
	(void)snprintf(route, sizeof(route), "%s %s", job->kind,
		       job->upload[0] != '\0' ? job->upload : job->id);
	slot_route(t->slot, slice_str(route));
	slot_state(t->slot, SLOT_BUSY);
	signals_block();
	t->pid = fork();
	if (t->pid == 0) {
		(void)close(pair[0]);
		child(env, job, pair[1], parent);
	}
	signals_unblock();
	(void)close(pair[1]);
	if (t->pid < 0) {
		(void)close(pair[0]);
		slot_free(t->slot);
		*t = (struct job_task){ .fd = -1 };
		return err_set(e, ERR_TRANSIENT, "cannot fork a task: %s",
			       strerror(errno));
	}
	atomic_store(&t->slot->pid, (int)t->pid);
	t->fd = pair[0];
	t->deadline_ms = clock_ms() + env->cfg->task_timeout;
	return 0;
}

static void say_died(const struct job_task *t, int status, struct job_result *r)
{
	char cause[TASK_CAUSE];

	r->end = JOB_NONE;
	r->error = (struct err){ 0 };
	if (t->late)
		(void)err_set(&r->error, ERR_LIMIT, "it took longer than task_timeout");
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		(void)err_set(&r->error, ERR_LIMIT,
			      "it took more processor time than task_timeout");
	else
		(void)err_set(&r->error, ERR_TRANSIENT, "its task %s",
			      task_cause(status, cause));
}

void job_end(struct job_task *t, struct job_result *r)
{
	int status = 0;
	ssize_t n = recv(t->fd, r, sizeof(*r), MSG_DONTWAIT);

	/* One that has answered is about to end; any other is not to go on. */
	if (n != (ssize_t)sizeof(*r))
		(void)kill(t->pid, SIGKILL);
	while (waitpid(t->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (n != (ssize_t)sizeof(*r))
		say_died(t, status, r);
	(void)close(t->fd);
	slot_free(t->slot);
	*t = (struct job_task){ .fd = -1 };
}
