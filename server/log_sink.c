/*
 * Writing lines without waiting. Ignorant of what they say and of who counts the lost.
 */
#include "server/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_TRIES = 10 };

static void become(struct log_sink *s, int fd, enum log_sink_kind kind)
{
	log_sink_close(s);
	*s = (struct log_sink){ fd, kind };
}

/* The same pipe or terminal, and not the descriptor that others share. */
static bool is_own(const struct log_sink *s, const struct stat *standard)
{
	struct stat st;

	return s->fd > STDERR_FILENO && s->kind == LOG_SINK_PLAIN &&
	       fstat(s->fd, &st) == 0 && st.st_dev == standard->st_dev &&
	       st.st_ino == standard->st_ino;
}

void log_sink_standard(struct log_sink *s, int standard)
{
	struct stat st = { .st_mode = 0 };
	char path[24];
	int fd;

	if (fstat(standard, &st) < 0 || S_ISREG(st.st_mode)) {
		become(s, standard, LOG_SINK_PLAIN);
		return;
	}
	if (S_ISSOCK(st.st_mode)) {
		become(s, standard, LOG_SINK_SOCKET);
		return;
	}
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", standard);
	fd = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		become(s, fd, LOG_SINK_PLAIN);
	else if (!is_own(s, &st))
		become(s, standard, LOG_SINK_SHARED);
}

int log_sink_file(struct log_sink *s, const char *path)
{
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		      0640);

	if (fd < 0)
		return -1;
	become(s, fd, LOG_SINK_PLAIN);
	return 0;
}

/* A sibling holds it for one write at the most. */
static bool lock(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (fcntl(fd, F_SETLK, &whole) == 0)
			return true;
		if (errno != EAGAIN && errno != EACCES)
			return true; /* nothing to lock: a terminal needs none */
		(void)sched_yield();
	}
	return false;
}

static bool put_shared(int fd, const char *line, size_t n)
{
	struct flock whole = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	bool taken;

	if (!lock(fd))
		return false;
	taken = poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0 &&
		write(fd, line, n) == (ssize_t)n;
	(void)fcntl(fd, F_SETLK, &whole);
	return taken;
}

/* The start of a line that a full disk had room for becomes a line of blanks, so that
 * whoever writes next begins a line. What is appended lands behind it in any case, and
 * what was given is given: this needs neither room nor a lock. */
static void blank(int fd, const char *start, size_t n)
{
	char path[24], found[LOG_SINK_LINE];
	off_t end = lseek(fd, 0, SEEK_CUR);
	ssize_t given;
	int own;

	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	/* On a description that appends, pwrite(2) does so, too. */
	own = end < 0 || n > sizeof(found)
		      ? -1
		      : open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return;
	/* Where the description is shared, `end` may be a sibling's by now. */
	if (pread(own, found, n, end - (off_t)n) == (ssize_t)n &&
	    memcmp(found, start, n) == 0) {
		memset(found, ' ', n - 1);
		found[n - 1] = '\n';
		given = pwrite(own, found, n, end - (off_t)n);
		(void)given;
	}
	(void)close(own);
}

bool log_sink_put(const struct log_sink *s, const char *line, size_t n)
{
	ssize_t put;

	if (s->kind == LOG_SINK_SHARED)
		return put_shared(s->fd, line, n);
	do
		put = s->kind == LOG_SINK_SOCKET
			      ? send(s->fd, line, n, MSG_DONTWAIT | MSG_NOSIGNAL)
			      : write(s->fd, line, n);
	while (put < 0 && errno == EINTR);
	if (put > 0 && put < (ssize_t)n)
		blank(s->fd, line, (size_t)put);
	return put == (ssize_t)n;
}

void log_sink_close(struct log_sink *s)
{
	if (s->fd > STDERR_FILENO)
		(void)close(s->fd);
	s->fd = -1;
}
