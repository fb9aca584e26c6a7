/*
 * The one listening socket that all workers share.
 */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include "parse/err.h"

/* Binds and listens, non-blocking. address is "127.0.0.1:8080", "[::1]:8080",
 * "*:8080" or "unix:/path". Returns the descriptor, or -1 with e saying which address
 * and why. */
int listener_open(const char *address, int backlog, struct err *e) MUST_CHECK;
/* Takes one connection: its descriptor, non-blocking, with the peer's address as text
 * ("unix" for a unix socket); -1 when none waits (or it went away again). */
int listener_accept(int fd, char *peer, unsigned long peer_size);
/* Closes it, and removes the socket file of a unix address. */
void listener_close(int *fd, const char *address);

#endif
