/*
 * Trying a database. Ignorant of what is done about the verdict.
 */
#include "server/trial.h"

#include "server/clock.h"
#include "server/db.h"
#include "server/log.h"
#include "server/migrate.h"
#include "server/platform.h"
#include "server/signals.h"
#include "server/stmt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER = 64 * 1024, AGAIN_MS = 100 };

/* A connection is there: whether what it leads to can be worked with. */
static int ask(struct db *db, struct err *e)
{
	struct stmt_result r;
	struct slice want;
	struct arena a;
	int got;

	arena_init(&a, ANSWER);
	want = arena_printf(&a, "%d", migrate_version());
	got = stmt_run(db, STMT_READY, &want, 1, &a, &r, e);
	if (got == 0 && !slice_eq(stmt_value(&r, 0, 0), SLICE("200")))
		got = err_set(e, ERR_INPUT, "the database is not ready: %.*s",
			      (int)stmt_value(&r, 0, 1).n, stmt_value(&r, 0, 1).p);
	arena_release(&a);
	return got;
}

static int try(const struct config *cfg, const char *name, uint32_t patience_ms,
	       struct err *e)
{
	uint64_t until = clock_ms() + patience_ms;
	struct db *db = NULL;
	int got = db_open(cfg, name, &db, e);

	if (got == 0)
		while ((got = db_ready(db, e)) < 0 && clock_ms() < until) {
			log_line(LOG_DEBUG, "%s", e->text);
			e->kind = ERR_NONE;
			(void)poll(NULL, 0, AGAIN_MS);
		}
	if (got == 0)
		got = ask(db, e);
	db_close(&db);
	return got;
}

int trial_database(const struct config *cfg, const char *name, struct err *e)
{
	return try(cfg, name, 0, e);
}

bool trial_needed(const struct config *was, const struct config *is)
{
	return strcmp(was->database, is->database) != 0 ||
	       strcmp(was->timezone, is->timezone) != 0 ||
	       was->database_pooled != is->database_pooled;
}

void trial_init(struct trial *t)
{
	*t = (struct trial){ .fd = -1 };
}

/* In the child; never returns. What a library blocks in is ended by the alarm. */
static void run(const struct config *cfg, const struct config *in_use,
		uint32_t patience_ms, int fd, pid_t parent)
{
	struct err e = { .kind = ERR_NONE }, unused = { .kind = ERR_NONE };
	enum trial_verdict v = TRIAL_GOOD;

	signals_default();
	(void)platform_die_with_parent(parent);
	(void)alarm((TRIAL_MS + patience_ms) / 1000);
	log_role("trial");
	if (try(cfg, "waybilld trial", patience_ms, &e) < 0) {
		v = TRIAL_BAD;
		if (write(fd, e.text, strlen(e.text)) < 0)
			_exit((int)v);
		(void)alarm((TRIAL_MS + patience_ms) / 1000); /* as long again */
		if (in_use != NULL && try(in_use, "waybilld trial", 0, &unused) < 0)
			v = TRIAL_NEITHER;
	}
	_exit((int)v);
}

int trial_start(struct trial *t, const struct config *cfg, const struct config *in_use,
		uint32_t patience_ms, struct err *e)
{
	pid_t parent = getpid(), pid;
	int says[2];

	if (pipe(says) < 0)
		return err_set(e, ERR_INTERNAL, "cannot make a pipe: %s",
			       strerror(errno));
	(void)fcntl(says[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(says[0], F_SETFL, O_NONBLOCK);
	signals_block();
	pid = fork();
	if (pid == 0)
		run(cfg, in_use, patience_ms, says[1], parent);
	signals_unblock();
	(void)close(says[1]);
	if (pid < 0) {
		(void)close(says[0]);
		return err_set(e, ERR_INTERNAL, "cannot fork: %s", strerror(errno));
	}
	*t = (struct trial){ .pid = pid, .fd = says[0] };
	return 0;
}

bool trial_ended(struct trial *t, pid_t pid, int status, enum trial_verdict *v_r,
		 struct err *e)
{
	char text[sizeof(e->text)];
	ssize_t n;

	if (t->pid == 0 || t->pid != pid)
		return false;
	n = read(t->fd, text, sizeof(text));
	(void)close(t->fd);
	trial_init(t);
	*v_r = TRIAL_BAD;
	if (WIFEXITED(status) && WEXITSTATUS(status) == TRIAL_GOOD) {
		*v_r = TRIAL_GOOD;
		return true;
	}
	if (n > 0) {
		(void)err_set(e, ERR_INPUT, "key 'database': %.*s", (int)n, text);
		/* Killed: by then it was the one in use that did not answer. */
		if (WIFSIGNALED(status) || WEXITSTATUS(status) == TRIAL_NEITHER)
			*v_r = TRIAL_NEITHER;
	} else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
		(void)err_set(e, ERR_INPUT, "key 'database': no answer within %d s",
			      TRIAL_MS / 1000);
	} else {
		(void)err_set(e, ERR_INTERNAL,
			      "the process that tried the database failed");
	}
	return true;
}

void trial_cancel(struct trial *t)
{
	if (t->pid == 0)
		return;
	(void)kill(t->pid, SIGKILL);
	(void)close(t->fd);
	trial_init(t);
}
