/*
 * Routing. Ignorant of how a handler works.
 */
#include "server/router.h"

enum { SMALL = 16 * 1024 };

static const struct route routes[] = {
	{ HTTP_GET, "/", "home", NULL, "dashboard.html", 0, 0 },
	{ HTTP_GET, "/health", "health", handle_health, NULL, ROUTE_ALWAYS, 0 },
	{ HTTP_GET, "/ready", "ready", handle_ready, NULL, 0, 0 },
	{ HTTP_GET, "/metrics", "metrics", handle_metrics, NULL, ROUTE_ALWAYS, 0 },
	{ HTTP_GET, "/scan", "scan_page", NULL, "scan.html", 0, 0 },
	{ HTTP_POST, "/scan", "scan", handle_scan, NULL, ROUTE_SCANS, SMALL },
	{ HTTP_POST, "/sessions", "session_create", handle_session_create, NULL, 0,
	  SMALL },
	{ HTTP_GET, "/sessions/{}", "session", handle_session_get, NULL, 0, 0 },
	{ HTTP_GET, "/upload", "upload_page", NULL, "upload.html", 0, 0 },
	{ HTTP_POST, "/upload", "upload", handle_upload, NULL, ROUTE_TASK | ROUTE_SPOOL,
	  0 },
	{ HTTP_GET, "/uploads", "upload_list", handle_upload_list, NULL, 0, 0 },
	{ HTTP_GET, "/uploads/{}", "upload_state", handle_upload_get, NULL, 0, 0 },
	{ HTTP_GET, "/uploads/{}/rejects", "upload_rejects", handle_upload_rejects, NULL,
	  ROUTE_EXPORT, 0 },
	{ HTTP_GET, "/waybills/{}", "waybill", handle_waybill_get, "waybill.html", 0, 0 },
	{ HTTP_GET, "/dashboard", "dashboard", handle_dashboard, "dashboard.html", 0, 0 },
	{ HTTP_GET, "/static/{*}", "static", handle_static, NULL, 0, 0 },
};

enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };
_Static_assert((size_t)ROUTES < (size_t)METRICS_ROUTES, "each route needs a counter");

size_t router_index(const struct route *r)
{
	return r == NULL ? 0 : (size_t)(r - routes) + 1;
}

const char *router_name(size_t index)
{
	if (index == 0)
		return "none";
	return index <= ROUTES ? routes[index - 1].name : NULL;
}

const struct route *router_all(size_t *n_r)
{
	*n_r = ROUTES;
	return routes;
}

int router_pages_open(const char *dir, struct static_files **f_r, struct err *e)
{
	if (static_open(dir, f_r, e) < 0)
		return -1;
	for (size_t i = 0; i < ROUTES; i++) {
		const char *page = routes[i].page;

		if (page == NULL || static_has(*f_r, slice_str(page)))
			continue;
		static_close(f_r);
		return err_set(e, ERR_INPUT,
			       "key 'static_dir': \"%s\" does not hold \"%s\"", dir,
			       page);
	}
	return 0;
}

/* Takes "/name" from the front of a path and returns the name. */
static struct slice segment_take(struct slice *path)
{
	const char *next;

	(void)slice_take(path, 1);
	next = slice_find(*path, '/');
	return slice_take(path, next == NULL ? path->n : (size_t)(next - path->p));
}

static bool matches(const char *pattern, struct slice path, struct slice segment[])
{
	struct slice want = slice_str(pattern);
	size_t n = 0;

	while (want.n > 0 && path.n > 0 && path.p[0] == '/') {
		struct slice w = segment_take(&want), p = segment_take(&path);

		if (slice_eq(w, SLICE("{*}")) && p.n > 0) {
			p.n += path.n;
			path.n = 0;
		}
		if (slice_starts(w, SLICE("{"))) {
			if (p.n == 0 || n == REQUEST_SEGMENTS)
				return false;
			segment[n++] = p;
		} else if (!slice_eq(w, p)) {
			return false;
		}
	}
	return want.n == 0 && path.n == 0;
}

static void allow_add(char allow[64], const char *name)
{
	size_t n = strlen(allow);

	(void)snprintf(allow + n, 64 - n, "%s%s", n > 0 ? ", " : "", name);
}

static const char *method_name(enum http_method m)
{
	static const char *const names[] = { "GET, HEAD", "HEAD",    "POST", "PUT",
					     "DELETE",    "OPTIONS", "PATCH" };

	return names[m];
}

unsigned router_find(enum http_method method, struct slice path,
		     const struct route **route_r, struct slice segment[REQUEST_SEGMENTS],
		     char allow[64])
{
	bool known = false;

	*route_r = NULL;
	allow[0] = '\0';
	if (method == HTTP_OTHER)
		return 501;
	for (size_t i = 0; i < ROUTES; i++) {
		if (!matches(routes[i].pattern, path, segment))
			continue;
		if (routes[i].method == method ||
		    (method == HTTP_HEAD && routes[i].method == HTTP_GET)) {
			*route_r = &routes[i];
			allow[0] = '\0';
			return 0;
		}
		known = true;
		allow_add(allow, method_name(routes[i].method));
	}
	return known ? 405 : 404;
}
