/* Which route a method and a path take. */
#include "server/router.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	enum http_method method;
	struct slice path;
	unsigned status;
	const char *route, *segment, *allow;
} rows[] = {
	{ "home", HTTP_GET, SLICE_INIT("/"), 0, "home", NULL, "" },
	{ "head is get", HTTP_HEAD, SLICE_INIT("/health"), 0, "health", NULL, "" },
	{ "two methods, one path", HTTP_POST, SLICE_INIT("/scan"), 0, "scan", NULL, "" },
	{ "a backlog", HTTP_POST, SLICE_INIT("/scans"), 0, "scans", NULL, "" },
	{ "the page of the same path", HTTP_GET, SLICE_INIT("/scan"), 0, "scan_page",
	  NULL, "" },
	{ "a segment", HTTP_GET, SLICE_INIT("/uploads/17"), 0, "upload_state", "17", "" },
	{ "a segment inside", HTTP_GET, SLICE_INIT("/uploads/k-1/rejects"), 0,
	  "upload_rejects", "k-1", "" },
	{ "a file is looked at", HTTP_POST, SLICE_INIT("/upload/preview"), 0,
	  "upload_preview", "", "" },
	{ "the template", HTTP_GET, SLICE_INIT("/upload/template.xlsx"), 0,
	  "upload_template", "", "" },
	{ "an upload is cancelled", HTTP_POST, SLICE_INIT("/uploads/17/cancel"), 0,
	  "upload_cancel", "17", "" },
	{ "an upload is tried again", HTTP_POST, SLICE_INIT("/uploads/17/retry"), 0,
	  "upload_retry", "17", "" },
	{ "an upload is undone", HTTP_POST, SLICE_INIT("/uploads/17/undo"), 0,
	  "upload_undo", "17", "" },
	{ "a segment that is a word elsewhere", HTTP_GET, SLICE_INIT("/waybills/scan"), 0,
	  "waybill", "scan", "" },
	{ "the sheet of commands", HTTP_GET, SLICE_INIT("/scan-commands"), 0,
	  "scan_commands", NULL, "" },
	{ "the scanner test", HTTP_GET, SLICE_INIT("/scanner-test"), 0, "scanner_test",
	  NULL, "" },
	{ "the service worker, at the root", HTTP_GET, SLICE_INIT("/sw.js"), 0,
	  "service_worker", NULL, "" },
	{ "a scan to undo", HTTP_DELETE, SLICE_INIT("/scans/6f9619ff"), 0, "scan_undo",
	  "6f9619ff", "" },
	{ "the history of sessions", HTTP_GET, SLICE_INIT("/sessions"), 0, "session_list",
	  NULL, "" },
	{ "a session's dispatch", HTTP_POST, SLICE_INIT("/sessions/7/dispatch"), 0,
	  "session_dispatch", "7", "" },
	{ "a session's manifest", HTTP_GET, SLICE_INIT("/sessions/7/manifest"), 0,
	  "session_manifest", "7", "" },
	{ "a label", HTTP_GET, SLICE_INIT("/waybills/JT1/label"), 0, "waybill_label",
	  "JT1", "" },
	{ "a match", HTTP_POST, SLICE_INIT("/unknown-scans/6f9619ff/match"), 0,
	  "unknown_match", "6f9619ff", "" },
	{ "a search", HTTP_GET, SLICE_INIT("/waybills"), 0, "waybill_list", NULL, "" },
	{ "a hold", HTTP_POST, SLICE_INIT("/waybills/JT1/hold"), 0, "waybill_hold", "JT1",
	  "" },
	{ "a hold is not asked for", HTTP_GET, SLICE_INIT("/waybills/JT1/hold"), 405,
	  NULL, NULL, "POST, OPTIONS" },
	{ "an empty segment", HTTP_GET, SLICE_INIT("/uploads/"), 404, NULL, NULL, "" },
	{ "more than the pattern", HTTP_GET, SLICE_INIT("/health/x"), 404, NULL, NULL,
	  "" },
	{ "a slash behind", HTTP_GET, SLICE_INIT("/health/"), 404, NULL, NULL, "" },
	{ "less than the pattern", HTTP_GET, SLICE_INIT("/static"), 404, NULL, NULL, "" },
	{ "a file", HTTP_GET, SLICE_INIT("/static/a.css"), 0, "static", "a.css", "" },
	{ "a file in folders", HTTP_GET, SLICE_INIT("/static/a/b/c.css"), 0, "static",
	  "a/b/c.css", "" },
	{ "a folder", HTTP_GET, SLICE_INIT("/static/a/"), 0, "static", "a/", "" },
	{ "no file", HTTP_GET, SLICE_INIT("/static/"), 404, NULL, NULL, "" },
	{ "an empty folder's name", HTTP_GET, SLICE_INIT("/static//a"), 404, NULL, NULL,
	  "" },
	{ "a file is no target", HTTP_DELETE, SLICE_INIT("/static/a/b"), 405, NULL, NULL,
	  "GET, HEAD, OPTIONS" },
	{ "a prefix of a word", HTTP_GET, SLICE_INIT("/heal"), 404, NULL, NULL, "" },
	{ "unknown", HTTP_GET, SLICE_INIT("/nothing"), 404, NULL, NULL, "" },
	{ "known path, wrong method", HTTP_DELETE, SLICE_INIT("/scan"), 405, NULL, NULL,
	  "GET, HEAD, POST, OPTIONS" },
	{ "only one method", HTTP_POST, SLICE_INIT("/health"), 405, NULL, NULL,
	  "GET, HEAD, OPTIONS" },
	{ "unknown method", HTTP_OTHER, SLICE_INIT("/scan"), 501, NULL, NULL, "" },
	{ "asterisk", HTTP_OPTIONS, SLICE_INIT("*"), 404, NULL, NULL, "" },
};

static void finds_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *w = &rows[i];
		const struct route *r;
		struct slice segment[REQUEST_SEGMENTS] = { { NULL, 0 } };
		char allow[64];
		unsigned got = router_find(w->method, w->path, &r, segment, allow);

		if (got != w->status || (r == NULL) != (w->route == NULL))
			fail_msg("%s: status %u", w->name, got);
		if (r != NULL)
			assert_string_equal(r->name, w->route);
		if (w->segment != NULL && !slice_eq(segment[0], slice_str(w->segment)))
			fail_msg("%s: segment %.*s", w->name, (int)segment[0].n,
				 segment[0].p);
		assert_string_equal(allow, w->allow);
	}
}

/* Metrics and logs tell routes apart by name; a route does something. */
static void every_route_is_whole(void **state)
{
	size_t n;
	const struct route *r = router_all(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_true(r[i].handle != NULL || r[i].page != NULL);
		assert_int_equal(r[i].pattern[0], '/');
		if (r[i].least == ROLE_UNSET)
			fail_msg("%s: nobody decided who may", r[i].name);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(r[i].name, r[k].name);
	}
}

/* The page that a route names and the folder does not hold was noticed by its first user.
 */
static void a_missing_page_is_noticed(void **state)
{
	char dir[] = "/tmp/waybill-router-XXXXXX", path[64];
	struct static_files *files = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(router_pages_open("static", &files, &e), 0);
	assert_true(static_has(files, SLICE("scan.html")));
	static_close(&files);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/dashboard.html", dir);
	assert_int_equal(close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644)), 0);
	assert_int_equal(router_pages_open(dir, &files, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_non_null(strstr(e.text, "\"scan.html\""));
	assert_null(files);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_routes),
		cmocka_unit_test(every_route_is_whole),
		cmocka_unit_test(a_missing_page_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
