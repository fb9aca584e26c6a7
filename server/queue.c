/*
 * The loop of a queue worker. Ignorant of what a job does (job knows it), and of who else
 * takes jobs: the database gives each to one.
 */
#include "server/queue.h"

#include "server/clock.h"
#include "server/db_listen.h"
#include "server/job.h"
#include "server/log.h"
#include "server/signals.h"
#include "server/stmt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

enum {
	TICK_MS = 500,
	BEAT_MS = 1000, /* 0006_queue.sql takes a job that is silent for 5 s for lost */
	/* A notification can be lost with the connection, and what is due by the clock is
	 * not announced. */
	LOOK_MS = 2000,
	LOOK_POOLED_MS = 500, /* nothing is announced at all */
	ARENA = 256 * 1024
};

struct queue {
	const struct worker_start *start;
	struct db *db;
	struct metrics *metrics;
	struct arena arena;
	char name[96]; /* of this process, for jobs.locked_by */
	struct job job;
	struct job_task task; /* pid 0: no job */
	uint64_t look_ms, beat_ms;
	bool away;     /* the database did not answer last time, which the log knows */
	bool stopping; /* at once */
	bool leaving;  /* after this job */
};

static int run(struct queue *q, enum stmt_id id, const struct slice *v, size_t n,
	       struct stmt_result *r)
{
	struct err e = { 0 };

	arena_reset(&q->arena);
	if (stmt_run(q->db, id, v, n, &q->arena, r, &e) == 0) {
		if (q->away)
			log_line(LOG_INFO, "the database answers again");
		q->away = false;
		return 0;
	}
	if (!q->away || e.kind == ERR_INTERNAL)
		log_line(LOG_WARNING, "%s", e.text);
	q->away = true;
	return -1;
}

static void copy(char *to, size_t size, struct slice from)
{
	(void)snprintf(to, size, "%.*s", (int)from.n, from.p == NULL ? "" : from.p);
}

static bool busy(const struct queue *q)
{
	return q->task.pid != 0;
}

/* The job is over, whoever says so: its lock goes back. */
static void release(struct queue *q)
{
	struct slice v[1] = { slice_str(q->job.id) };
	struct stmt_result r;

	(void)run(q, STMT_JOB_RELEASE, v, 1, &r);
	q->job = (struct job){ .attempt = 0 };
	slot_route(q->start->slot, SLICE(""));
}

/* Says in the database that an attempt failed, which decides what follows. */
static void failed(struct queue *q, const struct err *why)
{
	static const char *const text =
		"The server had a problem while it was loading this file; nothing of it "
		"was loaded: try again.";
	static const char *const died =
		"The server's process that loaded this file was ended again and again; "
		"nothing of it was loaded: save the file anew, or split it.";
	static const char *const late =
		"Loading this file took too long; nothing of it was loaded: split it, or "
		"try again when the server has less to do.";
	bool room = why->kind == ERR_ROOM, busy = why->kind == ERR_BUSY;
	bool again =
		room || busy || why->kind == ERR_TRANSIENT || why->kind == ERR_UNCERTAIN;
	bool task = strncmp(why->text, "its task ", 9) == 0;
	struct slice v[6] = {
		slice_str(q->job.id),
		slice_str(q->job.claim),
		again ? SLICE("true") : SLICE("false"),
		slice_str(why->kind == ERR_LIMIT ? "took_too_long"
			  : task                 ? "importer_died"
			  : room                 ? "no_room"
			  : busy                 ? "busy"
			  : again                ? "database_unreachable"
						 : "internal_error"),
		slice_str(why->kind == ERR_LIMIT ? late
			  : task                 ? died
						 : text),
		slice_str(why->text),
	};
	struct stmt_result r;
	struct slice end = SLICE("lost");

	if (run(q, STMT_JOB_FAILED, v, 6, &r) == 0 && r.rows == 1)
		end = stmt_value(&r, 0, 0);
	metrics_job(q->metrics, slice_str(q->job.kind),
		    slice_eq(end, SLICE("retried"))     ? METRICS_JOB_RETRIED
		    : slice_eq(end, SLICE("cancelled")) ? METRICS_JOB_CANCELLED
		    : slice_eq(end, SLICE("failed"))    ? METRICS_JOB_FAILED
							: METRICS_JOB_LOST);
	log_line(slice_eq(end, SLICE("failed")) ? LOG_ERROR : LOG_WARNING,
		 "%s job %s%s%s, attempt %u: %s: %.*s", q->job.kind, q->job.id,
		 q->job.upload[0] != '\0' ? " of upload " : "", q->job.upload,
		 q->job.attempt, why->text, (int)end.n, end.p);
}

