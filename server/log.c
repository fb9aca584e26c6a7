/*
 * One line per event, one write(2) per line. Ignorant of who calls and why. The
 * logger's descriptor, level and role are among the few writable globals.
 */
#include "server/log.h"

#include "parse/slice.h"
#include "parse/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 4096 }; /* PIPE_BUF: a write up to this size is never mixed with others */

static int log_fd = STDERR_FILENO;
static enum log_level log_max = LOG_INFO;
static char log_name[32] = "main";

void log_role(const char *role)
{
	(void)snprintf(log_name, sizeof(log_name), "%s", role);
}

int log_open(const char *path, enum log_level level, struct err *e)
{
	int fd = STDERR_FILENO;

	log_max = level;
	if (path != NULL && path[0] != '\0' && strcmp(path, "-") != 0) {
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
		if (fd < 0)
			(void)err_set(e, ERR_INPUT, "log file '%s': %s", path,
				      strerror(errno));
	}
	if (log_fd != STDERR_FILENO)
		(void)close(log_fd);
	log_fd = fd < 0 ? STDERR_FILENO : fd;
	return fd < 0 ? -1 : 0;
}

/* "2024-05-01T08:00:00.123Z info worker 3[4711] ": universal time, so that lines of
 * several hosts sort. */
static size_t put_start(char line[LINE], enum log_level level)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error",
		[LOG_WARNING] = "warning",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};
	struct timespec now;
	struct tm tm;
	char stamp[32];
	int n;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm) == NULL ||
	    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		stamp[0] = '\0';
	n = snprintf(line, LINE, "%s.%03ldZ %s %s[%ld] ", stamp, now.tv_nsec / 1000000,
		     names[level], log_name, (long)getpid());
	return n < 0 ? 0 : (size_t)n;
}

/* One byte as \xHH. */
static size_t put_hex(char *to, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";

	to[0] = '\\';
	to[1] = 'x';
	to[2] = digits[c >> 4];
	to[3] = digits[c & 15];
	return 4;
}

/* Length of the printable character that s starts with; 0 for a control character
 * (C0, DEL, C1) or a byte that is not UTF-8. */
static size_t printable(struct slice s)
{
	unsigned char c = (unsigned char)s.p[0];
	struct slice one = { s.p, c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4 };

	if (c < 0x20 || c == 0x7f || one.n > s.n || !utf8_valid(one))
		return 0;
	if (c == 0xc2 && (unsigned char)s.p[1] < 0xa0)
		return 0;
	return one.n;
}

/* Writes text so that it stays one line of valid UTF-8; "..." stands for what has no
 * room. Returns the bytes written, at most room. */
static size_t put_text(char *to, size_t room, struct slice text)
{
	static const struct slice cut = SLICE_INIT("...");
	size_t n = 0;

	while (text.n > 0) {
		size_t step = printable(text);

		if (room - n < 4 + cut.n) { /* 4: what one character takes at the most */
			memcpy(to + n, cut.p, cut.n);
			return n + cut.n;
		}
		if (step > 0)
			memcpy(to + n, text.p, step);
		else
			(void)put_hex(to + n, (unsigned char)text.p[0]);
		n += step > 0 ? step : 4;
		(void)slice_take(&text, step > 0 ? step : 1);
	}
	return n;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[LINE], text[LINE];
	int saved = errno;
	va_list ap;
	size_t n;
	int len;

	if (level > log_max)
		return;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0)
		len = 0;
	n = put_start(line, level);
	n += put_text(line + n, sizeof(line) - n - 1,
		      (struct slice){ text, strnlen(text, (size_t)len) });
	line[n++] = '\n';
	while (write(log_fd, line, n) < 0 && errno == EINTR)
		;
	errno = saved;
}
