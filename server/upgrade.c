/*
 * Handing the listening socket from program to program. Ignorant of workers and of
 * what either program serves.
 *
 * The environment carries it: WAYBILLD_PID names the process that it is meant for,
 * WAYBILLD_LISTEN_FD and WAYBILLD_LISTEN the socket, WAYBILLD_READY_FD the pipe,
 * WAYBILLD_DB whether the database is up.
 * Readiness comes by pipe and not by a signal, because an administrator's QUIT could
 * not be told from it.
 */
#include "server/upgrade.h"

#include "parse/num.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/signals.h"
#include "server/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char for_pid[] = "WAYBILLD_PID", for_fd[] = "WAYBILLD_LISTEN_FD",
		  for_address[] = "WAYBILLD_LISTEN", for_ready[] = "WAYBILLD_READY_FD",
		  for_db[] = "WAYBILLD_DB";

void upgrade_init(struct upgrade *u)
{
	*u = (struct upgrade){ .ready_fd = -1 };
}

/* The new program makes a scoreboard of its own under the same name. Ours is kept under
 * a second one, should the new program fail. */
static void board_names(const struct upgrade *u, char name[1100], char kept[1100])
{
	(void)snprintf(name, 1100, "%s/waybilld.scoreboard", u->spool_dir);
	(void)snprintf(kept, 1100, "%s/waybilld.scoreboard.old", u->spool_dir);
}

static void board_keep(const struct upgrade *u)
{
	char name[1100], kept[1100];

	board_names(u, name, kept);
	(void)unlink(kept);
	if (link(name, kept) < 0)
		log_line(LOG_WARNING, "cannot keep \"%s\": %s", name, strerror(errno));
}

static void board_restore(const struct upgrade *u)
{
	char name[1100], kept[1100];

	board_names(u, name, kept);
	/* Two names of one file stay two when they are renamed. */
	if (rename(kept, name) == 0)
		(void)unlink(kept);
}

static void board_forget(const struct upgrade *u)
{
	char name[1100], kept[1100];

	board_names(u, name, kept);
	(void)unlink(kept);
}

static void put_number(const char *name, long n)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%ld", n);
	(void)setenv(name, text, 1);
}

/* In the child; never returns. */
static void run_new(char **argv, const struct upgrade_socket *s, int ready_fd)
{
	put_number(for_pid, (long)getpid());
	put_number(for_fd, s->fd);
	put_number(for_ready, ready_fd);
	put_number(for_db, s->db_up);
	(void)setenv(for_address, s->address, 1);
	/* The watchdog is the new program's to feed. */
	if (getenv("WATCHDOG_PID") != NULL)
		put_number("WATCHDOG_PID", (long)getpid());
	if (s->fd >= 0)
		(void)fcntl(s->fd, F_SETFD, 0);
	(void)fcntl(ready_fd, F_SETFD, 0);
	signals_default();
	(void)execvp(argv[0], argv);
	log_line(LOG_ERROR, "cannot run \"%s\": %s", argv[0], strerror(errno));
	_exit(127);
}

int upgrade_start(struct upgrade *u, char **argv, const struct upgrade_socket *s,
		  const char *spool_dir, struct err *e)
{
	int ready[2];
	pid_t pid;

	if (pipe(ready) < 0)
		return err_set(e, ERR_INTERNAL, "cannot make a pipe: %s",
			       strerror(errno));
	(void)fcntl(ready[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(ready[0], F_SETFD, FD_CLOEXEC);
	u->spool_dir = spool_dir;
	board_keep(u);
	signals_block();
	pid = fork();
	if (pid == 0)
		run_new(argv, s, ready[1]);
	signals_unblock();
	(void)close(ready[1]);
	if (pid < 0) {
		(void)close(ready[0]);
		board_forget(u);
		return err_set(e, ERR_INTERNAL, "cannot fork: %s", strerror(errno));
	}
	u->pid = pid;
	u->ready_fd = ready[0];
	u->deadline_ms = clock_ms() + UPGRADE_MS;
	log_line(LOG_INFO, "upgrading: process %ld runs \"%s\"", (long)pid, argv[0]);
	return 0;
}

static void pipe_end(struct upgrade *u)
{
	if (u->ready_fd >= 0)
		(void)close(u->ready_fd);
	u->ready_fd = -1;
}

bool upgrade_ready(struct upgrade *u, uint64_t now_ms, pid_t *pid_r)
{
	char byte;
	ssize_t n;

	if (u->pid == 0)
		return false;
	n = u->ready_fd < 0 ? -1 : read(u->ready_fd, &byte, 1);
	if (n == 1) {
		*pid_r = u->pid;
		pipe_end(u);
		board_forget(u);
		upgrade_init(u);
		return true;
	}
	if (n == 0) /* closed without a word: its end is reaped, or the deadline comes */
		pipe_end(u);
	if (now_ms >= u->deadline_ms) {
		log_line(LOG_ERROR,
			 "upgrade: process %ld is not ready after %d s; ending it",
			 (long)u->pid, UPGRADE_MS / 1000);
		(void)kill(u->pid, SIGKILL);
		u->deadline_ms = UINT64_MAX;
	}
	return false;
}

bool upgrade_ended(struct upgrade *u, pid_t pid, int status)
{
	if (u->pid == 0 || u->pid != pid)
		return false;
	board_restore(u);
	log_line(LOG_ERROR,
		 "upgrade failed: process %ld was ended by %s %d before it was ready; "
		 "this program goes on",
		 (long)pid, WIFSIGNALED(status) ? "signal" : "exit status",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	pipe_end(u);
	upgrade_init(u);
	return true;
}

void upgrade_cancel(const struct upgrade *u)
{
	if (u->pid != 0)
		(void)kill(u->pid, SIGTERM);
}

/* The number in a variable, or -1. */
static int take_number(const char *name)
{
	const char *text = getenv(name);
	uint64_t n;

	if (text == NULL || !num_u64(slice_str(text), INT_MAX, &n))
		return -1;
	return (int)n;
}

void handover_take(struct handover *h)
{
	const char *address = getenv(for_address);
	int fd = take_number(for_fd), ready = take_number(for_ready);

	*h = (struct handover){ .listen_fd = -1, .ready_fd = -1 };
	if (take_number(for_pid) == (int)getpid() && ready > STDERR_FILENO &&
	    address != NULL && strlen(address) < sizeof(h->address)) {
		h->listen_fd = fd > STDERR_FILENO ? fd : -1;
		h->ready_fd = ready;
		h->db_up = take_number(for_db) == 1;
		memcpy(h->address, address, strlen(address) + 1);
		(void)fcntl(h->ready_fd, F_SETFD, FD_CLOEXEC);
	}
	(void)unsetenv(for_pid);
	(void)unsetenv(for_fd);
	(void)unsetenv(for_address);
	(void)unsetenv(for_ready);
	(void)unsetenv(for_db);
}

void handover_ready(struct handover *h)
{
	if (h->ready_fd < 0)
		return;
	if (write(h->ready_fd, "", 1) < 0)
		log_line(LOG_WARNING, "the old program is gone already");
	(void)close(h->ready_fd);
	h->ready_fd = -1;
}
