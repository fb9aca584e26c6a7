/*
 * Telling the service manager how we are: systemd's notification datagrams
 * (sd_notify(3)), without its library. Does nothing when nobody asked for them.
 */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* -1: nobody listens */
	struct sockaddr_un to;
	socklen_t to_len;
	uint64_t watchdog_ms; /* how often to say that we live; 0: never */
	uint64_t next_ms;     /* when to say it again */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; they stay in the environment for
 * a new program that takes over. */
void notify_init(struct notify *n);
/* Sends lines of VARIABLE=value, with '\n' between them. */
void notify_say(const struct notify *n, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* RELOADING=1 with the time, as Type=notify-reload wants it. */
void notify_reloading(const struct notify *n);
/* Says that we live when it is time to. Returns the ms until the next time;
 * UINT64_MAX: never. */
uint64_t notify_tick(struct notify *n, uint64_t now_ms);

/* The address of "/path" or "@abstract". False when the text is neither, or too long. */
bool notify_address(const char *text, struct sockaddr_un *to, socklen_t *len_r);
/* How often to say that we live: at half the time allowed, in ms. 0 when nothing is
 * asked of the process `own`. usec, pid: WATCHDOG_USEC and WATCHDOG_PID, or NULL. */
uint64_t notify_interval(const char *usec, const char *pid, long own);

#endif
