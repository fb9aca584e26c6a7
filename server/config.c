/*
 * Settings: the table of keys, and the one way from text to value, used alike for
 * defaults, file and environment. Ignorant of what a setting does, and of whether
 * an address can be bound or a folder exists: those who use it find out.
 */
#include "server/config.h"

#include "parse/ip.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>

#ifndef STATIC_DIR
#define STATIC_DIR "/usr/local/share/waybill/static"
#endif

extern char **environ;

enum kind { TEXT, FLAG, COUNT, TIME, SIZE, LEVEL };

/* NULL when the value may be used, else what is allowed. */
typedef const char *check_fn(struct slice value);

struct key {
	const char *name;
	enum kind kind;
	size_t at; /* offset in struct config */
	const char *value;
	uint64_t min, max; /* COUNT; TIME in milliseconds; SIZE in bytes */
	check_fn *check;   /* TEXT; NULL: anything */
};

static const uint64_t kilo = 1024, minute = 60000, day = 86400000, month = 2592000000;

static const char *check_some(struct slice v)
{
	return v.n > 0 ? NULL : "must not be empty";
}

/* Leaves room behind it for a file's name. */
static const char *check_path(struct slice v)
{
	return v.n < PATH_MAX - 64 ? check_some(v) : "path is too long";
}

/* "HOST:PORT", "[IPV6]:PORT", "*:PORT" or "unix:/PATH". */
static const char *check_listen(struct slice v)
{
	static const char allowed[] =
		"must be HOST:PORT, [IPV6]:PORT, *:PORT or unix:/PATH";
	unsigned port = 0;
	size_t colon = v.n;
	struct slice host;

	if (slice_starts(v, SLICE("unix:")))
		return v.n > 6 && v.p[5] == '/' ? NULL : allowed;
	while (colon > 0 && v.p[colon - 1] != ':')
		colon--;
	if (colon < 2 || v.n == colon || v.n - colon > 5)
		return allowed;
	/* Of ::1:8080 nobody could say what is the port. */
	host = (struct slice){ v.p, colon - 1 };
	if (v.p[0] == '[' ? v.p[colon - 2] != ']' : slice_find(host, ':') != NULL)
		return allowed;
	for (size_t i = colon; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return allowed;
		port = port * 10 + (unsigned)(v.p[i] - '0');
	}
	if (port == 0)
		return "has port 0, which is any: nobody would know it";
	return port <= 65535 ? NULL : "has a port over 65535";
}

/* Also keeps quotes and blanks out of what becomes a session setting. */
static const char *check_zone(struct slice v)
{
	if (v.n == 0 || v.n > 64)
		return "must be a time zone such as Asia/Manila";
	for (size_t i = 0; i < v.n; i++) {
		char c = slice_lower(v.p[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      (c != '\0' && strchr("/_+-", c) != NULL)))
			return "must be a time zone such as Asia/Manila";
	}
	return NULL;
}

static const char *check_nets(struct slice v)
{
	struct err e = { .kind = ERR_NONE };
	struct ip_nets nets;

	if (ip_nets_parse(v, &nets, &e) == 0)
		return NULL;
	return e.kind == ERR_LIMIT ? "has more than 64 addresses and networks"
				   : "must be addresses (10.0.0.1), networks "
				     "(10.0.0.0/8, fd00::/8) or unix, with commas";
}

static const char *check_format(struct slice v)
{
	return slice_eq(v, SLICE("combined")) || slice_eq(v, SLICE("json"))
		       ? NULL
		       : "must be combined or json";
}

