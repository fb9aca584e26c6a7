/*
 * Readiness. Ignorant of what the descriptors are. Beside server/platform the one file
 * that knows Linux: its twin below stands on POSIX alone.
 */
#include "server/poller.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NONE = -1, STEP = 64 };

/* What is kept of each descriptor grows to the largest number. */
static int grow(void **table, size_t *size, size_t item, int fd, struct err *e)
{
	size_t want = ((size_t)fd / STEP + 1) * STEP;
	void *p;

	if ((size_t)fd < *size)
		return 0;
	p = realloc(*table, want * item);
	if (p == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory for descriptor %d", fd);
	/* All bits set: NONE in each. */
	memset((char *)p + *size * item, 0xff, (want - *size) * item);
	*table = p;
	*size = want;
	return 0;
}

#if defined(__linux__) && !defined(POLLER_PORTABLE)

#include <sys/epoll.h>

/* The two families of names have the same values here. */
_Static_assert((int)EPOLLIN == POLLIN && (int)EPOLLOUT == POLLOUT &&
		       (int)EPOLLERR == POLLERR && (int)EPOLLHUP == POLLHUP,
	       "events are passed on as they are");

enum { ROUND = 256 };

struct poller {
	int fd;
	short *events; /* by descriptor: what is waited for, or NONE */
	size_t size;
	struct epoll_event got[ROUND];
};

int poller_open(struct poller **p_r, struct err *e)
{
	struct poller *p = calloc(1, sizeof(*p));

	*p_r = p;
	if (p == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	p->fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->fd >= 0)
		return 0;
	free(p);
	*p_r = NULL;
	return err_set(e, ERR_INTERNAL, "epoll_create1 failed: %s", strerror(errno));
}

void poller_close(struct poller **p)
{
	if (*p == NULL)
		return;
	(void)close((*p)->fd);
	free((*p)->events);
	free(*p);
	*p = NULL;
}

static short watched(const struct poller *p, int fd)
{
	return fd >= 0 && (size_t)fd < p->size ? p->events[fd] : NONE;
}

static int watch(struct poller *p, int fd, short events, uint32_t how, struct err *e)
{
	struct epoll_event event = { .events = (uint32_t)(unsigned short)events | how,
				     .data = { .fd = fd } };
	bool known = watched(p, fd) != NONE;
	void *table = p->events;
	int r = grow(&table, &p->size, sizeof(*p->events), fd, e);

	p->events = table;
	if (r < 0)
		return -1;
	r = epoll_ctl(p->fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
	if (r < 0 && errno == EEXIST)
		r = epoll_ctl(p->fd, EPOLL_CTL_MOD, fd, &event);
	if (r < 0)
		return err_set(e, ERR_INTERNAL, "descriptor %d cannot be waited for: %s",
			       fd, strerror(errno));
	p->events[fd] = events;
	return 0;
}

int poller_watch(struct poller *p, int fd, short events, struct err *e)
{
	return watched(p, fd) == events ? 0 : watch(p, fd, events, 0, e);
}

int poller_watch_anew(struct poller *p, int fd, short events, struct err *e)
{
	poller_closing(p, fd);
	return watch(p, fd, events, 0, e);
}

int poller_watch_shared(struct poller *p, int fd, struct err *e)
{
	return watched(p, fd) == POLLIN ? 0 : watch(p, fd, POLLIN, EPOLLEXCLUSIVE, e);
}

void poller_forget(struct poller *p, int fd)
{
	struct epoll_event unused = { .events = 0 };

	if (watched(p, fd) == NONE)
		return;
	(void)epoll_ctl(p->fd, EPOLL_CTL_DEL, fd, &unused);
	poller_closing(p, fd);
}

void poller_closing(struct poller *p, int fd)
{
	if (watched(p, fd) != NONE)
		p->events[fd] = NONE;
}

int poller_wait(struct poller *p, struct poller_event *event, size_t n, int ms)
{
	int got = epoll_wait(p->fd, p->got, n < ROUND ? (int)n : ROUND, ms);

	if (got < 0)
		return errno == EINTR ? 0 : -1;
	for (int i = 0; i < got; i++)
		event[i] = (struct poller_event){ p->got[i].data.fd,
						  (short)p->got[i].events };
	return got;
}

#else

struct poller {
	struct pollfd *all; /* n of them, room for `size`; see grow() */
	size_t n, size;
	int *at; /* by descriptor: its place in all, or NONE */
	size_t at_size;
	size_t next; /* where the next look begins, so that each has its turn */
};

int poller_open(struct poller **p_r, struct err *e)
{
	*p_r = calloc(1, sizeof(**p_r));
	return *p_r == NULL ? err_set(e, ERR_INTERNAL, "out of memory") : 0;
}

void poller_close(struct poller **p)
{
	if (*p == NULL)
		return;
	free((*p)->all);
	free((*p)->at);
	free(*p);
	*p = NULL;
}

int poller_watch(struct poller *p, int fd, short events, struct err *e)
{
	void *at = p->at, *all = p->all;
	int r = grow(&at, &p->at_size, sizeof(*p->at), fd, e);

	p->at = at;
	if (r == 0)
		r = grow(&all, &p->size, sizeof(*p->all), (int)p->n, e);
	p->all = all;
	if (r < 0)
		return -1;
	if (p->at[fd] == NONE) {
		p->at[fd] = (int)p->n;
		p->all[p->n++].fd = fd;
	}
	p->all[p->at[fd]].events = events;
	return 0;
}

int poller_watch_anew(struct poller *p, int fd, short events, struct err *e)
{
	return poller_watch(p, fd, events, e);
}

int poller_watch_shared(struct poller *p, int fd, struct err *e)
{
	return poller_watch(p, fd, POLLIN, e);
}

void poller_forget(struct poller *p, int fd)
{
	if (fd < 0 || (size_t)fd >= p->at_size || p->at[fd] == NONE)
		return;
	p->n--;
	p->all[p->at[fd]] = p->all[p->n];
	p->at[p->all[p->n].fd] = p->at[fd];
	p->at[fd] = NONE;
}

void poller_closing(struct poller *p, int fd)
{
	poller_forget(p, fd);
}

int poller_wait(struct poller *p, struct poller_event *event, size_t n, int ms)
{
	int ready = poll(p->all, (nfds_t)p->n, ms);
	size_t got = 0;

	if (ready <= 0)
		return ready < 0 && errno != EINTR ? -1 : 0;
	for (size_t i = 0; i < p->n && got < n; i++) {
		const struct pollfd *f = &p->all[p->next++ % p->n];

		if (f->revents != 0)
			event[got++] = (struct poller_event){ f->fd, f->revents };
	}
	return (int)got;
}

#endif