/* Takes the next job and starts its task. */
static void claim(struct queue *q)
{
	const struct worker_start *s = q->start;
	struct slice v[1] = { slice_str(q->name) };
	struct err e = { 0 };
	struct stmt_result r;

	q->look_ms = clock_ms() + (s->cfg->database_pooled ? LOOK_POOLED_MS : LOOK_MS);
	if (db_listen(q->db, &q->arena, &e) < 0) {
		if (!q->away)
			log_line(LOG_WARNING, "%s", e.text);
		q->away = true;
		return;
	}
	if (run(q, STMT_JOB_CLAIM, v, 1, &r) < 0 || r.rows == 0)
		return;
	copy(q->job.id, sizeof(q->job.id), stmt_value(&r, 0, 0));
	copy(q->job.kind, sizeof(q->job.kind), stmt_value(&r, 0, 1));
	copy(q->job.upload, sizeof(q->job.upload), stmt_value(&r, 0, 2));
	copy(q->job.claim, sizeof(q->job.claim), stmt_value(&r, 0, 3));
	q->job.attempt = (unsigned)strtoul(stmt_value(&r, 0, 4).p, NULL, 10);
	q->beat_ms = clock_ms() + BEAT_MS;
	slot_route(s->slot, slice_str(q->job.kind));
	slot_state(s->slot, SLOT_BUSY);
	(void)atomic_fetch_add(&s->slot->requests, 1);
	{
		const struct job_env env = { .cfg = s->cfg,
					     .slots = s->slots,
					     .metrics = q->metrics,
					     .db = q->db,
					     .life_fd = s->life_fd };

		if (job_start(&env, &q->job, &q->task, &e) == 0)
			return;
	}
	failed(q, &e);
	release(q);
}

/* The task has ended, or is to. */
static void conclude(struct queue *q)
{
	static const enum metrics_job ends[] = { [JOB_DONE] = METRICS_JOB_DONE,
						 [JOB_REFUSED] = METRICS_JOB_REFUSED,
						 [JOB_CANCELLED] =
							 METRICS_JOB_CANCELLED };
	struct job_result r;

	job_end(&q->task, &r);
	if (r.end == JOB_NONE || r.end == JOB_FAILED) {
		failed(q, &r.error);
	} else {
		metrics_job(q->metrics, slice_str(q->job.kind), ends[r.end]);
		log_line(LOG_INFO, "%s job %s%s%s: %s", q->job.kind, q->job.id,
			 q->job.upload[0] != '\0' ? " of upload " : "", q->job.upload,
			 r.end == JOB_DONE      ? "done"
			 : r.end == JOB_REFUSED ? "refused"
						: "cancelled");
	}
	release(q);
	slot_state(q->start->slot, q->leaving ? SLOT_DRAINING : SLOT_IDLE);
	q->look_ms = 0;
}

/* Shows that the job has its worker. One that was given to another, because this host was
 * away for too long, is dropped. */
static void beat(struct queue *q)
{
	struct slice v[2] = { slice_str(q->job.id), slice_str(q->job.claim) };
	struct stmt_result r;

	q->beat_ms = clock_ms() + BEAT_MS;
	/* A job that has just ended is no one's either: its task is about to say so. */
	if (run(q, STMT_JOB_HEARTBEAT, v, 2, &r) < 0 || r.rows == 1)
		return;
	{
		struct pollfd p = { .fd = q->task.fd, .events = POLLIN };

		if (poll(&p, 1, BEAT_MS) == 0) {
			log_line(LOG_WARNING, "job %s is another worker's now",
				 q->job.id);
			conclude(q);
		}
	}
}

