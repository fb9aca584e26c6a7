/*
 * Writing the access log. Ignorant of what the requests meant.
 */
#include "server/access_log.h"

#include "parse/json_write.h"
#include "server/log_sink.h"
#include "server/router.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE = LOG_SINK_LINE,
	TARGET = 1024,
	AGENT = 256,
	JSON_TARGET = 480,
	JSON_AGENT = 128,
	STATUS = 12
};

static struct log_sink sink = { -1, LOG_SINK_PLAIN };
static bool log_json;

int access_log_open(const struct config *cfg, struct err *e)
{
	const char *path = cfg->access_log;

	log_json = strcmp(cfg->access_log_format, "json") == 0;
	if (path[0] == '\0') {
		log_sink_close(&sink);
	} else if (strcmp(path, "-") == 0) {
		log_sink_standard(&sink, STDOUT_FILENO);
	} else if (log_sink_file(&sink, path) < 0) {
		return err_set(e, ERR_INPUT, "key 'access_log': cannot open \"%s\": %s",
			       path, strerror(errno));
	}
	return 0;
}

/* A client's text between quotes: what could end the quotes or the line is replaced. */
static const char *quoted(char *to, size_t size, struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 1 < size; i++) {
		unsigned char c = (unsigned char)s.p[i];

		to[n++] = c < 0x20 || c == 0x7f || c == '"' || c == '\\' ? '?' : (char)c;
	}
	to[n] = '\0';
	return n == 0 ? "-" : to;
}

static struct slice field(const struct request *r, struct slice name)
{
	return r == NULL ? (struct slice){ NULL, 0 } : http_head_field(&r->head, name);
}

static const char *route_of(const struct access_log_line *l)
{
	const struct request *r = l->req;

	if (l->route != NULL)
		return l->route;
	return r == NULL || r->route == NULL ? router_name(0) : r->route->name;
}

static const char *status_of(const struct access_log_line *l, const char *none,
			     char to[STATUS])
{
	if (l->status == 0)
		return none;
	(void)snprintf(to, STATUS, "%u", l->status);
	return to;
}

static int write_combined(const struct access_log_line *l, struct buf *b, struct err *e)
{
	const struct request *r = l->req;
	struct slice user =
		r == NULL || r->user.name.p == NULL ? SLICE("-") : r->user.name;
	char target[TARGET], agent[AGENT], referer[AGENT], when[40], status[STATUS];
	time_t now = time(NULL);
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	(void)strftime(when, sizeof(when), "%d/%b/%Y:%H:%M:%S +0000", &tm);
	if (buf_printf(b, e, "%s - %.*s [%s] ", r == NULL ? l->peer : r->peer,
		       (int)user.n, user.p, when) < 0)
		return -1;
	if (r == NULL ? buf_add(b, SLICE("\"-\""), e) < 0
		      : buf_printf(b, e, "\"%.*s %s HTTP/1.%u\"",
				   (int)r->head.method_text.n, r->head.method_text.p,
				   quoted(target, sizeof(target), r->head.target),
				   r->head.minor) < 0)
		return -1;
	return buf_printf(b, e, " %s %llu \"%s\" \"%s\" %.*s route=%s %lluus db=%lluus\n",
			  status_of(l, "-", status), (unsigned long long)l->sent,
			  quoted(referer, sizeof(referer), field(r, SLICE("Referer"))),
			  quoted(agent, sizeof(agent), field(r, SLICE("User-Agent"))),
			  l->id.n == 0 ? 1 : (int)l->id.n, l->id.n == 0 ? "-" : l->id.p,
			  route_of(l), (unsigned long long)l->us,
			  (unsigned long long)l->db_us);
}

static int json_member(struct buf *b, const char *name, struct slice value, size_t most,
		       struct err *e)
{
	if (value.n > most)
		value.n = most;
	if (buf_printf(b, e, ",\"%s\":", name) < 0)
		return -1;
	return json_write_string(b, value, e);
}

static int write_json(const struct access_log_line *l, struct buf *b, struct err *e)
{
	const struct request *r = l->req;
	struct timespec now;
	char when[32], status[STATUS];
	struct tm tm;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	if (buf_printf(b, e, "{\"time\":\"%s.%03ldZ\"", when, now.tv_nsec / 1000000) <
		    0 ||
	    json_member(b, "client", slice_str(r == NULL ? l->peer : r->peer), 64, e) < 0)
		return -1;
	if (r != NULL && r->user.name.p != NULL &&
	    json_member(b, "user", r->user.name, USER_NAME, e) < 0)
		return -1;
	if (json_member(b, "request_id", l->id, 64, e) < 0)
		return -1;
	if (r != NULL && (json_member(b, "method", r->head.method_text, 32, e) < 0 ||
			  json_member(b, "target", r->head.target, JSON_TARGET, e) < 0 ||
			  json_member(b, "user_agent", field(r, SLICE("User-Agent")),
				      JSON_AGENT, e) < 0))
		return -1;
	return buf_printf(b, e,
			  ",\"route\":\"%s\",\"status\":%s,\"bytes\":%llu,\"us\":%llu,"
			  "\"db_us\":%llu}\n",
			  route_of(l), status_of(l, "null", status),
			  (unsigned long long)l->sent, (unsigned long long)l->us,
			  (unsigned long long)l->db_us);
}

int access_log_write(const struct access_log_line *line)
{
	struct err e = { .kind = ERR_NONE };
	struct buf b;
	int r = 0;

	if (sink.fd < 0)
		return 0;
	buf_init(&b, LINE);
	if ((log_json ? write_json(line, &b, &e) : write_combined(line, &b, &e)) < 0 ||
	    !log_sink_put(&sink, buf_slice(&b).p, b.n))
		r = -1;
	buf_release(&b);
	return r;
}
