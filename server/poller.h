/*
 * Waiting for many descriptors at once. On Linux the cost does not grow with those that
 * stay silent (epoll); elsewhere, or with -DPOLLER_PORTABLE, it is poll()'s.
 */
#ifndef SERVER_POLLER_H
#define SERVER_POLLER_H

#include "parse/err.h"

#include <poll.h>
#include <stddef.h>

struct poller;

struct poller_event {
	int fd;
	short events; /* of POLLIN, POLLOUT, POLLERR and POLLHUP */
};

int poller_open(struct poller **p_r, struct err *e) MUST_CHECK;
void poller_close(struct poller **p);
/* From now on fd is waited for: POLLIN, POLLOUT or both; 0 for its errors and its end
 * alone. What is so already costs nothing. ERR_INTERNAL: it is not waited for. */
int poller_watch(struct poller *p, int fd, short events, struct err *e) MUST_CHECK;
/* The same for a descriptor whose closing nobody told the poller of: its number may
 * mean another one by now. */
int poller_watch_anew(struct poller *p, int fd, short events, struct err *e) MUST_CHECK;
/* The same for reading what other processes wait for as well: an event wakes one of
 * those that sleep, where the system can do that; a process that dies as it is woken
 * takes the event along, so that whoever waits must look for itself now and then. */
int poller_watch_shared(struct poller *p, int fd, struct err *e) MUST_CHECK;
/* fd is not waited for any more. */
void poller_forget(struct poller *p, int fd);
/* The same, cheaper, for a descriptor that is closed next. */
void poller_closing(struct poller *p, int fd);
/*
 * Waits up to ms (-1: as long as it takes) and fills in at most n events; the next call
 * tells of the others. Returns how many; 0 also after a signal; -1 with errno. An event
 * may be of a descriptor that was closed, and its number taken by another, since.
 */
int poller_wait(struct poller *p, struct poller_event *event, size_t n, int ms);

#endif
