/*
 * Signal flags. Ignorant of what a signal means to whom.
 */
#include "server/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static const int caught[] = { SIGTERM, SIGINT,  SIGQUIT, SIGHUP, SIGCHLD,
			      SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU };
enum { CAUGHT = sizeof(caught) / sizeof(caught[0]) };

static volatile sig_atomic_t flags[CAUGHT];
static int wake[2] = { -1, -1 };

static void handle_signal(int sig)
{
	int saved = errno;

	for (size_t i = 0; i < CAUGHT; i++)
		if (caught[i] == sig)
			flags[i] = 1;
	/* A full pipe wakes the loop just as well. */
	if (write(wake[1], "", 1) < 0)
		errno = saved;
	errno = saved;
}

static int pipe_open(struct err *e)
{
	for (size_t i = 0; i < 2; i++)
		if (wake[i] >= 0)
			(void)close(wake[i]);
	if (pipe(wake) < 0)
		return err_set(e, ERR_INTERNAL, "cannot make a pipe: %s",
			       strerror(errno));
	for (size_t i = 0; i < 2; i++) {
		(void)fcntl(wake[i], F_SETFL, O_NONBLOCK);
		(void)fcntl(wake[i], F_SETFD, FD_CLOEXEC);
	}
	return 0;
}

void signals_block(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
}

void signals_unblock(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_UNBLOCK, &all, NULL);
}

int signals_init(struct err *e)
{
	struct sigaction sa = { .sa_handler = handle_signal, .sa_flags = SA_RESTART };

	for (size_t i = 0; i < CAUGHT; i++)
		flags[i] = 0;
	if (pipe_open(e) < 0)
		return -1;
	(void)sigfillset(&sa.sa_mask);
	for (size_t i = 0; i < CAUGHT; i++)
		if (sigaction(caught[i], &sa, NULL) < 0)
			return err_set(e, ERR_INTERNAL, "cannot catch signal %d: %s",
				       caught[i], strerror(errno));
	sa.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &sa, NULL) < 0)
		return err_set(e, ERR_INTERNAL, "cannot ignore SIGPIPE: %s",
			       strerror(errno));
	signals_unblock();
	return 0;
}

int signals_fd(void)
{
	return wake[0];
}

void signals_drain(void)
{
	char bytes[64];

	while (read(wake[0], bytes, sizeof(bytes)) > 0)
		continue;
}

bool signals_took(int sig)
{
	for (size_t i = 0; i < CAUGHT; i++)
		if (caught[i] == sig && flags[i] != 0) {
			flags[i] = 0;
			return true;
		}
	return false;
}

void signals_default(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };

	(void)sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < CAUGHT; i++)
		(void)sigaction(caught[i], &sa, NULL);
	signals_unblock();
}
