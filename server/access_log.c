/*
 * Writing the access log. Ignorant of what the requests meant.
 */
#include "server/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

static int log_fd = -1;

int access_log_open(const char *path, struct err *e)
{
	int fd;

	if (log_fd > STDERR_FILENO)
		(void)close(log_fd);
	log_fd = -1;
	if (path[0] == '\0')
		return 0;
	if (strcmp(path, "-") == 0) {
		log_fd = STDOUT_FILENO;
		return 0;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		return err_set(e, ERR_INPUT, "key 'access_log': cannot open \"%s\": %s",
			       path, strerror(errno));
	log_fd = fd;
	return 0;
}

/* A client's text between quotes: what could end the quotes or the line is replaced. */
static int quoted(char *to, size_t size, struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 1 < size; i++) {
		unsigned char c = (unsigned char)s.p[i];

		to[n++] = c < 0x20 || c == 0x7f || c == '"' || c == '\\' ? '?' : (char)c;
	}
	to[n] = '\0';
	return (int)n;
}

void access_log_write(const struct request *r, const struct response *res, uint64_t sent,
		      uint64_t us, uint64_t db_us)
{
	char line[2048], target[1024], agent[256], when[40];
	time_t now = time(NULL);
	struct tm tm;
	int n;

	if (log_fd < 0)
		return;
	(void)quoted(target, sizeof(target), r->head.target);
	(void)quoted(agent, sizeof(agent),
		     http_head_field(&r->head, SLICE("User-Agent")));
	(void)gmtime_r(&now, &tm);
	(void)strftime(when, sizeof(when), "%d/%b/%Y:%H:%M:%S +0000", &tm);
	n = snprintf(line, sizeof(line),
		     "%s - - [%s] \"%.*s %s HTTP/1.%u\" %u %llu \"-\" \"%s\" %.*s %lluus "
		     "db=%lluus\n",
		     r->peer, when, (int)r->head.method_text.n, r->head.method_text.p,
		     target, r->head.minor, res->status, (unsigned long long)sent, agent,
		     (int)r->id.n, r->id.p, (unsigned long long)us,
		     (unsigned long long)db_us);
	/* A log that cannot be written must not cost a request. */
	if (n > 0 && (size_t)n < sizeof(line) && write(log_fd, line, (size_t)n) < 0)
		return;
}