#define AT(field) offsetof(struct config, field)
/* clang-format off */
static const struct key keys[] = {
	{ "listen", TEXT, AT(listen), "127.0.0.1:8080", 0, 0, check_listen },
	{ "workers", COUNT, AT(workers), "20", 0, 128, NULL },
	{ "queue_workers", COUNT, AT(queue_workers), "1", 0, 32, NULL },
	{ "queue_threshold", SIZE, AT(queue_threshold), "32M", 0, kilo * kilo * kilo * kilo, NULL },
	{ "hold_days", COUNT, AT(hold_days), "5", 0, 36500, NULL },
	{ "retention_days", COUNT, AT(retention_days), "0", 0, 36500, NULL },
	{ "tasks", COUNT, AT(tasks), "4", 1, 64, NULL },
	{ "database", TEXT, AT(database), "dbname=warehousedb", 0, 0, check_some },
	{ "database_read", TEXT, AT(database_read), "", 0, 0, NULL },
	{ "database_pooled", FLAG, AT(database_pooled), "off", 0, 0, NULL },
	{ "auth", FLAG, AT(auth), "off", 0, 0, NULL },
	{ "session_lifetime", TIME, AT(session_lifetime), "12h", minute, month, NULL },
	{ "session_max", TIME, AT(session_max), "168h", minute, month, NULL },
	{ "login_rate", COUNT, AT(login_rate), "30", 0, 60000, NULL },
	{ "cookie_secure", FLAG, AT(cookie_secure), "off", 0, 0, NULL },
	{ "metrics_from", TEXT, AT(metrics_from), "", 0, 0, check_nets },
	{ "static_dir", TEXT, AT(static_dir), STATIC_DIR, 0, 0, check_path },
	{ "spool_dir", TEXT, AT(spool_dir), "/var/lib/waybill/spool", 0, 0, check_path },
	{ "max_upload", SIZE, AT(max_upload), "100M", kilo, kilo * kilo * kilo * kilo, NULL },
	{ "timezone", TEXT, AT(timezone), "Asia/Manila", 0, 0, check_zone },
	{ "trusted_proxies", TEXT, AT(trusted_proxies), "", 0, 0, check_nets },
	{ "proxy_protocol", FLAG, AT(proxy_protocol), "off", 0, 0, NULL },
	{ "access_log", TEXT, AT(access_log), "", 0, 0, NULL },
	{ "access_log_format", TEXT, AT(access_log_format), "combined", 0, 0, check_format },
	{ "slow_log", TIME, AT(slow_log), "1s", 0, day, NULL },
	{ "log_level", LEVEL, AT(log_level), "info", 0, 0, NULL },
	{ "log_file", TEXT, AT(log_file), "", 0, 0, NULL },
	{ "user", TEXT, AT(user), "", 0, 0, NULL },
	{ "idle_timeout", TIME, AT(idle_timeout), "60s", 1, day, NULL },
	{ "request_timeout", TIME, AT(request_timeout), "30s", 1, day, NULL },
	{ "stop_timeout", TIME, AT(stop_timeout), "30s", 1, day, NULL },
	{ "statement_timeout", TIME, AT(statement_timeout), "10s", 1, day, NULL },
	{ "head_timeout", TIME, AT(head_timeout), "10s", 1, day, NULL },
	{ "body_timeout", TIME, AT(body_timeout), "300s", 1, day, NULL },
	{ "task_timeout", TIME, AT(task_timeout), "600s", 1, day, NULL },
	{ "task_memory", SIZE, AT(task_memory), "2G", kilo * kilo * 128, kilo * kilo * kilo * kilo, NULL },
	{ "max_shared_strings", SIZE, AT(max_shared_strings), "512M", kilo * kilo, kilo * kilo * kilo * 4 - 1, NULL },
	{ "body_min_rate", SIZE, AT(body_min_rate), "1K", 0, kilo * kilo * kilo, NULL },
	{ "shed_after", TIME, AT(shed_after), "5s", 0, day, NULL },
	{ "max_connections_per_client", COUNT, AT(max_connections_per_client), "0", 0, 65536, NULL },
	{ "max_connections", COUNT, AT(max_connections), "512", 1, 65536, NULL },
	{ "max_requests", COUNT, AT(max_requests), "0", 0, 1000000000, NULL },
	{ "drain_delay", TIME, AT(drain_delay), "0s", 0, 3600000, NULL },
	{ "backlog", COUNT, AT(backlog), "1024", 1, 65535, NULL },
};
/* clang-format on */

enum { KEYS = sizeof(keys) / sizeof(keys[0]), SHOWN = 60 };

/* Where a failing value stands. */
struct place {
	const char *name; /* of the file, or "environment" */
	unsigned line;    /* 0: it has none */
};

static int refuse(const struct place *at, struct err *e)
{
	if (at->line > 0)
		return err_prefix(e, "%s:%u", at->name, at->line);
	return err_prefix(e, "%s", at->name);
}

static int refuse_value(const struct key *k, struct slice v, const char *why,
			struct err *e)
{
	return err_set(e, ERR_INPUT, "key '%s': '%.*s' %s", k->name,
		       (int)(v.n < SHOWN ? v.n : SHOWN), v.n > 0 ? v.p : "", why);
}

