/* Bodies on their way in: length, chunks, limits, memory and spool file. */
#include "server/body.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct http_framing framing(enum http_body kind, uint64_t length)
{
	return (struct http_framing){ .body = kind, .length = length };
}

static const struct row {
	const char *name;
	enum http_body kind;
	uint64_t length, max;
	struct slice in;
	int want;
	struct slice body, rest;
	enum err_kind error;
} rows[] = {
	{ "length", HTTP_BODY_LENGTH, 5, 100, SLICE_INIT("helloGET"), PARSE_DONE,
	  SLICE_INIT("hello"), SLICE_INIT("GET"), ERR_NONE },
	{ "length cut", HTTP_BODY_LENGTH, 9, 100, SLICE_INIT("hello"), PARSE_MORE,
	  SLICE_INIT("hello"), SLICE_INIT(""), ERR_NONE },
	{ "length nothing", HTTP_BODY_LENGTH, 0, 100, SLICE_INIT("GET"), PARSE_DONE,
	  SLICE_INIT(""), SLICE_INIT("GET"), ERR_NONE },
	{ "chunks", HTTP_BODY_CHUNKED, 0, 100,
	  SLICE_INIT("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\nGET"), PARSE_DONE,
	  SLICE_INIT("hello"), SLICE_INIT("GET"), ERR_NONE },
	{ "chunks over the limit", HTTP_BODY_CHUNKED, 0, 4,
	  SLICE_INIT("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), -1, SLICE_INIT(""),
	  SLICE_INIT(""), ERR_LIMIT },
	{ "chunk that fits", HTTP_BODY_CHUNKED, 0, 5, SLICE_INIT("2\r\nhe\r\n3\r\n"),
	  PARSE_MORE, SLICE_INIT("he"), SLICE_INIT(""), ERR_NONE },
	/* Its client would send for nothing, until a deadline. */
	{ "announced chunk over the limit", HTTP_BODY_CHUNKED, 0, 5,
	  SLICE_INIT("2\r\nhe\r\n4\r\n"), -1, SLICE_INIT(""), SLICE_INIT(""), ERR_LIMIT },
	{ "bad chunk", HTTP_BODY_CHUNKED, 0, 100, SLICE_INIT("x\r\n"), -1, SLICE_INIT(""),
	  SLICE_INIT(""), ERR_INPUT },
	{ "none", HTTP_BODY_NONE, 0, 0, SLICE_INIT("GET"), PARSE_DONE, SLICE_INIT(""),
	  SLICE_INIT("GET"), ERR_NONE },
};

static void same_body_for_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t step = 1; step <= rows[i].in.n; step++) {
			const struct http_framing f =
				framing(rows[i].kind, rows[i].length);
			struct slice rest = rows[i].in, part = SLICE("");
			struct err e = { 0 };
			struct body b;
			int got = PARSE_MORE;

			assert_int_equal(body_init(&b, &f, rows[i].max, NULL, &e), 0);
			got = body_feed(&b, &part, &e);
			while (got == PARSE_MORE && rest.n > 0) {
				part = slice_take(&rest, step);
				got = body_feed(&b, &part, &e);
			}
			if (got != rows[i].want || e.kind != rows[i].error)
				fail_msg("%s, step %zu: %d %s", rows[i].name, step, got,
					 e.text);
			if (got >= 0 && (!slice_eq(buf_slice(&b.mem), rows[i].body) ||
					 part.n + rest.n != rows[i].rest.n))
				fail_msg("%s, step %zu: other bytes", rows[i].name, step);
			body_release(&b);
		}
}

static void announced_length_over_the_limit_is_refused_unread(void **state)
{
	const struct http_framing f = framing(HTTP_BODY_LENGTH, 101);
	struct err e = { 0 };
	struct body b;

	(void)state;
	assert_int_equal(body_init(&b, &f, 100, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
}

/* 200,000 bytes do not stay in memory, and come back whole from the spool file. */
static void large_body_goes_to_a_file(void **state)
{
	enum { SIZE = 200000, STEP = 7001 };
	const struct http_framing f = framing(HTTP_BODY_LENGTH, SIZE);
	static char sent[SIZE], back[SIZE];
	struct slice rest = { sent, SIZE };
	struct err e = { 0 };
	struct body b;
	int got = PARSE_MORE;

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		sent[i] = (char)(i * 31 % 251);
	assert_int_equal(body_init(&b, &f, SIZE, "/tmp", &e), 0);
	while (got == PARSE_MORE) {
		struct slice part = slice_take(&rest, STEP);

		got = body_feed(&b, &part, &e);
	}
	assert_int_equal(got, PARSE_DONE);
	assert_true(b.fd >= 0);
	assert_int_equal(b.mem.size, 0);
	assert_int_equal(pread(b.fd, back, SIZE, 0), SIZE);
	assert_memory_equal(sent, back, SIZE);
	body_release(&b);
}

static void small_body_becomes_a_file_on_request(void **state)
{
	const struct http_framing f = framing(HTTP_BODY_LENGTH, 3);
	struct slice in = SLICE("abc");
	struct err e = { 0 };
	struct body b;
	char back[4] = "";

	(void)state;
	assert_int_equal(body_init(&b, &f, 100, "/tmp", &e), 0);
	assert_int_equal(body_feed(&b, &in, &e), PARSE_DONE);
	assert_int_equal(b.fd, -1);
	assert_true(body_file(&b, "/tmp", &e) >= 0);
	assert_int_equal(pread(b.fd, back, 3, 0), 3);
	assert_string_equal(back, "abc");
	body_release(&b);
}

static void spool_folder_that_is_not_there(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(body_spool_open("/nonexistent/spool", &e), -1);
	assert_int_equal(e.kind, ERR_INTERNAL);
	assert_non_null(strstr(e.text, "/nonexistent/spool"));
}

/* Nothing but a disk has a lack of room. */
static void what_is_lacking_is_told(void **state)
{
	struct rlimit before, none;
	struct err files = { 0 }, room = { 0 };
	int fd;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(body_spool_open("/tmp", &files), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(files.kind, ERR_BUSY);
	fd = open("/dev/full", O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(body_spool_write(fd, SLICE("x"), &room), -1);
	assert_int_equal(room.kind, ERR_ROOM);
	assert_int_equal(close(fd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_body_for_every_split),
		cmocka_unit_test(announced_length_over_the_limit_is_refused_unread),
		cmocka_unit_test(large_body_goes_to_a_file),
		cmocka_unit_test(small_body_becomes_a_file_on_request),
		cmocka_unit_test(spool_folder_that_is_not_there),
		cmocka_unit_test(what_is_lacking_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
