/* The fields of small bodies: the same from JSON and from a form. */
#include "server/params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

static const struct row {
	const char *name, *type;
	struct slice in;
	unsigned status;   /* 0: read */
	struct slice want; /* of the field "a"; p NULL absent */
} rows[] = {
	{ "json string", JSON, SLICE_INIT("{\"a\":\"x\"}"), 0, SLICE_INIT("x") },
	{ "json with a charset", JSON "; charset=utf-8", SLICE_INIT("{\"a\":\"x\"}"), 0,
	  SLICE_INIT("x") },
	{ "json escapes", JSON, SLICE_INIT("{\"a\":\"\\u00f1\"}"), 0,
	  SLICE_INIT("\xc3\xb1") },
	{ "json number", JSON, SLICE_INIT("{\"b\":1,\"a\":17}"), 0, SLICE_INIT("17") },
	{ "json true", JSON, SLICE_INIT("{\"a\":true}"), 0, SLICE_INIT("true") },
	{ "json null is absent", JSON, SLICE_INIT("{\"a\":null}"), 0, { NULL, 0 } },
	{ "json array as it is", JSON, SLICE_INIT("{\"a\":[1, [2]],\"b\":3}"), 0,
	  SLICE_INIT("[1, [2]]") },
	{ "json object as it is", JSON, SLICE_INIT("{\"a\":{\"c\":\"}\"}}"), 0,
	  SLICE_INIT("{\"c\":\"}\"}") },
	{ "json empty object", JSON, SLICE_INIT("{}"), 0, { NULL, 0 } },
	{ "json that is no object", JSON, SLICE_INIT("[1]"), 400, { NULL, 0 } },
	{ "json cut", JSON, SLICE_INIT("{\"a\":\"x\""), 400, { NULL, 0 } },
	{ "json with more behind", JSON, SLICE_INIT("{\"a\":1} 2"), 400, { NULL, 0 } },
	{ "json field twice", JSON, SLICE_INIT("{\"a\":1,\"a\":2}"), 400, { NULL, 0 } },
	{ "form", FORM, SLICE_INIT("b=1&a=x+y%21"), 0, SLICE_INIT("x y!") },
	{ "form field empty", FORM, SLICE_INIT("a="), 0, SLICE_INIT("") },
	{ "form field twice", FORM, SLICE_INIT("a=1&a=2"), 400, { NULL, 0 } },
	{ "form bad escape", FORM, SLICE_INIT("a=%zz"), 400, { NULL, 0 } },
	{ "text", "text/plain", SLICE_INIT("a=1"), 415, { NULL, 0 } },
	{ "no body", "text/plain", SLICE_INIT(""), 0, { NULL, 0 } },
};

static void reads_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct request req;
		struct response res;
		struct params p;
		struct arena a;
		struct err e = { 0 };
		struct slice got;
		int r;

		arena_init(&a, 65536);
		req = (struct request){ .arena = &a };
		req.head.n_fields = 1;
		req.head.field[0] = (struct http_field){ SLICE_INIT("content-type"),
							 slice_str(rows[i].type) };
		req.body.fd = -1;
		req.body.size = rows[i].in.n;
		buf_init(&req.body.mem, 65536);
		assert_int_equal(buf_add(&req.body.mem, rows[i].in, &e), 0);
		response_init(&res, &a);
		r = params_read(&req, &p, &res);
		got = r < 0 ? (struct slice){ NULL, 0 } : params_get(&p, SLICE("a"));
		if (res.status != rows[i].status || (r < 0) != (rows[i].status != 0))
			fail_msg("%s: status %u", rows[i].name, res.status);
		if ((got.p == NULL) != (rows[i].want.p == NULL) ||
		    !slice_eq(got, rows[i].want))
			fail_msg("%s: \"%.*s\"", rows[i].name, (int)got.n, got.p);
		buf_release(&req.body.mem);
		arena_release(&a);
	}
}

/* An object among others: what is wrong with its fields leaves the reader behind it. */
static void reads_an_object_inside(void **state)
{
	const struct slice in = SLICE_INIT("[{\"a\":1,\"b\":[2],\"a\":3},4]");
	struct params p = { .n = 0 };
	struct err e = { 0 };
	struct json_token t;
	struct arena a;
	struct json j;

	(void)state;
	arena_init(&a, 65536);
	json_init(&j, in, &a);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_int_equal(params_object(&j, &p, &e), 0);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.fault.kind, ERR_INPUT);
	assert_string_equal(p.fault.text, "field \"a\" is given twice");
	assert_int_equal(params_flat(&p, SLICE("b"), &e), 0);
	assert_int_equal(params_flat(&p, SLICE(""), &e), -1);
	assert_int_equal(json_next(&j, &t, &e), 0);
	assert_true(t.kind == JSON_NUMBER && slice_eq(t.text, SLICE("4")));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads_fields),
					    cmocka_unit_test(reads_an_object_inside) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
