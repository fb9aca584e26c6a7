/*
 * Settings: what each form of a line gives, what is refused and with which words,
 * and that the environment stands above the file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/config.h"

#include <unistd.h>

static char path[] = "/tmp/waybill-config-XXXXXX";

static void write_file(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static int load(const char *text, struct config **c, struct err *e)
{
	write_file(text, strlen(text));
	return config_load(path, c, e);
}

static void defaults_are_those_of_the_manual(void **state)
{
	struct config *c;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(config_load(NULL, &c, &e), 0);
	assert_string_equal(c->listen, "127.0.0.1:8080");
	assert_int_equal(c->workers, 20);
	assert_int_equal(c->queue_workers, 1);
	assert_int_equal(c->tasks, 4);
	assert_string_equal(c->database_read, "");
	assert_false(c->database_pooled);
	assert_false(c->auth);
	assert_int_equal(c->max_upload, 100 * 1024 * 1024);
	assert_string_equal(c->timezone, "Asia/Manila");
	assert_int_equal(c->log_level, LOG_INFO);
	assert_int_equal(c->idle_timeout, 60000);
	assert_int_equal(c->task_timeout, 600000);
	config_free(&c);
	assert_null(c);
	config_free(&c);
}

static const struct number {
	const char *name, *text;
	uint64_t workers, upload, idle;
} numbers[] = {
	{ "plain", "workers=2\nmax_upload=65536\nidle_timeout=5", 2, 65536, 5000 },
	{ "blanks", "  workers =\t3 \nmax_upload = 64 K\nidle_timeout = 5 s", 3, 65536,
	  5000 },
	{ "units", "workers=0\nmax_upload=2G\nidle_timeout=500ms", 0, UINT64_C(2) << 30,
	  500 },
	{ "long units", "workers=128\nmax_upload=1m\nidle_timeout=2m", 128, 1 << 20,
	  120000 },
	{ "hours", "workers=1\nmax_upload=1K\nidle_timeout=24h", 1, 1024, 86400000 },
	{ "comments", "#a\n\n # b\nworkers = 4 # c\nmax_upload=3M\t#d\nidle_timeout=1", 4,
	  3 << 20, 1000 },
	{ "lines of Windows", "workers=5\r\nmax_upload=4M\r\nidle_timeout=1\r\n", 5,
	  4 << 20, 1000 },
	{ "the last one counts", "workers=5\nmax_upload=4M\nidle_timeout=1\nworkers=6", 6,
	  4 << 20, 1000 },
};

static void numbers_have_units(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct number *n = &numbers[i];
		struct config *c;
		struct err e = { 0 };

		if (load(n->text, &c, &e) < 0)
			fail_msg("%s: %s", n->name, e.text);
		if (c->workers != n->workers || c->max_upload != n->upload ||
		    c->idle_timeout != n->idle)
			fail_msg("%s: %u %llu %u", n->name, c->workers,
				 (unsigned long long)c->max_upload, c->idle_timeout);
		config_free(&c);
	}
}

static const struct text {
	const char *name, *text, *want;
} texts[] = {
	{ "conninfo", "database = host=/run/pg dbname=warehousedb",
	  "host=/run/pg dbname=warehousedb" },
	{ "uri", "database=postgresql://a:b@h1,h2/w?x=y#z",
	  "postgresql://a:b@h1,h2/w?x=y#z" },
	{ "comment behind it", "database = dbname=w   # ours", "dbname=w" },
	{ "quoted", "database = \"password='a #b' dbname=w\" # c",
	  "password='a #b' dbname=w" },
	{ "one quote is a byte", "database = \"x", "\"x" },
};

static void text_is_kept_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config *c;
		struct err e = { 0 };

		if (load(texts[i].text, &c, &e) < 0)
			fail_msg("%s: %s", texts[i].name, e.text);
		if (strcmp(c->database, texts[i].want) != 0)
			fail_msg("%s: '%s'", texts[i].name, c->database);
		config_free(&c);
	}
}

static const struct refusal {
	const char *name, *text;
	unsigned line;
	const char *says;
} refusals[] = {
	{ "unknown key", "workers=1\nworker = 2", 2, "unknown key 'worker'" },
	{ "keys are lower case", "Workers=1", 1, "unknown key 'Workers'" },
	{ "no equals sign", "\n\nworkers 2", 3,
	  "'workers 2' is not of the form key = value" },
	{ "not a number", "workers = many", 1,
	  "key 'workers': 'many' is not a whole number" },
	{ "nothing", "workers =", 1, "key 'workers': '' is not a whole number" },
	{ "negative", "workers = -1", 1, "'-1' is not a whole number" },
	{ "fraction", "workers = 1.5", 1, "'1.5' is not a whole number" },
	{ "too many", "workers = 129", 1, "out of range: 0 to 128" },
	{ "too few", "tasks = 0", 1, "out of range: 1 to 64" },
	{ "over 64 bits", "workers = 18446744073709551617", 1, "is not a whole number" },
	{ "wraps with its unit", "max_upload = 17179869185G", 1, "out of range" },
	{ "unit of another kind", "max_upload = 5s", 1, "is not a size such as" },
	{ "unknown unit", "idle_timeout = 5 years", 1, "is not a time such as" },
	{ "no time at all", "idle_timeout = 0", 1, "out of range: 1 to 86400000 ms" },
	{ "a network that is none", "metrics_from = 10.0.0.0/40", 1,
	  "must be addresses" },
	{ "not a switch", "auth = yes", 1, "'yes' is not on or off" },
	{ "not a level", "log_level = loud", 1, "is not error, warning, info or debug" },
	{ "no port", "listen = localhost", 1, "must be HOST:PORT" },
	{ "no host", "listen = :80", 1, "must be HOST:PORT" },
	{ "IPv6 without brackets", "listen = ::1:8080", 1, "must be HOST:PORT" },
	{ "a bracket too few", "listen = [::1:8080", 1, "must be HOST:PORT" },
	{ "port too large", "listen = *:65536", 1, "has a port over 65535" },
	{ "port 0", "listen = 127.0.0.1:0", 1, "has port 0" },
	{ "behind quotes", "timezone = \"Asia/Manila\" # so\ntimezone = \"UTC\" x", 2,
	  "has something behind its quotes" },
	{ "port is text", "listen = *:http", 1, "must be HOST:PORT" },
	{ "relative socket", "listen = unix:sock", 1, "must be HOST:PORT" },
	{ "quote in the zone", "timezone = A'; DROP", 1, "must be a time zone" },
	{ "no database", "database =", 1, "must not be empty" },
};

static void a_refusal_names_line_and_remedy(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];
		struct config *c;
		struct err e = { 0 };
		char place[64];

		if (load(r->text, &c, &e) == 0)
			fail_msg("%s: was accepted", r->name);
		assert_null(c);
		assert_int_equal(e.kind, ERR_INPUT);
		(void)snprintf(place, sizeof(place), "%s:%u: ", path, r->line);
		if (strncmp(e.text, place, strlen(place)) != 0 ||
		    strstr(e.text, r->says) == NULL)
			fail_msg("%s: '%s'", r->name, e.text);
	}
}

static void addresses_of_every_form_are_taken(void **state)
{
	static const char *const forms[] = {
		"127.0.0.1:8080", "[::1]:8080",       "*:80",
		"localhost:1",    "unix:/run/x.sock", "[::]:8080",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct config *c;
		struct err e = { 0 };
		char line[80];

		(void)snprintf(line, sizeof(line), "listen = %s", forms[i]);
		if (load(line, &c, &e) < 0)
			fail_msg("%s: %s", forms[i], e.text);
		assert_string_equal(c->listen, forms[i]);
		config_free(&c);
	}
}

static void a_binary_file_is_refused(void **state)
{
	struct config *c;
	struct err e = { 0 };

	(void)state;
	write_file("work\0ers=1\n", 11);
	assert_int_equal(config_load(path, &c, &e), -1);
	assert_non_null(strstr(e.text, ":1: a zero byte"));
}

static void a_missing_file_is_named(void **state)
{
	struct config *c;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(config_load("/nonexistent/w.conf", &c, &e), -1);
	assert_string_equal(e.text, "/nonexistent/w.conf: No such file or directory");
}

static void the_environment_stands_above_the_file(void **state)
{
	struct config *c;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(setenv("WAYBILL_WORKERS", "7", 1), 0);
	assert_int_equal(setenv("WAYBILL_ACCESS_LOG", "", 1), 0);
	assert_int_equal(setenv("WAYBILL_DATABASE", "dbname=x password=#y # z", 1), 0);
	assert_int_equal(setenv("WAYBILL_URL", "http://127.0.0.1:1", 1), 0);
	assert_int_equal(load("workers=2\naccess_log=-\ntasks=3", &c, &e), 0);
	assert_int_equal(c->workers, 7);
	assert_int_equal(c->tasks, 3);
	assert_string_equal(c->access_log, "");
	assert_string_equal(c->database, "dbname=x password=#y # z");
	config_free(&c);

	assert_int_equal(setenv("WAYBILL_WORKERS", "x", 1), 0);
	assert_int_equal(config_load(NULL, &c, &e), -1);
	assert_string_equal(e.text,
			    "environment: key 'workers': 'x' is not a whole number");
	assert_int_equal(unsetenv("WAYBILL_WORKERS"), 0);

	e = (struct err){ 0 };
	assert_int_equal(setenv("WAYBILL_WORKER", "2", 1), 0);
	assert_int_equal(config_load(NULL, &c, &e), -1);
	assert_non_null(strstr(e.text, "environment: unknown key in WAYBILL_WORKER"));
	assert_int_equal(unsetenv("WAYBILL_WORKER"), 0);
	assert_int_equal(unsetenv("WAYBILL_ACCESS_LOG"), 0);
	assert_int_equal(unsetenv("WAYBILL_DATABASE"), 0);
}

static int set_up(void **state)
{
	static const char *const ours[] = { "WAYBILL_LISTEN", "WAYBILL_DATABASE",
					    "WAYBILL_SPOOL_DIR", "WAYBILL_STATIC_DIR" };
	int fd = mkstemp(path);

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		(void)unsetenv(ours[i]);
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(numbers_have_units),
		cmocka_unit_test(text_is_kept_as_it_is),
		cmocka_unit_test(a_refusal_names_line_and_remedy),
		cmocka_unit_test(addresses_of_every_form_are_taken),
		cmocka_unit_test(a_binary_file_is_refused),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(the_environment_stands_above_the_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