/* Digits from the front of *v; false without one or over 64 bits. */
static bool take_number(struct slice *v, uint64_t *n_r)
{
	uint64_t n = 0;
	size_t i = 0;

	for (; i < v->n && v->p[i] >= '0' && v->p[i] <= '9'; i++) {
		unsigned digit = (unsigned)(v->p[i] - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	(void)slice_take(v, i);
	*n_r = n;
	return i > 0;
}

/* What the letters behind a number multiply it by; 0 when they mean nothing. */
static uint64_t unit_of(enum kind kind, struct slice unit)
{
	static const struct {
		enum kind kind;
		struct slice name;
		uint64_t times;
	} units[] = {
		{ COUNT, SLICE_INIT(""), 1 },
		{ SIZE, SLICE_INIT(""), 1 },
		{ SIZE, SLICE_INIT("K"), 1024 },
		{ SIZE, SLICE_INIT("M"), UINT64_C(1) << 20 },
		{ SIZE, SLICE_INIT("G"), UINT64_C(1) << 30 },
		{ TIME, SLICE_INIT("ms"), 1 },
		{ TIME, SLICE_INIT(""), 1000 },
		{ TIME, SLICE_INIT("s"), 1000 },
		{ TIME, SLICE_INIT("m"), 60000 },
		{ TIME, SLICE_INIT("h"), 3600000 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].kind == kind && slice_eq_nocase(units[i].name, unit))
			return units[i].times;
	return 0;
}

static int set_number(struct config *c, const struct key *k, struct slice v,
		      struct err *e)
{
	static const char *const forms[] = {
		[COUNT] = "is not a whole number",
		[TIME] = "is not a time such as 500ms, 30s (or 30), 5m or 1h",
		[SIZE] = "is not a size such as 65536, 64K, 100M or 2G",
	};
	struct slice rest = v;
	uint64_t n, times;
	char range[80];
	void *field = (char *)c + k->at;

	if (!take_number(&rest, &n) || (times = unit_of(k->kind, slice_trim(rest))) == 0)
		return refuse_value(k, v, forms[k->kind], e);
	if (n > k->max / times || n * times < k->min) {
		(void)snprintf(range, sizeof(range), "is out of range: %llu to %llu%s",
			       (unsigned long long)k->min, (unsigned long long)k->max,
			       k->kind == TIME   ? " ms"
			       : k->kind == SIZE ? " bytes"
						 : "");
		return refuse_value(k, v, range, e);
	}
	if (k->kind == SIZE)
		*(uint64_t *)field = n * times;
	else
		*(uint32_t *)field = (uint32_t)(n * times);
	return 0;
}

static int set_text(struct config *c, const struct key *k, struct slice v, struct err *e)
{
	char **field = (void *)((char *)c + k->at);
	const char *why = k->check == NULL ? NULL : k->check(v);
	char *copy;

	if (why != NULL)
		return refuse_value(k, v, why, e);
	copy = strndup(v.n > 0 ? v.p : "", v.n);
	if (copy == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	free(*field);
	*field = copy;
	return 0;
}

static int set_flag(struct config *c, const struct key *k, struct slice v, struct err *e)
{
	bool on = slice_eq_nocase(v, SLICE("on"));

	if (!on && !slice_eq_nocase(v, SLICE("off")))
		return refuse_value(k, v, "is not on or off", e);
	*(bool *)((char *)c + k->at) = on;
	return 0;
}

static int set_level(struct config *c, const struct key *k, struct slice v, struct err *e)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error",
		[LOG_WARNING] = "warning",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_eq_nocase(v, slice_str(names[i]))) {
			*(enum log_level *)(void *)((char *)c + k->at) =
				(enum log_level)i;
			return 0;
		}
	return refuse_value(k, v, "is not error, warning, info or debug", e);
}

static int set(struct config *c, const struct key *k, struct slice v, struct err *e)
{
	switch (k->kind) {
	case TEXT:
		return set_text(c, k, v, e);
	case FLAG:
		return set_flag(c, k, v, e);
	case LEVEL:
		return set_level(c, k, v, e);
	case COUNT:
	case TIME:
	case SIZE:
		break;
	}
	return set_number(c, k, v, e);
}

static const struct key *find_key(struct slice name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (slice_eq(slice_str(keys[i].name), name))
			return &keys[i];
	return NULL;
}

/*
 * The value of `key = value # comment`: a '#' at the start or behind a blank opens
 * a comment; within double quotes around the whole value everything counts, and behind
 * them nothing but a comment may stand.
 */
static int value_of(const struct key *k, struct slice v, struct slice *v_r, struct err *e)
{
	struct slice rest;

	*v_r = v = slice_trim(v);
	rest = slice_from(v, 1);
	if (v.n > 1 && v.p[0] == '"' && slice_find(rest, '"') != NULL) {
		*v_r = slice_split(&rest, '"');
		rest = slice_trim(rest);
		return rest.n == 0 || rest.p[0] == '#'
			       ? 0
			       : refuse_value(k, v, "has something behind its quotes", e);
	}
	for (size_t i = 0; i < v_r->n; i++)
		if (v.p[i] == '#' && (i == 0 || v.p[i - 1] == ' ' || v.p[i - 1] == '\t'))
			v_r->n = i;
	*v_r = slice_trim(*v_r);
	return 0;
}

static int load_line(struct config *c, struct slice line, struct err *e)
{
	const struct key *k;
	struct slice name, value;

	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	line = slice_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return 0;
	if (slice_find(line, '\0') != NULL)
		return err_set(e, ERR_INPUT, "a zero byte: not a text file");
	if (slice_find(line, '=') == NULL)
		return err_set(e, ERR_INPUT, "'%.*s' is not of the form key = value",
			       (int)(line.n < SHOWN ? line.n : SHOWN), line.p);
	name = slice_trim(slice_split(&line, '='));
	k = find_key(name);
	if (k == NULL)
		return err_set(e, ERR_INPUT,
			       "unknown key '%.*s'; the keys are described in "
			       "waybilld.conf",
			       (int)(name.n < SHOWN ? name.n : SHOWN), name.p);
	return value_of(k, line, &value, e) < 0 ? -1 : set(c, k, value, e);
}

static int load_file(struct config *c, const char *path, struct err *e)
{
	struct place at = { .name = path, .line = 0 };
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int result = 0;

	if (f == NULL)
		return err_set(e, ERR_INPUT, "%s: %s", path, strerror(errno));
	while (result == 0 && (n = getline(&line, &size, f)) >= 0) {
		at.line++;
		result = load_line(c, (struct slice){ line, (size_t)n }, e);
	}
	if (result < 0)
		(void)refuse(&at, e);
	else if (ferror(f))
		result = err_set(e, ERR_INPUT, "%s: %s", path, strerror(errno));
	free(line);
	(void)fclose(f);
	return result;
}

/* WAYBILL_LISTEN is the key `listen`. The two names that are not settings tell the
 * tests which build and which address they are about. */
static int load_variable(struct config *c, struct slice name, struct slice value,
			 struct err *e)
{
	char lower[64];
	const struct key *k = NULL;

	if (slice_eq(name, SLICE("URL")) || slice_eq(name, SLICE("BUILD")))
		return 0;
	for (size_t i = 0; i < name.n && i < sizeof(lower); i++)
		lower[i] = slice_lower(name.p[i]);
	if (name.n < sizeof(lower))
		k = find_key((struct slice){ lower, name.n });
	if (k == NULL)
		return err_set(e, ERR_INPUT,
			       "unknown key in WAYBILL_%.*s; the keys are described in "
			       "waybilld.conf",
			       (int)(name.n < SHOWN ? name.n : SHOWN), name.p);
	return set(c, k, slice_trim(value), e);
}

static int load_environment(struct config *c, struct err *e)
{
	static const struct slice prefix = SLICE_INIT("WAYBILL_");
	struct place at = { .name = "environment", .line = 0 };

	for (char **v = environ; *v != NULL; v++) {
		struct slice value = slice_str(*v), name;

		if (!slice_starts(value, prefix))
			continue;
		name = slice_from(slice_split(&value, '='), prefix.n);
		if (load_variable(c, name, value, e) < 0)
			return refuse(&at, e);
	}
	return 0;
}

static int load_all(struct config *c, const char *path, struct err *e)
{
	for (size_t i = 0; i < KEYS; i++)
		if (set(c, &keys[i], slice_str(keys[i].value), e) < 0)
			return -1;
	if (path != NULL && load_file(c, path, e) < 0)
		return -1;
	return load_environment(c, e);
}

int config_load(const char *path, struct config **c_r, struct err *e)
{
	struct config *c = calloc(1, sizeof(*c));

	*c_r = NULL;
	if (c == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (load_all(c, path, e) < 0) {
		config_free(&c);
		return -1;
	}
	*c_r = c;
	return 0;
}

uint32_t config_longest_request(const struct config *c)
{
	/* At most a day each. request_timeout twice: the wait for a task, and sending. */
	return c->head_timeout + c->body_timeout + 2 * c->request_timeout +
	       c->task_timeout;
}

void config_free(struct config **c)
{
	if (*c == NULL)
		return;
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].kind == TEXT)
			free(*(char **)(void *)((char *)*c + keys[i].at));
	free(*c);
	*c = NULL;
}
