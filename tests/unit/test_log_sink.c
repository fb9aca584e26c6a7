/*
 * Where lines go: what is taken of them, and what is left behind of one that was not.
 */
#include "server/log_sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char path[] = "/tmp/waybill-sink-XXXXXX";

/* What a disk does that has room for so many bytes more. */
static void let_grow(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static bool put(const struct log_sink *s, const char *line)
{
	return log_sink_put(s, line, strlen(line));
}

static void holds(const char *want)
{
	char got[200];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	assert_int_equal(fclose(f), 0);
	assert_string_equal(got, want);
}

/* The next line was glued to what the disk had taken of the one before, whoever wrote it.
 */
static void a_line_that_is_cut_off_leaves_blanks(void **state)
{
	static const struct row {
		const char *name;
		rlim_t room; /* bytes */
		const char *want;
	} rows[] = {
		{ "all of it", 20, "first\nsecond line\nthird\n" },
		{ "all but its end", 17, "first\n          \nthird\n" },
		{ "one byte", 7, "first\n\nthird\n" },
		{ "nothing", 6, "first\nthird\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct log_sink one = { -1, LOG_SINK_PLAIN };
		struct log_sink other = { -1, LOG_SINK_PLAIN };

		assert_int_equal(truncate(path, 0), 0);
		assert_int_equal(log_sink_file(&one, path), 0);
		assert_int_equal(log_sink_file(&other, path), 0);
		assert_true(put(&other, "first\n"));
		let_grow(rows[i].room);
		assert_int_equal(put(&one, "second line\n"), i == 0);
		let_grow(RLIM_INFINITY);
		assert_true(put(&other, "third\n"));
		holds(rows[i].want);
		log_sink_close(&one);
		log_sink_close(&other);
	}
}

/* A program's standard output, which does not append by itself. */
static void on_a_descriptor_that_others_have_too(void **state)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	struct log_sink s = { fd, LOG_SINK_PLAIN };

	(void)state;
	assert_true(fd >= 0);
	assert_true(put(&s, "first\n"));
	let_grow(10);
	assert_false(put(&s, "second line\n"));
	let_grow(RLIM_INFINITY);
	assert_true(put(&s, "third\n"));
	holds("first\n   \nthird\n");
	log_sink_close(&s);
}

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
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
		cmocka_unit_test(a_line_that_is_cut_off_leaves_blanks),
		cmocka_unit_test(on_a_descriptor_that_others_have_too),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
