/*
 * Log lines: one event is one line of printable UTF-8, whatever the text carries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/log.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/waybill-log-XXXXXX";
static char got[65536];

/* What was logged since the file was last opened afresh. */
static const char *logged(void)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	assert_int_equal(fclose(f), 0);
	return got;
}

static void open_afresh(enum log_level level)
{
	struct err e = { 0 };

	(void)unlink(path);
	assert_int_equal(log_open(path, level, &e), 0);
}

static const struct row {
	const char *name, *text, *want;
} rows[] = {
	{ "plain", "hello", "] hello\n" },
	{ "a line break does not forge a line", "a\nb\r", "] a\\x0ab\\x0d\n" },
	{ "terminal escapes", "\033[31m\x7f", "] \\x1b[31m\\x7f\n" },
	{ "C1 control as UTF-8",
	  "\xc2\x9b"
	  "2J",
	  "] \\xc2\\x9b2J\n" },
	{ "letters stay", "caf\xc3\xa9 \xe8\xbf\x90 \xf0\x9f\x93\xa6",
	  "] caf\xc3\xa9 \xe8\xbf\x90 \xf0\x9f\x93\xa6\n" },
	{ "bytes that are not UTF-8", "\xff\xc3(\xe8\xbf", "] \\xff\\xc3(\\xe8\\xbf\n" },
	{ "overlong", "\xc0\xaf", "] \\xc0\\xaf\n" },
};

static void every_text_is_one_printable_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *line;

		open_afresh(LOG_INFO);
		log_line(LOG_INFO, "%s", rows[i].text);
		line = strchr(logged(), ']');
		if (line == NULL || strcmp(line, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, got);
	}
}

static void a_line_tells_time_level_and_role(void **state)
{
	unsigned year, month, day, hour, minute, second, ms;
	char level[16], role[32];
	long pid;

	(void)state;
	open_afresh(LOG_INFO);
	log_role("worker-3");
	log_line(LOG_WARNING, "x");
	assert_int_equal(sscanf(logged(),
				"%4u-%2u-%2uT%2u:%2u:%2u.%3uZ %15s %31[^[][%ld] x", &year,
				&month, &day, &hour, &minute, &second, &ms, level, role,
				&pid),
			 10);
	assert_string_equal(level, "warning");
	assert_string_equal(role, "worker-3");
	assert_int_equal(pid, getpid());
}

static void quieter_levels_are_left_out(void **state)
{
	(void)state;
	open_afresh(LOG_WARNING);
	log_line(LOG_INFO, "no");
	log_line(LOG_DEBUG, "no");
	assert_string_equal(logged(), "");
	log_line(LOG_ERROR, "yes");
	assert_non_null(strstr(logged(), " error "));
}

static void a_long_text_is_cut_and_says_so(void **state)
{
	char text[9000];
	size_t n;

	(void)state;
	memset(text, '\n', sizeof(text) - 1); /* each becomes four bytes */
	text[sizeof(text) - 1] = '\0';
	open_afresh(LOG_INFO);
	log_line(LOG_INFO, "%s", text);
	n = strlen(logged());
	assert_in_range(n, 4000, 4096);
	assert_string_equal(got + n - 4, "...\n");
}

static void errno_survives(void **state)
{
	(void)state;
	open_afresh(LOG_INFO);
	errno = EPIPE;
	log_line(LOG_INFO, "x");
	assert_int_equal(errno, EPIPE);
}

static void a_file_moved_away_is_opened_anew(void **state)
{
	(void)state;
	open_afresh(LOG_INFO);
	log_line(LOG_INFO, "old");
	open_afresh(LOG_INFO);
	log_line(LOG_INFO, "new");
	assert_null(strstr(logged(), "old"));
	assert_non_null(strstr(got, "new"));
}

static void a_folder_that_is_missing_is_named(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(log_open("/nonexistent/log", LOG_INFO, &e), -1);
	assert_string_equal(e.text,
			    "log file '/nonexistent/log': No such file or directory");
}

/* Several processes write at once: no line is torn. */
static void lines_of_processes_never_mix(void **state)
{
	enum { CHILDREN = 4, LINES = 40, WIDTH = 300 };
	char text[WIDTH + 1] = { 0 };
	size_t lines = 0;

	(void)state;
	open_afresh(LOG_INFO);
	for (int i = 0; i < CHILDREN; i++)
		if (fork() == 0) {
			memset(text, 'a' + i, WIDTH);
			for (int k = 0; k < LINES; k++)
				log_line(LOG_INFO, "%s", text);
			_exit(0);
		}
	for (int i = 0; i < CHILDREN; i++)
		assert_true(wait(NULL) > 0);
	for (const char *at = logged(); (at = strstr(at, "] ")) != NULL; lines++) {
		at += 2;
		assert_int_equal(strspn(at, (char[]){ *at, '\0' }), WIDTH);
		assert_int_equal(at[WIDTH], '\n');
	}
	assert_int_equal(lines, CHILDREN * LINES);
}

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	struct err e = { 0 };

	(void)state;
	return log_open(NULL, LOG_INFO, &e) < 0 ? -1 : unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_is_one_printable_line),
		cmocka_unit_test(a_line_tells_time_level_and_role),
		cmocka_unit_test(quieter_levels_are_left_out),
		cmocka_unit_test(a_long_text_is_cut_and_says_so),
		cmocka_unit_test(errno_survives),
		cmocka_unit_test(a_file_moved_away_is_opened_anew),
		cmocka_unit_test(a_folder_that_is_missing_is_named),
		cmocka_unit_test(lines_of_processes_never_mix),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