static void give_back(struct queue *q)
{
	struct slice v[2] = { slice_str(q->job.id), slice_str(q->job.claim) };
	struct job_result result;
	struct stmt_result r;

	job_end(&q->task, &result);
	if (result.end == JOB_NONE || result.end == JOB_FAILED)
		(void)run(q, STMT_JOB_HAND_BACK, v, 2, &r);
	release(q);
}

static void take_signals(struct queue *q)
{
	struct err e = { 0 };

	signals_drain();
	if (signals_took(SIGTERM))
		q->stopping = true;
	/* Ctrl-C reaches the whole group: what it means to us is the master's to say. */
	(void)signals_took(SIGINT);
	(void)signals_took(SIGCHLD); /* the task's end shows by its descriptor */
	if (signals_took(SIGQUIT)) {
		q->leaving = true;
		slot_state(q->start->slot, SLOT_DRAINING);
	}
	if (signals_took(SIGUSR1) &&
	    log_open(q->start->cfg->log_file, q->start->cfg->log_level, &e) < 0)
		log_line(LOG_ERROR, "%s", e.text);
}

/* What is due by the clock. */
static void tick(struct queue *q)
{
	uint64_t now = clock_ms();

	slot_state(q->start->slot, q->leaving ? SLOT_DRAINING
				   : busy(q)  ? SLOT_BUSY
					      : SLOT_IDLE);
	if (busy(q) && now >= q->task.deadline_ms) {
		q->task.late = true;
		conclude(q);
	} else if (busy(q) && now >= q->beat_ms) {
		beat(q);
	}
	if (!busy(q) && !q->leaving && now >= q->look_ms)
		claim(q);
}

static void loop(struct queue *q)
{
	while (!q->stopping && (busy(q) || !q->leaving)) {
		struct pollfd p[] = {
			{ .fd = signals_fd(), .events = POLLIN },
			{ .fd = q->start->life_fd, .events = POLLIN },
			{ .fd = db_socket(q->db), .events = POLLIN },
			{ .fd = q->task.pid != 0 ? q->task.fd : -1, .events = POLLIN },
		};
		int got = poll(p, 4, q->look_ms == 0 && !busy(q) ? 0 : TICK_MS);

		if (got < 0 && errno != EINTR) {
			log_line(LOG_ERROR, "poll failed: %s", strerror(errno));
			return;
		}
		if (got > 0 && p[0].revents != 0)
			take_signals(q);
		if (got > 0 && p[1].revents != 0) {
			log_line(LOG_ERROR, "the master is gone; stopping");
			return;
		}
		if (got > 0 && p[2].revents != 0 && db_notified(q->db) && !q->away)
			q->look_ms = 0;
		if (got > 0 && p[3].revents != 0 && busy(q))
			conclude(q);
		if (!q->stopping)
			tick(q);
	}
}

static int queue_init(struct queue *q, struct err *e)
{
	const struct worker_start *s = q->start;
	char host[64] = "host", name[48];

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(q->name, sizeof(q->name), "%s %ld", host, (long)getpid());
	(void)snprintf(name, sizeof(name), "waybilld queue %u", s->number);
	q->metrics = slots_metrics(s->slots, s->slot);
	arena_init(&q->arena, ARENA);
	if (db_open(s->cfg, name, &q->db, e) < 0)
		return -1;
	db_metrics(q->db, q->metrics);
	return 0;
}

int queue_run(const struct worker_start *s)
{
	struct queue q = { .start = s, .task = { .fd = -1 } };
	struct err e = { 0 };
	char role[32];

	(void)snprintf(role, sizeof(role), "queue %u", s->number);
	log_role(role);
	if (s->listen_fd >= 0)
		(void)close(s->listen_fd);
	if (signals_init(&e) < 0 || queue_init(&q, &e) < 0) {
		log_line(LOG_ERROR, "cannot start: %s", e.text);
		return 1;
	}
	slot_state(s->slot, SLOT_IDLE);
	loop(&q);
	if (busy(&q))
		give_back(&q);
	db_close(&q.db);
	arena_release(&q.arena);
	return 0;
}
