/*
 * The one listening socket that all workers share.
 */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include "parse/err.h"

/* Binds and listens, non-blocking. address is "127.0.0.1:8080", "[::1]:8080", "*:8080" or
 * "unix:/path". "*" is IPv4 and IPv6 where the machine has both, "[::]" both, "0.0.0.0"
 * IPv4. Returns the descriptor, or -1 with e saying which address
 * and why. */
int listener_open(const char *address, int backlog, struct err *e) MUST_CHECK;
/* The socket that a service manager passed to this process (LISTEN_FDS, LISTEN_PID;
 * sd_listen_fds(3)), made ready to use: 0 with *fd_r, -1 in it when none was passed; or
 * -1 with e when what was passed cannot be used. The variables are removed. */
int listener_passed(int *fd_r, struct err *e) MUST_CHECK;
/* Makes a listening socket that came from another program ready to use. what: where it
 * came from, for e. */
int listener_adopt(int fd, const char *what, struct err *e) MUST_CHECK;
/* How many connections the kernel keeps from now on. */
void listener_backlog(int fd, int backlog);
/* Takes one connection: its descriptor, non-blocking, with the peer's address as text
 * ("unix" for a unix socket; an IPv4 client of an IPv6 socket by its IPv4 address); -1
 * with errno when none waits (or it went away again). */
int listener_accept(int fd, char *peer, unsigned long peer_size);
/* Closes it, and removes the socket file of a unix address (NULL: it stays). */
void listener_close(int *fd, const char *address);

#endif
