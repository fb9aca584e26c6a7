/* Where the file stands in an upload's body, and the options beside it. */
#include "server/upload_form.h"

#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PART(head, body)                                                                 \
	"--B\r\nContent-Disposition: form-data; " head "\r\n\r\n" body "\r\n"
#define FILE_PART(body) PART("name=\"waybill_file\"; filename=\"m.xlsx\"", body)
#define END             "--B--\r\n"

static const struct form {
	const char *name, *type;
	struct slice query, body;
	enum err_kind error;
	const char *file; /* its bytes; NULL: none */
	const char *file_name, *key;
	bool strict, dry_run;
} rows[] = {
	{ "file alone", "multipart/form-data; boundary=B", SLICE_INIT(""),
	  SLICE_INIT(FILE_PART("PK data") END), ERR_NONE, "PK data", "m.xlsx", "", false,
	  false },
	{ "options before and behind", "multipart/form-data; boundary=B", SLICE_INIT(""),
	  SLICE_INIT(PART("name=\"upload_key\"", "k-1") FILE_PART("x")
			     PART("name=\"strict\"", "true") END),
	  ERR_NONE, "x", "m.xlsx", "k-1", true, false },
	{ "options in the query", "multipart/form-data; boundary=B",
	  SLICE_INIT("dry_run=1&upload_key=k%202"), SLICE_INIT(FILE_PART("x") END),
	  ERR_NONE, "x", "m.xlsx", "k 2", false, true },
	{ "a path as file name", "multipart/form-data; boundary=B", SLICE_INIT(""),
	  SLICE_INIT(PART("name=\"waybill_file\"; filename=\"C:/x/a.csv\"", "x") END),
	  ERR_NONE, "x", "a.csv", "", false, false },
	{ "an empty file", "multipart/form-data; boundary=B", SLICE_INIT(""),
	  SLICE_INIT(FILE_PART("") END), ERR_NONE, "", "m.xlsx", "", false, false },
	{ "no file chosen", "multipart/form-data; boundary=B", SLICE_INIT(""),
	  SLICE_INIT(PART("name=\"waybill_file\"; filename=\"\"", "") END), ERR_NONE,
	  NULL, "", "", false, false },
	{ "no file field", "multipart/form-data; boundary=B", SLICE_INIT(""),
	  SLICE_INIT(PART("name=\"other\"", "x") END), ERR_NONE, NULL, "", "", false,
	  false },
	{ "two files", "multipart/form-data; boundary=B", SLICE_INIT(""),
	  SLICE_INIT(FILE_PART("x") FILE_PART("y") END), ERR_INPUT, NULL, "", "", false,
	  false },
	{ "cut", "multipart/form-data; boundary=B", SLICE_INIT(""),
	  SLICE_INIT(FILE_PART("x")), ERR_INPUT, NULL, "", "", false, false },
	{ "not a form", "application/json", SLICE_INIT(""), SLICE_INIT("{}"),
	  ERR_UNSUPPORTED, NULL, "", "", false, false },
	{ "no boundary", "multipart/form-data", SLICE_INIT(""),
	  SLICE_INIT(FILE_PART("x") END), ERR_INPUT, NULL, "", "", false, false },
	{ "a key with a line end", "multipart/form-data; boundary=B", SLICE_INIT(""),
	  SLICE_INIT(PART("name=\"upload_key\"", "a\nb") FILE_PART("x") END), ERR_INPUT,
	  NULL, "", "", false, false },
	{ "a key that looks like an upload's number", "multipart/form-data; boundary=B",
	  SLICE_INIT("upload_key=11"), SLICE_INIT(FILE_PART("x") END), ERR_INPUT, NULL,
	  "", "", false, false },
	{ "the longest of them", "multipart/form-data; boundary=B",
	  SLICE_INIT("upload_key=000000000000000001"), SLICE_INIT(FILE_PART("x") END),
	  ERR_INPUT, NULL, "", "", false, false },
	{ "the time as a key", "multipart/form-data; boundary=B",
	  SLICE_INIT("upload_key=1732418728"), SLICE_INIT(FILE_PART("x") END), ERR_NONE,
	  "x", "m.xlsx", "1732418728", false, false },
	{ "a key that begins with a number", "multipart/form-data; boundary=B",
	  SLICE_INIT("upload_key=11-a"), SLICE_INIT(FILE_PART("x") END), ERR_NONE, "x",
	  "m.xlsx", "11-a", false, false },
	{ "an option without its line", "multipart/form-data; boundary=B",
	  SLICE_INIT("dryrun=true"), SLICE_INIT(FILE_PART("x") END), ERR_INPUT, NULL, "",
	  "", false, false },
	{ "an option in the form, spelt otherwise", "multipart/form-data; boundary=B",
	  SLICE_INIT(""), SLICE_INIT(FILE_PART("x") PART("name=\"Dry-Run\"", "true") END),
	  ERR_INPUT, NULL, "", "", false, false },
	{ "fields of others", "multipart/form-data; boundary=B",
	  SLICE_INIT("dry=1&run=1&dry_runs=1&stricter=&_=1&="),
	  SLICE_INIT(FILE_PART("x") PART("name=\"csrf_token\"", "y") END), ERR_NONE, "x",
	  "m.xlsx", "", false, false },
};

static void check_row(const struct form *w, const struct upload_form *f, int fd)
{
	char bytes[64] = "";

	assert_int_equal(f->has_file, w->file != NULL);
	if (w->file == NULL)
		return;
	assert_int_equal(f->size, strlen(w->file));
	assert_int_equal(pread(fd, bytes, f->size, (off_t)f->start), (ssize_t)f->size);
	assert_string_equal(bytes, w->file);
	assert_true(slice_eq(f->options.file_name, slice_str(w->file_name)));
	assert_true(slice_eq(f->options.upload_key, slice_str(w->key)));
	assert_int_equal(f->options.strict, w->strict);
	assert_int_equal(f->options.dry_run, w->dry_run);
}

static void reads_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct request req;
		struct upload_form form;
		struct err e = { 0 };
		struct arena a;
		int fd = body_spool_open("/tmp", &e);
		int r;

		assert_true(fd >= 0);
		assert_int_equal(body_spool_write(fd, rows[i].body, &e), 0);
		arena_init(&a, 65536);
		req = (struct request){ .arena = &a };
		req.url.query = rows[i].query;
		req.head.n_fields = 1;
		req.head.field[0] = (struct http_field){ SLICE_INIT("Content-Type"),
							 slice_str(rows[i].type) };
		r = upload_form_read(&req, fd, &form, &e);
		if (e.kind != rows[i].error || (r < 0) != (rows[i].error != ERR_NONE))
			fail_msg("%s: %d %s", rows[i].name, e.kind, e.text);
		if (r == 0)
			check_row(&rows[i], &form, fd);
		arena_release(&a);
		(void)close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads_forms) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
