/*
 * What is made of a file by its name and its bytes: type, fields, packed form.
 */
#include "server/static_file.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SIZE = 1000 };

static const int64_t modified = 1700000000; /* Tue, 14 Nov 2023 22:13:20 GMT */

/* Reads a file of that name and content. */
static struct static_file *read_file(const char *name, struct slice bytes, int64_t when)
{
	FILE *f = tmpfile();
	struct static_file *file;
	struct err e = { 0 };

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	rewind(f);
	if (static_file_read(fileno(f), slice_str(name), bytes.n, when, &file, &e) < 0)
		fail_msg("%s: %s", name, e.text);
	assert_int_equal(fclose(f), 0);
	return file;
}

static bool has_line(struct slice fields, const char *line)
{
	struct slice want = slice_str(line);

	while (fields.n > 0) {
		struct slice one = slice_split(&fields, '\n');

		if (one.n == want.n + 1 && slice_starts(one, want) &&
		    one.p[want.n] == '\r')
			return true;
	}
	return false;
}

static bool has_name(struct slice fields, const char *name)
{
	while (fields.n > 0) {
		struct slice one = slice_split(&fields, '\n');

		if (slice_starts(one, slice_str(name)))
			return true;
	}
	return false;
}

#define HTML "text/html; charset=utf-8"
#define JS   "text/javascript; charset=utf-8"

static const struct row {
	const char *name, *type;
	bool packed, kept; /* gzip; a year long */
} rows[] = {
	{ "scan.html", HTML, true, false },
	{ "style.css", "text/css; charset=utf-8", true, false },
	{ "scan.js", JS, true, false },
	{ "scan.mjs", JS, true, false },
	{ "data.json", "application/json", true, false },
	{ "img/icon.svg", "image/svg+xml", true, false },
	{ "notes.txt", "text/plain; charset=utf-8", true, false },
	{ "app.webmanifest", "application/manifest+json", true, false },
	{ "sign.png", "image/png", false, false },
	{ "favicon.ico", "image/vnd.microsoft.icon", false, false },
	{ "beep.wav", "audio/wav", false, false },
	{ "font.woff2", "font/woff2", false, false },
	{ "thing", "application/octet-stream", false, false },
	{ "thing.bin", "application/octet-stream", false, false },
	{ "html", "application/octet-stream", false, false },
	{ "page.html.bak", "application/octet-stream", false, false },

	{ "app.0123abcd.js", JS, true, true },
	{ "app.0123ABCD.js", JS, true, true },
	{ "app.min.d41d8cd98f00b204.js", JS, true, true },
	{ "js/app.0123abcd.js", JS, true, true },
	{ "sign.0123abcd.png", "image/png", false, true },
	{ "page.0123abcd.html", HTML, true, true },
	{ "app.0123abc.js", JS, true, false },      /* too short */
	{ "app.0123abcg.js", JS, true, false },     /* g */
	{ "app.20240131.js", JS, true, false },     /* a date */
	{ "app-0123abcd.js", JS, true, false },     /* no dot */
	{ "0123abcd.js", JS, true, false },         /* no name before it */
	{ "app.0123abcd/x.js", JS, true, false },   /* a folder's */
	{ "app.0123abcd.min.js", JS, true, false }, /* not the last */
	{ "app.0123abcd", "application/octet-stream", false, false },
};

static void by_name(void **state)
{
	char text[SIZE];

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		text[i] = "p{color:#123}\n"[i % 14];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct static_file *file =
			read_file(row->name, (struct slice){ text, SIZE }, modified);
		struct slice fields = buf_slice(&file->plain.fields);
		bool page = strcmp(row->type, HTML) == 0;
		const char *vary = page && row->packed ? "Vary: Accept, Accept-Encoding"
				   : page              ? "Vary: Accept"
				   : row->packed       ? "Vary: Accept-Encoding"
						       : NULL;

		if (strcmp(file->type, row->type) != 0)
			fail_msg("%s: %s", row->name, file->type);
		if ((file->gzip.body.p != NULL) != row->packed)
			fail_msg("%s: packed, or not", row->name);
		if (!has_line(fields, row->kept ? "Cache-Control: public, "
						  "max-age=31536000, immutable"
						: "Cache-Control: no-cache"))
			fail_msg("%s: %.*s", row->name, (int)fields.n, fields.p);
		if (vary == NULL ? has_name(fields, "Vary:") : !has_line(fields, vary))
			fail_msg("%s: %.*s", row->name, (int)fields.n, fields.p);
		static_file_free(&file);
		assert_null(file);
	}
}

