/*
 * systemd's notification protocol: datagrams of lines to a unix socket. Ignorant of
 * what the states mean to the server.
 */
#include "server/notify.h"

#include "server/clock.h"

#include "parse/num.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

bool notify_address(const char *text, struct sockaddr_un *to, socklen_t *len_r)
{
	size_t n = strlen(text);

	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (n < 2 || n >= sizeof(to->sun_path) || (text[0] != '/' && text[0] != '@'))
		return false;
	memcpy(to->sun_path, text, n);
	/* An abstract name begins with a zero byte, written as '@', and ends with the
	 * address's length. */
	if (text[0] == '@')
		to->sun_path[0] = '\0';
	*len_r = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n +
			     (text[0] == '/'));
	return true;
}

uint64_t notify_interval(const char *usec, const char *pid, long own)
{
	uint64_t us, who;

	if (usec == NULL || !num_u64(slice_str(usec), UINT64_MAX, &us) || us == 0)
		return 0;
	if (pid != NULL &&
	    (!num_u64(slice_str(pid), INT64_MAX, &who) || (int64_t)who != (int64_t)own))
		return 0;
	return us / 2000 > 0 ? us / 2000 : 1;
}

void notify_init(struct notify *n)
{
	const char *at = getenv("NOTIFY_SOCKET");
	/* A manager that is slow must not keep the server from its work for long. */
	struct timeval patience = { .tv_usec = 500000 };

	*n = (struct notify){ .fd = -1 };
	if (at == NULL || !notify_address(at, &n->to, &n->to_len))
		return;
	n->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (n->fd < 0)
		return;
	(void)fcntl(n->fd, F_SETFD, FD_CLOEXEC);
	(void)setsockopt(n->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	n->watchdog_ms = notify_interval(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"),
					 (long)getpid());
}

void notify_say(const struct notify *n, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int len;

	if (n->fd < 0)
		return;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(text))
		len = (int)sizeof(text) - 1;
	/* Without a manager that takes it there is nobody to complain to either. */
	(void)sendto(n->fd, text, (size_t)len, MSG_NOSIGNAL,
		     (const struct sockaddr *)&n->to, n->to_len);
}

void notify_reloading(const struct notify *n)
{
	notify_say(n, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reloading",
		   (unsigned long long)clock_us());
}

uint64_t notify_tick(struct notify *n, uint64_t now_ms)
{
	if (n->watchdog_ms == 0)
		return UINT64_MAX;
	if (now_ms >= n->next_ms) {
		notify_say(n, "WATCHDOG=1");
		n->next_ms = now_ms + n->watchdog_ms;
	}
	return n->next_ms - now_ms;
}
