/*
 * Routing. Ignorant of how a handler works.
 */
#include "server/router.h"

enum { SMALL = 16 * 1024, BACKLOG = 1024 * 1024 };

static const struct route routes[] = {
	{ HTTP_GET, ROLE_SCANNER, "/", "home", NULL, "dashboard.html", 0, 0 },
	{ HTTP_GET, ROLE_ANYONE, "/health", "health", handle_health, NULL, ROUTE_ALWAYS,
	  0 },
	{ HTTP_GET, ROLE_ANYONE, "/ready", "ready", handle_ready, NULL, 0, 0 },
	{ HTTP_GET, ROLE_ANYONE, "/metrics", "metrics", handle_metrics, NULL,
	  ROUTE_ALWAYS, 0 },
	{ HTTP_GET, ROLE_SCANNER, "/scan", "scan_page", NULL, "scan.html", 0, 0 },
	{ HTTP_GET, ROLE_SCANNER, "/scan-commands", "scan_commands", NULL,
	  "scan_commands.html", 0, 0 },
	{ HTTP_GET, ROLE_SCANNER, "/scanner-test", "scanner_test", NULL,
	  "scanner_test.html", 0, 0 },
	{ HTTP_POST, ROLE_SCANNER, "/scan", "scan", handle_scan, NULL,
	  ROUTE_SCANS | ROUTE_AUDITED | ROUTE_TOGETHER, SMALL },
	{ HTTP_POST, ROLE_SCANNER, "/scans", "scans", handle_scans, NULL,
	  ROUTE_SCANS | ROUTE_AUDITED | ROUTE_BULK | ROUTE_QUICK, BACKLOG },
	{ HTTP_POST, ROLE_SCANNER, "/sessions", "session_create", handle_session_create,
	  NULL, 0, SMALL },
	{ HTTP_DELETE, ROLE_SCANNER, "/scans/{}", "scan_undo", handle_scan_undo, NULL, 0,
	  SMALL },
	{ HTTP_GET, ROLE_SCANNER, "/sessions", "session_list", handle_session_list,
	  "sessions.html", 0, 0 },
	{ HTTP_GET, ROLE_SCANNER, "/sessions/{}", "session", handle_session_get,
	  "session.html", 0, 0 },
	{ HTTP_GET, ROLE_SCANNER, "/sessions/{}/missing", "session_missing",
	  handle_session_missing, NULL, 0, 0 },
	{ HTTP_GET, ROLE_SCANNER, "/sessions/{}/scans", "session_scans",
	  handle_session_scans, NULL, 0, 0 },
	{ HTTP_GET, ROLE_SCANNER, "/sessions/{}/manifest", "session_manifest",
	  handle_session_manifest, NULL, ROUTE_TASK | ROUTE_PRINTED, 0 },
	{ HTTP_POST, ROLE_SCANNER, "/sessions/{}/cancel", "session_cancel",
	  handle_session_cancel, NULL, 0, SMALL },
	{ HTTP_POST, ROLE_SCANNER, "/sessions/{}/resume", "session_resume",
	  handle_session_resume, NULL, 0, SMALL },
	{ HTTP_POST, ROLE_SUPERVISOR, "/sessions/{}/dispatch", "session_dispatch",
	  handle_session_dispatch, NULL, ROUTE_TASK | ROUTE_QUICK, SMALL },
	{ HTTP_GET, ROLE_SUPERVISOR, "/unknown-scans", "unknown_list",
	  handle_unknown_list, "unknown.html", 0, 0 },
	{ HTTP_POST, ROLE_SUPERVISOR, "/unknown-scans/{}/match", "unknown_match",
	  handle_unknown_match, NULL, 0, SMALL },
	{ HTTP_POST, ROLE_SUPERVISOR, "/unknown-scans/{}/dismiss", "unknown_dismiss",
	  handle_unknown_dismiss, NULL, 0, SMALL },
	{ HTTP_GET, ROLE_OFFICE, "/upload", "upload_page", NULL, "upload.html", 0, 0 },
	{ HTTP_POST, ROLE_OFFICE, "/upload", "upload", handle_upload, NULL,
	  ROUTE_TASK | ROUTE_SPOOL, 0 },
	{ HTTP_POST, ROLE_OFFICE, "/upload/preview", "upload_preview",
	  handle_upload_preview, NULL, ROUTE_TASK | ROUTE_SPOOL | ROUTE_AUDITED, 0 },
	{ HTTP_GET, ROLE_OFFICE, "/upload/template.xlsx", "upload_template",
	  handle_upload_template, NULL, 0, 0 },
	{ HTTP_GET, ROLE_SCANNER, "/uploads", "upload_list", handle_upload_list,
	  "uploads.html", 0, 0 },
	{ HTTP_GET, ROLE_SCANNER, "/uploads/{}", "upload_state", handle_upload_get, NULL,
	  0, 0 },
	{ HTTP_GET, ROLE_OFFICE, "/uploads/{}/rejects", "upload_rejects",
	  handle_upload_rejects, NULL, ROUTE_EXPORT, 0 },
	{ HTTP_POST, ROLE_OFFICE, "/uploads/{}/cancel", "upload_cancel",
	  handle_upload_cancel, NULL, 0, SMALL },
	{ HTTP_POST, ROLE_OFFICE, "/uploads/{}/retry", "upload_retry",
	  handle_upload_retry, NULL, 0, SMALL },
	{ HTTP_POST, ROLE_SUPERVISOR, "/uploads/{}/undo", "upload_undo",
	  handle_upload_undo, NULL, ROUTE_TASK, SMALL },
	{ HTTP_GET, ROLE_SCANNER, "/waybills", "waybill_list", handle_waybill_list,
	  "waybills.html", ROUTE_EXPORT, 0 },
	{ HTTP_GET, ROLE_SCANNER, "/waybills/{}", "waybill", handle_waybill_get,
	  "waybill.html", 0, 0 },
	{ HTTP_GET, ROLE_SCANNER, "/waybills/{}/label", "waybill_label",
	  handle_waybill_label, NULL, ROUTE_PRINTED, 0 },
	{ HTTP_POST, ROLE_SUPERVISOR, "/waybills/{}/hold", "waybill_hold",
	  handle_waybill_hold, NULL, 0, SMALL },
	{ HTTP_POST, ROLE_SUPERVISOR, "/waybills/{}/resume", "waybill_resume",
	  handle_waybill_resume, NULL, 0, SMALL },
	{ HTTP_GET, ROLE_SUPERVISOR, "/dashboard", "dashboard", handle_dashboard,
	  "dashboard.html", 0, 0 },
	{ HTTP_GET, ROLE_ANYONE, "/login", "login_page", NULL, "login.html", ROUTE_AUTH,
	  0 },
	{ HTTP_POST, ROLE_ANYONE, "/login", "login", handle_login, NULL,
	  ROUTE_AUTH | ROUTE_AUDITED | ROUTE_PASSWORD | ROUTE_TASK | ROUTE_QUICK, SMALL },
	{ HTTP_POST, ROLE_ANYONE, "/logout", "logout", handle_logout, NULL,
	  ROUTE_AUTH | ROUTE_AUDITED, SMALL },
	{ HTTP_GET, ROLE_SCANNER, "/me", "me", handle_me, NULL, 0, 0 },
	{ HTTP_GET, ROLE_SCANNER, "/account", "account_page", NULL, "account.html",
	  ROUTE_AUTH, 0 },
	{ HTTP_POST, ROLE_SCANNER, "/me/password", "me_password", handle_me_password,
	  NULL, ROUTE_AUTH | ROUTE_AUDITED | ROUTE_PASSWORD | ROUTE_TASK | ROUTE_QUICK,
	  SMALL },
	{ HTTP_GET, ROLE_ADMIN, "/users", "user_list", handle_user_list, "users.html",
	  ROUTE_AUTH, 0 },
	{ HTTP_POST, ROLE_ADMIN, "/users", "user_add", handle_user_add, NULL,
	  ROUTE_AUTH | ROUTE_AUDITED | ROUTE_TASK | ROUTE_QUICK, SMALL },
	{ HTTP_POST, ROLE_ADMIN, "/users/{}/password", "user_password",
	  handle_user_password, NULL,
	  ROUTE_AUTH | ROUTE_AUDITED | ROUTE_TASK | ROUTE_QUICK, SMALL },
	{ HTTP_POST, ROLE_ADMIN, "/users/{}/role", "user_role", handle_user_role, NULL,
	  ROUTE_AUTH | ROUTE_AUDITED, SMALL },
	{ HTTP_POST, ROLE_ADMIN, "/users/{}/disable", "user_disable", handle_user_disable,
	  NULL, ROUTE_AUTH | ROUTE_AUDITED, SMALL },
	{ HTTP_POST, ROLE_ADMIN, "/users/{}/enable", "user_enable", handle_user_enable,
	  NULL, ROUTE_AUTH | ROUTE_AUDITED, SMALL },
	{ HTTP_GET, ROLE_ADMIN, "/audit", "audit", handle_audit, "audit.html", ROUTE_AUTH,
	  0 },
	/* At the root: a service worker rules over what lies below its own address. */
	{ HTTP_GET, ROLE_ANYONE, "/sw.js", "service_worker", NULL, "sw.js", 0, 0 },
	{ HTTP_GET, ROLE_ANYONE, "/static/{*}", "static", handle_static, NULL, 0, 0 },
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

void router_methods(char allow[64])
{
	allow[0] = '\0';
	for (int m = HTTP_GET; m < HTTP_OTHER; m++) {
		bool used = m == HTTP_OPTIONS; /* answered for all of them */

		for (size_t i = 0; i < ROUTES && !used; i++)
			used = routes[i].method == (enum http_method)m;
		if (used)
			allow_add(allow, method_name((enum http_method)m));
	}
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
	if (known)
		allow_add(allow, method_name(HTTP_OPTIONS));
	return known ? 405 : 404;
}
