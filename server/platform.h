/*
 * What POSIX does not have. Everything here does nothing, and says so by its result,
 * where the system has no such thing; nothing else in the tree depends on Linux.
 */
#ifndef SERVER_PLATFORM_H
#define SERVER_PLATFORM_H

#include "parse/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* The kernel kills this process when its parent ends. False where there is no such
 * thing: the caller must then notice by a closed pipe. */
bool platform_die_with_parent(pid_t parent);
/* Gives up root for the named user and its groups; a crash can still leave a core. 0, or
 * -1 with e. */
int platform_become(const char *user, struct err *e) MUST_CHECK;
/* n bytes that nobody can guess. 0, or -1 with e. */
int platform_random(void *to, size_t n, struct err *e) MUST_CHECK;
/* accept() of a socket that does not block and is closed on exec; -1 with errno. */
int platform_accept(int fd, struct sockaddr *sa, socklen_t *len);

/* A listening socket gives a connection when its first bytes are there, or after about a
 * second without; on others than TCP it changes nothing. */
void platform_accept_late(int fd);
/* For how long the last bytes that came have been there, unread, or an accepted
 * connection that has none; 0 where that is not known. */
uint64_t platform_unread_ms(int fd);

/* How many connections wait to be accepted; 0 where that is not known. */
unsigned platform_waiting(int listen_fd);

enum { PLATFORM_SALT = 192 };
/* What crypt(3) begins a new hash with: the system's best method where it names one, else
 * SHA-512 at 200,000 rounds, and fresh random bytes. 0, or -1 with e. */
int platform_salt(char setting[PLATFORM_SALT], struct err *e) MUST_CHECK;
/* The size of the terminal behind fd; UINT_MAX each where it is not known. */
void platform_terminal(int fd, unsigned *rows_r, unsigned *columns_r);
/* crypt(3): the hash, in memory that the next call overwrites; NULL or "*..." when it
 * fails. */
const char *platform_crypt(const char *text, const char *setting);

#endif
