/*
 * Files of a folder made for the test, served to requests without a socket.
 */
#include "server/static.h"

#include "server/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const time_t modified = 1700000000; /* Tue, 14 Nov 2023 22:13:20 GMT */

struct place {
	char dir[64];
	char text[4096]; /* of style.css; packs well */
	struct static_files *files;
	struct arena arena;
};

static void put(const struct place *p, const char *name, const char *bytes, size_t n,
		time_t when)
{
	const struct timespec times[2] = { { when, 0 }, { when, 0 } };
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	(void)unlink(path); /* as by a rename: another file of that name */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(close(fd), 0);
}

static void path_of(const struct place *p, const char *name, char path[256])
{
	(void)snprintf(path, 256, "%s/%s", p->dir, name);
}

static void open_files(struct place *p)
{
	struct err e = { 0 };

	static_close(&p->files);
	if (static_open(p->dir, &p->files, &e) < 0)
		fail_msg("%s", e.text);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	char path[256], link[256];

	assert_non_null(p);
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/waybill-static-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	for (size_t i = 0; i < sizeof(p->text); i++)
		p->text[i] = "p{color:#123}\n"[i % 14];
	put(p, "style.css", p->text, sizeof(p->text), modified);
	put(p, "small.html", "<p>", 3, modified);
	put(p, "digits.txt", "0123456789", 10, modified);
	put(p, "thing", "x", 1, modified);
	put(p, ".hidden", "x", 1, modified);
	path_of(p, "img", path);
	assert_int_equal(mkdir(path, 0755), 0);
	put(p, "img/icon.svg", "<svg/>", 6, modified);
	path_of(p, "link.txt", link);
	path_of(p, "digits.txt", path);
	assert_int_equal(symlink(path, link), 0);
	path_of(p, "away", link);
	assert_int_equal(symlink("/etc", link), 0);
	path_of(p, "gone.txt", link);
	assert_int_equal(symlink("/nowhere", link), 0);
	path_of(p, "pipe.txt", path);
	assert_int_equal(mkfifo(path, 0644), 0);
	arena_init(&p->arena, 1024 * 1024);
	open_files(p);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "style.css",   "small.html", "digits.txt",
					     "thing",       ".hidden",    "link.txt",
					     "away",        "gone.txt",   "pipe.txt",
					     "img/icon.svg" };
	struct place *p = *state;
	char path[256];

	static_close(&p->files);
	arena_release(&p->arena);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(p, names[i], path);
		(void)unlink(path);
	}
	path_of(p, "img", path);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(p->dir), 0);
	free(p);
	return 0;
}

/* A GET with further field lines; the answer lives in the place's arena. */
static struct response ask(struct place *p, const char *name, const char *fields)
{
	static const struct http_limits limits = { 1000, 4000, HTTP_MAX_FIELDS };
	struct http_head_parser parser = { 0 };
	struct request req = { .arena = &p->arena };
	struct response res;
	struct err e = { 0 };
	size_t used;
	struct slice text =
		arena_printf(&p->arena, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);

	if (http_head_feed(&parser, text, &limits, &req.head, &used, &e) != PARSE_DONE)
		fail_msg("%s: %s", fields, e.text);
	response_init(&res, &p->arena);
	static_serve(p->files, slice_str(name), &req, &res);
	return res;
}

/* The value of an answer's field in the arena, or NULL. */
static const char *field(struct place *p, const struct response *res, const char *name)
{
	struct slice rest = res->fields;

	while (rest.n > 0) {
		struct slice line = slice_split(&rest, '\n');
		struct slice key = slice_split(&line, ':');

		if (slice_eq(key, slice_str(name))) {
			line.n--; /* the CR */
			return arena_dup(&p->arena, slice_trim(line)).p;
		}
	}
	return NULL;
}

static void field_is(struct place *p, const struct response *res, const char *name,
		     const char *want)
{
	const char *got = field(p, res, name);

	if (want == NULL ? got != NULL : got == NULL || strcmp(got, want) != 0)
		fail_msg("%s: %s, not %s", name, got == NULL ? "absent" : got,
			 want == NULL ? "absent" : want);
}

static void body_is(const struct response *res, const char *want, size_t n)
{
	assert_int_equal(res->body.n, n);
	assert_memory_equal(res->body.p, want, n);
}

/* Links, even to a file inside, names with a dot in front, pipes and paths out. */
static void what_is_not_served(void **state)
{
	static const char *const names[] = { "",
					     ".",
					     "..",
					     "/",
					     "img",
					     "img/",
					     "none",
					     "link.txt",
					     "gone.txt",
					     "away",
					     "away/passwd",
					     ".hidden",
					     "pipe.txt",
					     "../etc/passwd",
					     "/etc/passwd",
					     "./digits.txt",
					     "img/../digits.txt",
					     "digits.tx",
					     "digits.txt/",
					     "DIGITS.TXT" };
	struct place *p = *state;

	assert_int_equal(static_count(p->files), 5);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ask(p, names[i], "").status != 404)
			fail_msg("%s", names[i]);
}

