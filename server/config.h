/*
 * Settings: one table of keys with defaults and checks, a file of `key = value`
 * lines, and WAYBILL_<KEY> in the environment over it. Travels as a const pointer.
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "parse/err.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Strings belong to the config; times are milliseconds, sizes bytes. */
struct config {
	char *listen; /* "127.0.0.1:8080", "[::1]:8080", "*:80", "unix:/path" */
	unsigned workers, queue_workers, tasks;
	uint64_t queue_threshold; /* a larger upload is queued; bytes */
	uint32_t hold_days;       /* 0: nothing expires */
	uint32_t retention_days;  /* 0: everything is kept */
	char *database;           /* libpq conninfo or URI */
	char *database_read;      /* "" : the same as database */
	bool database_pooled;     /* each transaction may get another session */
	bool auth;
	uint32_t session_lifetime; /* without a request */
	uint32_t session_max;      /* since the login */
	uint32_t login_rate;       /* a minute and client; 0: any */
	bool cookie_secure; /* the cookie is for https alone, whatever is seen here */
	char *metrics_from; /* who may read /metrics; "": anyone */
	char *static_dir, *spool_dir;
	uint64_t max_upload; /* bytes of an upload's body */
	char *timezone;      /* of times in manifests; an IANA name */
	char *trusted_proxies;
	bool proxy_protocol;     /* trusted proxies begin with a PROXY header */
	char *access_log;        /* "" none, "-" stdout, else a file */
	char *access_log_format; /* "combined" or "json" */
	uint32_t slow_log;       /* 0: no lines about slow requests */
	uint32_t shed_after;     /* 0: requests are never refused for having waited */
	uint64_t body_min_rate;  /* bytes a second; 0: any */
	uint32_t max_connections_per_client; /* 0: any number */
	enum log_level log_level;
	char *log_file; /* "" or "-": stderr */
	char *user;     /* "": stay who we are */
	uint32_t idle_timeout, request_timeout, stop_timeout, statement_timeout;
	uint32_t head_timeout, body_timeout, task_timeout;
	uint64_t task_memory;        /* bytes of a task's address space */
	uint64_t max_shared_strings; /* bytes of a workbook's */
	uint32_t max_connections;    /* of one worker */
	uint32_t backlog;            /* of the listening socket */
	uint32_t drain_delay;
	uint32_t max_requests; /* of one worker; 0: no limit */
};

/*
 * Reads the defaults, then the file (NULL: none; it must exist when named), then the
 * environment. Returns 0 and sets *c_r, which the caller owns, or -1 with e:
 * ERR_INPUT, "FILE:LINE: key 'x': reason" for an unknown key or a bad value.
 */
int config_load(const char *path, struct config **c_r, struct err *e) MUST_CHECK;
void config_free(struct config **c);
/* The longest from a request's first byte to its answer that all deadlines allow, ms. */
uint32_t config_longest_request(const struct config *c);

#endif
