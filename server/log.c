/*
 * One line per event, one write(2) per line. Ignorant of who calls and why, and of what
 * it writes to. The logger's sink, losses, level and role are among the few writable
 * globals.
 */
#include "server/log.h"

#include "parse/slice.h"
#include "parse/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

enum { LINE = LOG_SINK_LINE };

/* Until log_open(), a program that may wait. */
static struct log_sink sink = { STDERR_FILENO, LOG_SINK_PLAIN };
static struct log_lost own, *losses = &own;
static enum log_level log_max = LOG_INFO;
static char log_name[32] = "main";

void log_role(const char *role)
{
	(void)snprintf(log_name, sizeof(log_name), "%s", role);
}

int log_open(const char *path, enum log_level level, struct err *e)
{
	int r = 0;

	log_max = level;
	if (path != NULL && path[0] != '\0' && strcmp(path, "-") != 0) {
		if (log_sink_file(&sink, path) == 0)
			return 0;
		r = err_set(e, ERR_INPUT, "log file '%s': %s", path, strerror(errno));
	}
	log_sink_standard(&sink, STDERR_FILENO);
	return r;
}

void log_losses(struct log_lost *shared)
{
	losses = shared == NULL ? &own : shared;
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

static bool put_line(enum log_level level, struct slice text)
{
	char line[LINE];
	size_t n = put_start(line, level);

	n += put_text(line + n, sizeof(line) - n - 1, text);
	line[n++] = '\n';
	return log_sink_put(&sink, line, n);
}

/* Tells of the lines that were lost since it was last told; false when that cannot be
 * written either. One process tells it, of all that share the losses. */
static bool put_lost(void)
{
	unsigned long long told = atomic_load(&losses->told);
	unsigned long long n = atomic_load(&losses->lost) - told;
	char text[96];

	if (n == 0 || !atomic_compare_exchange_strong(&losses->told, &told, told + n))
		return true;
	(void)snprintf(text, sizeof(text),
		       "%llu line%s of this log could not be written and %s lost", n,
		       n == 1 ? "" : "s", n == 1 ? "is" : "are");
	if (put_line(LOG_WARNING, slice_str(text)))
		return true;
	(void)atomic_fetch_sub(&losses->told, n);
	return false;
}

void log_tick(void)
{
	int saved = errno;

	(void)put_lost();
	errno = saved;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	char text[LINE];
	va_list ap;
	int len;

	if (level > log_max)
		return;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0)
		len = 0;
	if (!put_lost() ||
	    !put_line(level, (struct slice){ text, strnlen(text, (size_t)len) }))
		(void)atomic_fetch_add(&losses->lost, 1);
	errno = saved;
}
