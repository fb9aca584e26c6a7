/*
 * The table of what this server answers: method, path, name, and who does it.
 */
#ifndef SERVER_ROUTER_H
#define SERVER_ROUTER_H

#include "server/handle.h"
#include "server/role.h"

enum route_flag {
	ROUTE_TASK = 1,    /* handled in a forked task */
	ROUTE_SPOOL = 2,   /* a body of up to max_upload, spooled */
	ROUTE_EXPORT = 4,  /* a task when ?format= asks for a file (csv, xlsx) */
	ROUTE_SCANS = 8,   /* its answer tells the results of scans, which are counted */
	ROUTE_ALWAYS = 16, /* never refused because the server is busy */
	ROUTE_QUICK = 32,  /* a task that never waits for uploads and exports */
	ROUTE_PASSWORD = 64,  /* takes a password: so many a minute and client */
	ROUTE_AUTH = 128,     /* only there with auth = on */
	ROUTE_AUDITED = 256,  /* its statement writes the audit log, or nothing is to be
				 written */
	ROUTE_TOGETHER = 512, /* POST /scan: those that are ready together are answered
				 together */
	ROUTE_BULK = 1024,    /* a task when its body is large */
	ROUTE_PRINTED = 2048  /* its handler writes a page: browsers are led to /login */
};

struct route {
	enum http_method method; /* HTTP_GET serves HEAD too */
	enum role least; /* who may, with auth = on; a page alone is anyone's who logged
			    in: it holds no data */
	const char
		*pattern;  /* "/uploads/{}/rejects": {} is one segment that is not empty;
			      {*} at the end is one or more, with the slashes between */
	const char *name;  /* for logs, the scoreboard and metrics */
	handle_fn *handle; /* NULL: only a page */
	const char
		*page; /* a file of static_dir for those who prefer text/html, or NULL */
	unsigned flags;
	uint32_t max_body; /* bytes, for routes without ROUTE_SPOOL */
};

/*
 * Finds the route of a method and a decoded path, and fills segment[]. Returns the
 * status when there is none: 404, 405 with the methods that would do in `allow`
 * ("GET, HEAD, OPTIONS"), 501 for an unknown method; 0 with *route_r set otherwise.
 */
unsigned router_find(enum http_method method, struct slice path,
		     const struct route **route_r, struct slice segment[REQUEST_SEGMENTS],
		     char allow[64]);
/* The methods that any route has, for `OPTIONS *` (RFC 9110 section 9.3.7). */
void router_methods(char allow[64]);
/* A route's place in counters: 1 and up; 0 for NULL. */
size_t router_index(const struct route *r);
/* The name of that place: "none" for 0, NULL behind the last. */
const char *router_name(size_t index);
/* static_open(), and ERR_INPUT too when the page of a route is not among the files: it
 * would be missed only when somebody asks for it. */
int router_pages_open(const char *dir, struct static_files **f_r,
		      struct err *e) MUST_CHECK;
/* All routes, for tests and metrics. */
const struct route *router_all(size_t *n_r);

#endif