static void unpacked(struct slice packed, char *to, size_t size, size_t *n_r)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)packed.p,
		       .avail_in = (uInt)packed.n,
		       .next_out = (unsigned char *)to,
		       .avail_out = (uInt)size };

	assert_int_equal(inflateInit2(&z, 31), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	*n_r = z.total_out;
	assert_int_equal(inflateEnd(&z), Z_OK);
}

static void gzip_has_its_own_tag_and_bytes(void **state)
{
	struct place *p = *state;
	struct response plain = ask(p, "style.css", ""),
			packed = ask(p, "style.css", "Accept-Encoding: gzip\r\n"), res;
	const char *tag = field(p, &packed, "ETag");
	char text[sizeof(p->text) + 1];
	size_t n;

	assert_int_equal(packed.status, 200);
	field_is(p, &packed, "Content-Encoding", "gzip");
	field_is(p, &packed, "Vary", "Accept-Encoding");
	assert_string_not_equal(tag, field(p, &plain, "ETag"));
	assert_true(packed.body.n < plain.body.n / 10);
	unpacked(packed.body, text, sizeof(text), &n);
	assert_int_equal(n, sizeof(p->text));
	assert_memory_equal(text, p->text, n);

	/* The one form's tag says nothing about the other. */
	res = ask(p, "style.css",
		  arena_printf(&p->arena, "If-None-Match: %s\r\n", tag).p);
	assert_int_equal(res.status, 200);
	res = ask(p, "style.css",
		  arena_printf(&p->arena,
			       "If-None-Match: %s\r\nAccept-Encoding: gzip\r\n", tag)
			  .p);
	assert_int_equal(res.status, 304);
	field_is(p, &res, "ETag", tag);
	field_is(p, &res, "Vary", "Accept-Encoding");
	field_is(p, &res, "Cache-Control", "no-cache");
	field_is(p, &res, "Content-Encoding", NULL);
	field_is(p, &res, "Last-Modified", NULL);
}

static const struct range_row {
	const char *name, *fields;
	unsigned status;
	const char *content_range, *body;
} range_rows[] = {
	{ "14.2: a part", "Range: bytes=2-4\r\n", 206, "bytes 2-4/10", "234" },
	{ "14.2: the end", "Range: bytes=-3\r\n", 206, "bytes 7-9/10", "789" },
	{ "14.2: all of it", "Range: bytes=0-\r\n", 206, "bytes 0-9/10", "0123456789" },
	{ "15.5.17: behind the end", "Range: bytes=10-\r\n", 416, "bytes */10", NULL },
	{ "14.2: two parts", "Range: bytes=0-1,3-4\r\n", 200, NULL, "0123456789" },
	{ "14.2: another unit", "Range: lines=0-1\r\n", 200, NULL, "0123456789" },
	{ "13.1.5: another state", "Range: bytes=2-4\r\nIf-Range: \"no\"\r\n", 200, NULL,
	  "0123456789" },
	{ "13.1.5: ... and behind the end", "Range: bytes=10-\r\nIf-Range: \"no\"\r\n",
	  200, NULL, "0123456789" },
	{ "13.1.5: the date",
	  "Range: bytes=2-4\r\nIf-Range: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 206,
	  "bytes 2-4/10", "234" },
	{ "13.2.2: 304 before the range", "Range: bytes=2-4\r\nIf-None-Match: *\r\n", 304,
	  NULL, "" },
	{ "13.2.2: 304 before 416", "Range: bytes=10-\r\nIf-None-Match: *\r\n", 304, NULL,
	  "" },
	{ "13.2.2: 412 before the range", "Range: bytes=2-4\r\nIf-Match: \"no\"\r\n", 412,
	  NULL, NULL },
	{ "13.1.3: by the date", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n",
	  304, NULL, "" },
	{ "13.1.3: by an earlier date",
	  "If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 200, NULL,
	  "0123456789" },
	{ "13.1.4: changed since",
	  "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 412, NULL, NULL },
};

static void ranges_and_conditions(void **state)
{
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(range_rows) / sizeof(range_rows[0]); i++) {
		const struct range_row *row = &range_rows[i];
		struct response res = ask(p, "digits.txt", row->fields);

		if (res.status != row->status)
			fail_msg("%s: %u", row->name, res.status);
		field_is(p, &res, "Content-Range", row->content_range);
		if (row->body != NULL)
			body_is(&res, row->body, strlen(row->body));
		if (res.status == 200 || res.status == 206)
			assert_non_null(field(p, &res, "ETag"));
		if (res.status > 400) { /* the error's body is not the file's */
			field_is(p, &res, "ETag", NULL);
			field_is(p, &res, "Last-Modified", NULL);
			assert_true(
				slice_eq(res.content_type, SLICE("application/json")));
		}
	}
}