/* RFC 9110 section 15.4.5: which lines a 304 has too. */
static void lines_of_both_forms(void **state)
{
	struct static_file *file;
	char text[SIZE];
	struct slice plain, packed, always;

	(void)state;
	memset(text, 'a', SIZE);
	file = read_file("a.txt", (struct slice){ text, SIZE }, modified);
	plain = buf_slice(&file->plain.fields);
	packed = buf_slice(&file->gzip.fields);
	assert_true(has_line(plain, "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT"));
	assert_true(has_line(plain, "Accept-Ranges: bytes"));
	assert_false(has_name(plain, "Content-Encoding:"));
	assert_true(has_line(packed, "Content-Encoding: gzip"));
	assert_true(has_line(packed, "Vary: Accept-Encoding"));
	always = (struct slice){ packed.p, file->gzip.n_always };
	assert_true(has_name(always, "ETag:"));
	assert_true(has_name(always, "Vary:"));
	assert_true(has_name(always, "Cache-Control:"));
	assert_true(has_name(always, "Content-Security-Policy:"));
	assert_false(has_name(always, "Last-Modified:"));
	assert_false(has_name(always, "Content-Encoding:"));
	assert_string_not_equal(file->plain.etag, file->gzip.etag);
	static_file_free(&file);
}

static void tags_name_the_content(void **state)
{
	struct static_file *a = read_file("a.txt", SLICE("one"), modified),
			   *b = read_file("b.txt", SLICE("one"), modified + 5),
			   *c = read_file("a.txt", SLICE("two"), modified);

	(void)state;
	assert_string_equal(a->plain.etag, b->plain.etag);
	assert_string_not_equal(a->plain.etag, c->plain.etag);
	static_file_free(&a);
	static_file_free(&b);
	static_file_free(&c);
}

/* A tenth at least: noise in front of text, more and more of it. */
static void packed_where_it_saves_a_tenth(void **state)
{
	char bytes[SIZE];
	bool packed = true;
	unsigned seed = 1;

	(void)state;
	for (size_t noise = 0; noise <= SIZE; noise += 50) {
		struct static_file *file;

		memset(bytes, 'a', SIZE);
		for (size_t i = 0; i < noise; i++) {
			seed = seed * 1103515245u + 12345u;
			bytes[i] = (char)(seed >> 16);
		}
		file = read_file("a.txt", (struct slice){ bytes, SIZE }, modified);
		packed = file->gzip.body.p != NULL;
		if (packed)
			assert_true(file->gzip.body.n <= SIZE - SIZE / 10);
		if (noise <= 800)
			assert_true(packed);
		static_file_free(&file);
	}
	assert_false(packed); /* noise alone */
}

static void an_empty_file(void **state)
{
	struct static_file *file = read_file("a.txt", SLICE(""), modified);

	(void)state;
	assert_int_equal(file->plain.body.n, 0);
	assert_non_null(file->plain.body.p);
	assert_null(file->gzip.body.p);
	static_file_free(&file);
	static_file_free(&file);
}

/* RFC 9110 section 8.8.2.1: Last-Modified is never later than Date. */
static void a_change_in_the_future_is_one_of_now(void **state)
{
	int64_t now = (int64_t)time(NULL);
	struct static_file *file = read_file("a.txt", SLICE("x"), now + 86400);

	(void)state;
	assert_in_range(file->modified, now, now + 60);
	static_file_free(&file);
}

static void what_cannot_be_read(void **state)
{
	FILE *f = tmpfile();
	struct static_file *file;
	struct err e = { 0 };

	(void)state;
	assert_non_null(f);
	assert_int_equal(static_file_read(fileno(f), SLICE("a"), 1, 0, &file, &e), -1);
	assert_string_equal(e.text, "cannot read \"a\"");
	assert_int_equal(e.kind, ERR_INPUT);
	assert_null(file);
	e = (struct err){ 0 };
	assert_int_equal(static_file_read(fileno(f), SLICE("a"), STATIC_MAX_FILE + 1, 0,
					  &file, &e),
			 -1);
	assert_string_equal(e.text, "\"a\" has more than 4194304 bytes");
	assert_int_equal(fclose(f), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_name),
		cmocka_unit_test(lines_of_both_forms),
		cmocka_unit_test(tags_name_the_content),
		cmocka_unit_test(packed_where_it_saves_a_tenth),
		cmocka_unit_test(an_empty_file),
		cmocka_unit_test(a_change_in_the_future_is_one_of_now),
		cmocka_unit_test(what_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
