/*
 * multipart/form-data (RFC 7578, RFC 2046 section 5.1). What comes out is shown as
 * name,filename,type( for a part ("-" for no filename), its data, and ) at its end.
 */
#include "parse/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct multipart_limits limits = { .max_parts = 3, .max_part_head = 200 };

#define B   "--bnd"
#define CD  "Content-Disposition: form-data; "
#define N   CD "name=\"a\"\r\n\r\n"
#define END "\r\n--bnd--"
#define X50 "01234567890123456789012345678901234567890123456789"

static const struct row {
	const char *name;
	struct slice in;
	struct slice shown;
	int want;
	enum err_kind kind;
} rows[] = {
	/* clang-format off */
	{ "7578 4: one field", SLICE_INIT(B "\r\n" N "x" END), SLICE_INIT("a,-,(x)"), PARSE_DONE, ERR_NONE },
	{ "7578 4: an epilogue", SLICE_INIT(B "\r\n" N "x" END "\r\nany\r\n--bnd\r\n"), SLICE_INIT("a,-,(x)"), PARSE_DONE, ERR_NONE },
	{ "7578 4: two fields", SLICE_INIT(B "\r\n" N "x\r\n" B "\r\n" CD "name=b\r\n\r\nyy" END), SLICE_INIT("a,-,(x)b,-,(yy)"), PARSE_DONE, ERR_NONE },
	{ "7578 4.2: a file", SLICE_INIT(B "\r\n" CD "name=\"f\"; filename=\"a.xlsx\"\r\nContent-Type: text/csv; charset=x \r\n\r\n\0\r\n\xff" END),
	  SLICE_INIT("f,a.xlsx,text/csv; charset=x(\0\r\n\xff)"), PARSE_DONE, ERR_NONE },
	{ "7578 4.2: an empty file's name", SLICE_INIT(B "\r\n" CD "name=f;filename=\"\"\r\n\r\n" END), SLICE_INIT("f,,()"), PARSE_DONE, ERR_NONE },
	{ "7578 4.2: any case, any order", SLICE_INIT(B "\r\ncontent-TYPE:t\r\ncontent-disposition:FORM-DATA;FileName=x;NAME=f\r\nX-Other: y\r\n\r\nz" END),
	  SLICE_INIT("f,x,t(z)"), PARSE_DONE, ERR_NONE },
	{ "7578 4.2: UTF-8 in names", SLICE_INIT(B "\r\n" CD "name=\"\xc3\xa9\"; filename=\"\xe8\xbf\x90.csv\"\r\n\r\n" END), SLICE_INIT("\xc3\xa9,\xe8\xbf\x90.csv,()"), PARSE_DONE, ERR_NONE },
	{ "7578 4.2: escaped quotes", SLICE_INIT(B "\r\n" CD "name=\"f\"; filename=\"a\\\"b\\\\c\"\r\n\r\n" END), SLICE_INIT("f,a\"b\\c,()"), PARSE_DONE, ERR_NONE },
	{ "7578 4.2: backslashes of a path", SLICE_INIT(B "\r\n" CD "name=\"f\"; filename=\"C:\\dir\\a.csv\"\r\n\r\n" END), SLICE_INIT("f,C:\\dir\\a.csv,()"), PARSE_DONE, ERR_NONE },
	{ "7578 4.2: percent stays", SLICE_INIT(B "\r\n" CD "name=\"f\"; filename=\"a%22b\"\r\n\r\n" END), SLICE_INIT("f,a%22b,()"), PARSE_DONE, ERR_NONE },
	{ "7578 4.2: a semicolon in a name", SLICE_INIT(B "\r\n" CD "name=\"f\"; filename=\"a;name=b\"\r\n\r\n" END), SLICE_INIT("f,a;name=b,()"), PARSE_DONE, ERR_NONE },
	{ "7578 4.2: filename* alone", SLICE_INIT(B "\r\n" CD "name=\"f\"; filename*=UTF-8''x\r\n\r\n" END), SLICE_INIT("f,,()"), PARSE_DONE, ERR_NONE },
	{ "7578 4.2: filename* too", SLICE_INIT(B "\r\n" CD "name=\"f\"; filename*=UTF-8''x; filename=y\r\n\r\n" END), SLICE_INIT("f,y,()"), PARSE_DONE, ERR_NONE },
	{ "7578 4.2: no name", SLICE_INIT(B "\r\n" CD "filename=\"f\"\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "7578 4.2: no disposition", SLICE_INIT(B "\r\nContent-Type: x\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "7578 4.2: no head", SLICE_INIT(B "\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "7578 4.2: another disposition", SLICE_INIT(B "\r\nContent-Disposition: attachment; name=a\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "7578 4.2: a longer disposition", SLICE_INIT(B "\r\nContent-Disposition: form-data2; name=a\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "7578 4.2: two dispositions", SLICE_INIT(B "\r\n" CD "name=a\r\n" CD "name=b\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "7578 4.2: two names", SLICE_INIT(B "\r\n" CD "name=a; name=b\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "7578 4.2: two filenames", SLICE_INIT(B "\r\n" CD "name=a; filename=b; filename=c\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "7578 4.2: an open quote", SLICE_INIT(B "\r\n" CD "name=\"a\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "7578 4.2: not UTF-8", SLICE_INIT(B "\r\n" CD "name=\"\xe9\"\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "7578 4.2: NUL in a name", SLICE_INIT(B "\r\n" CD "name=\"a\0\"\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "7578 4.7: binary", SLICE_INIT(B "\r\nContent-Transfer-Encoding: BINARY\r\n" N "x" END), SLICE_INIT("a,-,(x)"), PARSE_DONE, ERR_NONE },
	{ "7578 4.7: base64", SLICE_INIT(B "\r\nContent-Transfer-Encoding: base64\r\n" N "x" END), SLICE_INIT(""), -1, ERR_INPUT },

	{ "2046 5.1: an empty part", SLICE_INIT(B "\r\n" N END), SLICE_INIT("a,-,()"), PARSE_DONE, ERR_NONE },
	{ "2046 5.1: a part without data", SLICE_INIT(B "\r\n" N "--bnd--"), SLICE_INIT("a,-,()"), PARSE_DONE, ERR_NONE },
	{ "2046 5.1: ... that only begins so", SLICE_INIT(B "\r\n" N "--bnx" END), SLICE_INIT("a,-,(--bnx)"), PARSE_DONE, ERR_NONE },
	{ "2046 5.1: no parts", SLICE_INIT("--bnd--"), SLICE_INIT(""), PARSE_DONE, ERR_NONE },
	{ "2046 5.1: a preamble", SLICE_INIT("hello\r\n--bn\r\n" B "\r\n" N "x" END), SLICE_INIT("a,-,(x)"), PARSE_DONE, ERR_NONE },
	{ "2046 5.1: an empty preamble", SLICE_INIT("\r\n" B "\r\n" N "x" END), SLICE_INIT("a,-,(x)"), PARSE_DONE, ERR_NONE },
	{ "2046 5.1: a preamble too long", SLICE_INIT(X50 X50 X50 X50 "x\r\n" B "\r\n" N "x" END), SLICE_INIT(""), -1, ERR_LIMIT },
	{ "2046 5.1: a boundary inside a line is none", SLICE_INIT(B "\r\n" N "x" B "\r\ny" END), SLICE_INIT("a,-,(x--bnd\r\ny)"), PARSE_DONE, ERR_NONE },
	{ "2046 5.1: ... behind a bare LF neither", SLICE_INIT(B "\r\n" N "x\n" B "\r\ny" END), SLICE_INIT("a,-,(x\n--bnd\r\ny)"), PARSE_DONE, ERR_NONE },
	{ "2046 5.1: line ends in the data", SLICE_INIT(B "\r\n" N "\r\n\r\n\r\r\n-\r\n--\r\n--bn\r\n--b\r" END), SLICE_INIT("a,-,(\r\n\r\n\r\r\n-\r\n--\r\n--bn\r\n--b\r)"), PARSE_DONE, ERR_NONE },
	{ "2046 5.1: CR before the boundary", SLICE_INIT(B "\r\n" N "x\r" END), SLICE_INIT("a,-,(x\r)"), PARSE_DONE, ERR_NONE },
	{ "2046 5.1: padding", SLICE_INIT(B " \t\r\n" N "x" END), SLICE_INIT("a,-,(x)"), PARSE_DONE, ERR_NONE },
	{ "2046 5.1: padding without an end", SLICE_INIT(B X50), SLICE_INIT(""), -1, ERR_INPUT },
	{ "2046 5.1: a longer boundary", SLICE_INIT(B "x\r\n" N "x" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "2046 5.1: one dash", SLICE_INIT(B "\r\n" N "x\r\n--bnd-x"), SLICE_INIT("a,-,(x)"), -1, ERR_INPUT },
	{ "2046 5.1: a dash behind padding", SLICE_INIT(B "\r\n" N "x\r\n--bnd --"), SLICE_INIT("a,-,(x)"), -1, ERR_INPUT },
	{ "2046 5.1: LF behind a boundary", SLICE_INIT(B "\n" N "x" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "2046 5.1: CR behind a boundary", SLICE_INIT(B "\rX" N "x" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "2046 5.1: another boundary", SLICE_INIT("--xyz\r\n" N "x\r\n--xyz--\r\n"), SLICE_INIT(""), PARSE_MORE, ERR_NONE },
	{ "2046 5.1: cut in the data", SLICE_INIT(B "\r\n" N "x"), SLICE_INIT("a,-,(x"), PARSE_MORE, ERR_NONE },
	{ "2046 5.1: cut in the last boundary", SLICE_INIT(B "\r\n" N "x\r\n--bnd"), SLICE_INIT("a,-,(x)"), PARSE_MORE, ERR_NONE },
	{ "2046 5.1: cut before the last dash", SLICE_INIT(B "\r\n" N "x\r\n--bnd-"), SLICE_INIT("a,-,(x)"), PARSE_MORE, ERR_NONE },
	{ "2046 5.1: cut in a head", SLICE_INIT(B "\r\n" CD), SLICE_INIT(""), PARSE_MORE, ERR_NONE },
	{ "2046 5.1: empty body", SLICE_INIT(""), SLICE_INIT(""), PARSE_MORE, ERR_NONE },
	{ "2046 5.1: a folded head", SLICE_INIT(B "\r\n" CD "\r\n name=\"a\"\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "2046 5.1: a space before the colon", SLICE_INIT(B "\r\nContent-Disposition : form-data; name=a\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "2046 5.1: no colon", SLICE_INIT(B "\r\nabc\r\n" N "x" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "2046 5.1: LF in a head", SLICE_INIT(B "\r\n" CD "name=a\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "2046 5.1: LF ends a head", SLICE_INIT(B "\r\n" CD "name=a\r\n\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "2046 5.1: LF for a head", SLICE_INIT(B "\r\n\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "2046 5.1: CR in a head", SLICE_INIT(B "\r\n" CD "name=a\rb\r\n\r\nx" END), SLICE_INIT(""), -1, ERR_INPUT },
	{ "limits: a long head", SLICE_INIT(B "\r\nX: " X50 X50 X50 X50 "\r\n" N "x" END), SLICE_INIT(""), -1, ERR_LIMIT },
	{ "limits: a head of many lines", SLICE_INIT(B "\r\nX: " X50 "\r\nX: " X50 "\r\nX: " X50 "\r\nX: " X50 "\r\n" N "x" END), SLICE_INIT(""), -1, ERR_LIMIT },
	{ "limits: three parts", SLICE_INIT(B "\r\n" N "x\r\n" B "\r\n" N "x\r\n" B "\r\n" N "x" END), SLICE_INIT("a,-,(x)a,-,(x)a,-,(x)"), PARSE_DONE, ERR_NONE },
	{ "limits: four parts", SLICE_INIT(B "\r\n" N "x\r\n" B "\r\n" N "x\r\n" B "\r\n" N "x\r\n" B "\r\n" N "x" END), SLICE_INIT("a,-,(x)a,-,(x)a,-,(x)"), -1, ERR_LIMIT },
	/* clang-format on */
};

static void add(struct buf *b, struct slice s)
{
	struct err e = { 0 };

	assert_int_equal(buf_add(b, s, &e), 0);
}

/* Shows an item, and checks that its offset is where the data stands in the body. */
static void show(const struct row *row, const struct multipart_item *item,
		 uint64_t *data_end, struct buf *b)
{
	switch (item->event) {
	case MULTIPART_PART:
		add(b, item->name);
		add(b, SLICE(","));
		add(b, item->filename.p == NULL ? SLICE("-") : item->filename);
		add(b, SLICE(","));
		add(b, item->content_type);
		add(b, SLICE("("));
		*data_end = UINT64_MAX;
		break;
	case MULTIPART_DATA:
		assert_true(item->data.n > 0 && item->offset + item->data.n <= row->in.n);
		assert_memory_equal(row->in.p + item->offset, item->data.p, item->data.n);
		assert_true(*data_end == UINT64_MAX || *data_end == item->offset);
		*data_end = item->offset + item->data.n;
		add(b, item->data);
		break;
	default:
		assert_true(item->offset >= 4 && item->offset < row->in.n);
		assert_true(*data_end == UINT64_MAX || *data_end == item->offset);
		add(b, SLICE(")"));
	}
}

static int feed(struct multipart *m, const struct row *row, struct slice part,
		uint64_t *data_end, struct buf *shown, struct err *e)
{
	char *copy = malloc(part.n + (part.n == 0));
	struct slice in = { copy, part.n };
	bool got = true;
	int r = PARSE_MORE;

	assert_non_null(copy);
	memcpy(copy, part.p, part.n);
	while (r == PARSE_MORE && (got || in.n > 0)) {
		struct multipart_item item;

		r = multipart_feed(m, &in, &item, &got, e);
		if (r == PARSE_MORE && got)
			show(row, &item, data_end, shown);
	}
	assert_true(r < 0 || in.n == 0);
	free(copy);
	return r;
}

static void row_check(const struct row *row, size_t first, size_t step)
{
	struct multipart *m;
	struct slice rest = row->in;
	uint64_t data_end = UINT64_MAX;
	struct err e = { 0 };
	struct buf shown;
	int r;

	buf_init(&shown, 4096);
	assert_int_equal(multipart_open(SLICE("multipart/form-data; boundary=bnd"),
					&limits, &m, &e),
			 0);
	r = feed(m, row, slice_take(&rest, first), &data_end, &shown, &e);
	while (r >= 0 && rest.n > 0)
		r = feed(m, row, slice_take(&rest, step), &data_end, &shown, &e);
	if (r != row->want || e.kind != row->kind ||
	    !slice_eq(buf_slice(&shown), row->shown))
		fail_msg("%s, %zu then %zu: %d '%.*s' %s", row->name, first, step, r,
			 (int)shown.n, shown.p == NULL ? "" : shown.p, e.text);
	multipart_close(&m);
	assert_null(m);
	buf_release(&shown);
}

static void same_result_for_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t first = 0; first <= rows[i].in.n; first++)
			row_check(&rows[i], first, rows[i].in.n + 1);
		for (size_t step = 1; step < 12; step++)
			row_check(&rows[i], step, step);
	}
}

static const struct type_row {
	struct slice in;
	bool want;
} type_rows[] = {
	{ SLICE_INIT("multipart/form-data; boundary=bnd"), true },
	{ SLICE_INIT("Multipart/Form-Data;BOUNDARY=\"bnd\""), true },
	{ SLICE_INIT("multipart/form-data; charset=utf-8; boundary=a"), true },
	{ SLICE_INIT("multipart/form-data; boundary=\"a b'()+_,-./:=?c\""), true },
	{ SLICE_INIT("multipart/form-data; boundary=" X50 "01234567890123456789"), true },
	{ SLICE_INIT("multipart/form-data; boundary=" X50 "012345678901234567890"),
	  false },
	{ SLICE_INIT("multipart/form-data"), false },
	{ SLICE_INIT("multipart/form-data; boundary="), false },
	{ SLICE_INIT("multipart/form-data; boundary=\"\""), false },
	{ SLICE_INIT("multipart/form-data; boundary=\"a \""), false },
	{ SLICE_INIT("multipart/form-data; boundary=\"a\\\"b\""), false },
	{ SLICE_INIT("multipart/form-data; boundary=\"a\xc3\xa9\""), false },
	{ SLICE_INIT("multipart/form-data; boundary=a; boundary=b"), false },
	{ SLICE_INIT("multipart/form-data; boundary=\"\"; boundary=b"), false },
	{ SLICE_INIT("multipart/form-data; boundary=a b"), false },
	{ SLICE_INIT("multipart/form-data boundary=a"), false },
	{ SLICE_INIT("multipart/mixed; boundary=a"), false },
	{ SLICE_INIT("multipart/form-dat; boundary=a"), false },
	{ SLICE_INIT("application/json"), false },
	{ SLICE_INIT(""), false },
};

static void content_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(type_rows) / sizeof(type_rows[0]); i++) {
		struct multipart *m;
		struct err e = { 0 };
		int r = multipart_open(type_rows[i].in, &limits, &m, &e);

		if ((r == 0) != type_rows[i].want || (m != NULL) != type_rows[i].want ||
		    (r < 0 && e.kind != ERR_INPUT))
			fail_msg("%s: %d %s", type_rows[i].in.p, r, e.text);
		multipart_close(&m);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_result_for_every_split),
		cmocka_unit_test(content_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