/* A range is one of the packed bytes when these were chosen. */
static void a_range_of_gzip(void **state)
{
	struct place *p = *state;
	struct response whole = ask(p, "style.css", "Accept-Encoding: gzip\r\n"), res;

	res = ask(p, "style.css",
		  arena_printf(&p->arena,
			       "Accept-Encoding: gzip\r\nRange: bytes=3-7\r\nIf-Range: "
			       "%s\r\n",
			       field(p, &whole, "ETag"))
			  .p);
	assert_int_equal(res.status, 206);
	field_is(p, &res, "Content-Encoding", "gzip");
	body_is(&res, whole.body.p + 3, 5);
}

/* A worker looks once a second; an answer on its way keeps the bytes it began with. */
static void a_changed_file_is_read_again(void **state)
{
	const struct timespec pause = { 1, 50000000 };
	struct place *p = *state;
	struct response before, first, second;
	char path[256], away[300];
	uint64_t looked = clock_ms();

	before = ask(p, "digits.txt", "");
	put(p, "digits.txt", "abc", 3, modified + 1);
	first = ask(p, "digits.txt", "");
	if (clock_ms() - looked < 1000)
		body_is(&first, "0123456789", 10); /* within the second */

	assert_int_equal(nanosleep(&pause, NULL), 0);
	first = ask(p, "digits.txt", "Range: bytes=1-\r\n");
	assert_int_equal(first.status, 206);
	body_is(&first, "bc", 2);
	field_is(p, &first, "Last-Modified", "Tue, 14 Nov 2023 22:13:21 GMT");
	assert_string_not_equal(field(p, &first, "ETag"), field(p, &before, "ETag"));

	/* Again: and a link, or nothing, in a file's place changes nothing. */
	put(p, "digits.txt", "defg", 4, modified + 2);
	path_of(p, "thing", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	path_of(p, "small.html", path);
	assert_int_equal(unlink(path), 0);
	/* ... nor does a link in a folder's place. */
	path_of(p, "img", path);
	(void)snprintf(away, sizeof(away), "%s.moved", p->dir);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(symlink(away, path), 0);
	(void)snprintf(away, sizeof(away), "%s.moved/icon.svg", p->dir);
	assert_int_equal(truncate(away, 2), 0);

	assert_int_equal(nanosleep(&pause, NULL), 0);
	second = ask(p, "digits.txt", "");
	body_is(&second, "defg", 4);
	body_is(&first, "bc", 2);
	body_is(&before, "0123456789", 10);
	second = ask(p, "thing", "");
	body_is(&second, "x", 1);
	second = ask(p, "small.html", "");
	body_is(&second, "<p>", 3);
	second = ask(p, "img/icon.svg", "");
	body_is(&second, "<svg/>", 6);

	/* HUP: read anew, the links are not there any more. */
	open_files(p);
	assert_int_equal(ask(p, "thing", "").status, 404);
	assert_int_equal(ask(p, "small.html", "").status, 404);
	assert_int_equal(ask(p, "img/icon.svg", "").status, 404);

	assert_int_equal(unlink(path), 0);
	(void)snprintf(away, sizeof(away), "%s.moved", p->dir);
	assert_int_equal(rename(away, path), 0);
}

/* A worker without descriptors for a while must not serve what was for ever. */
static void what_could_not_be_read_is_tried_again(void **state)
{
	const struct timespec pause = { 1, 50000000 };
	struct place *p = *state;
	struct response res;
	char path[256], away[300];

	path_of(p, "img/icon.svg", path);
	assert_int_equal(truncate(path, 2), 0);
	path_of(p, "img", path);
	(void)snprintf(away, sizeof(away), "%s.moved", p->dir);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(symlink(away, path), 0);
	assert_int_equal(nanosleep(&pause, NULL), 0);
	res = ask(p, "img/icon.svg", "");
	body_is(&res, "<svg/>", 6);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(away, path), 0);
	assert_int_equal(nanosleep(&pause, NULL), 0);
	res = ask(p, "img/icon.svg", "");
	body_is(&res, "<s", 2);
}

static void folders_that_cannot_be_read(void **state)
{
	struct static_files *files;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(static_open("/nowhere", &files, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_null(files);
	assert_string_equal(e.text,
			    "key 'static_dir': \"/nowhere\": No such file or directory");
	e = (struct err){ 0 };
	assert_int_equal(static_open("/etc/passwd", &files, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
}

static void a_file_too_large(void **state)
{
	struct place *p = *state;
	struct static_files *files;
	struct err e = { 0 };
	char path[256];

	path_of(p, "thing", path);
	assert_int_equal(truncate(path, 4 * 1024 * 1024 + 1), 0);
	assert_int_equal(static_open(p->dir, &files, &e), -1);
	assert_non_null(strstr(e.text, "\"thing\" has more than 4194304 bytes"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_not_served, setup, teardown),
		cmocka_unit_test_setup_teardown(gzip_has_its_own_tag_and_bytes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(ranges_and_conditions, setup, teardown),
		cmocka_unit_test_setup_teardown(a_range_of_gzip, setup, teardown),
		cmocka_unit_test_setup_teardown(a_changed_file_is_read_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_could_not_be_read_is_tried_again,
						setup, teardown),
		cmocka_unit_test(folders_that_cannot_be_read),
		cmocka_unit_test_setup_teardown(a_file_too_large, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
