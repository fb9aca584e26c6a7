/*
 * With server/poller the files that have calls outside POSIX.1-2008. Ignorant of who asks
 * and why.
 */
#include "server/platform.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/tcp.h>
#include <sys/prctl.h>
#endif

/* The headers hide it when only POSIX is asked for; every libc has it. */
int initgroups(const char *user, gid_t group);
#ifdef __linux__
int accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags);
#endif

bool platform_die_with_parent(pid_t parent)
{
#ifdef __linux__
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return false;
	/* The parent may have ended before the call. */
	if (getppid() != parent)
		_exit(1);
	return true;
#else
	(void)parent;
	return false;
#endif
}

int platform_become(const char *user, struct err *e)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL)
		return err_set(e, ERR_INPUT, "key 'user': no user \"%s\" on this machine",
			       user);
	if (initgroups(user, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
	    setuid(pw->pw_uid) < 0)
		return err_set(e, ERR_INPUT, "cannot become user \"%s\": %s", user,
			       strerror(errno));
	if (pw->pw_uid != 0 && setuid(0) == 0)
		return err_set(e, ERR_INTERNAL,
			       "root could be taken back after becoming \"%s\"", user);
#ifdef __linux__
	/* A process that was root leaves no core, unless it says that it may. */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
	return 0;
}

int platform_random(void *to, size_t n, struct err *e)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	char *at = to;

	if (fd < 0)
		return err_set(e, ERR_INTERNAL, "cannot open /dev/urandom: %s",
			       strerror(errno));
	while (n > 0) {
		ssize_t got = read(fd, at, n);

		if (got <= 0 && errno != EINTR) {
			(void)close(fd);
			return err_set(e, ERR_INTERNAL, "cannot read /dev/urandom");
		}
		if (got > 0) {
			at += got;
			n -= (size_t)got;
		}
	}
	(void)close(fd);
	return 0;
}

int platform_accept(int fd, struct sockaddr *sa, socklen_t *len)
{
#ifdef __linux__
	return accept4(fd, sa, len, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
	int got = accept(fd, sa, len);
	int flags = got < 0 ? -1 : fcntl(got, F_GETFL);

	if (got < 0 || (flags >= 0 && fcntl(got, F_SETFL, flags | O_NONBLOCK) == 0 &&
			fcntl(got, F_SETFD, FD_CLOEXEC) == 0))
		return got;
	(void)close(got);
	return -1;
#endif
}

void platform_accept_late(int fd)
{
#ifdef TCP_DEFER_ACCEPT
	int seconds = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
#else
	(void)fd;
#endif
}

uint64_t platform_unread_ms(int fd)
{
#ifdef __linux__
	struct tcp_info info;
	socklen_t n = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0)
		return info.tcpi_last_data_recv;
#else
	(void)fd;
#endif
	return 0;
}

unsigned platform_waiting(int listen_fd)
{
#ifdef __linux__
	/* Of a socket that listens these are the queue's length and its bound. */
	struct tcp_info info;
	socklen_t n = sizeof(info);

	if (getsockopt(listen_fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0)
		return info.tcpi_unacked;
#else
	(void)listen_fd;
#endif
	return 0;
}

int platform_salt(char setting[PLATFORM_SALT], struct err *e)
{
	/* What crypt(3) takes in a salt. */
	static const char letters[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	unsigned char random[16] = { 0 };
	char salt[sizeof(random) + 1];

	if (platform_random(random, sizeof(random), e) < 0)
		return -1;
#ifdef CRYPT_GENSALT_IMPLEMENTS_DEFAULT_PREFIX
	const char *best = crypt_gensalt(NULL, 0, (const char *)random, sizeof(random));

	if (best != NULL && best[0] != '*' && strlen(best) < PLATFORM_SALT) {
		(void)snprintf(setting, PLATFORM_SALT, "%s", best);
		return 0;
	}
#endif
	for (size_t i = 0; i < sizeof(random); i++)
		salt[i] = letters[random[i] % 64];
	salt[sizeof(random)] = '\0';
	(void)snprintf(setting, PLATFORM_SALT, "$6$rounds=200000$%s$", salt);
	return 0;
}

void platform_terminal(int fd, unsigned *rows_r, unsigned *columns_r)
{
	*rows_r = *columns_r = UINT_MAX;
#ifdef TIOCGWINSZ
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return;
	if (size.ws_row > 0)
		*rows_r = size.ws_row;
	if (size.ws_col > 0)
		*columns_r = size.ws_col;
#else
	(void)fd;
#endif
}

const char *platform_crypt(const char *text, const char *setting)
{
	return crypt(text, setting);
}
