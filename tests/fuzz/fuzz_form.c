/*
 * The fields of a body are clean, each is there once, and a form that is escaped again
 * byte for byte has the same ones. The first byte of the input chooses form or JSON.
 */
#include "parse/utf8.h"
#include "server/params.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

/* As if it came in a request; 0 or -1, with *p or an answer that says why. */
static int read_body(struct slice body, const char *type, struct arena *a,
		     struct params *p)
{
	static struct request r;
	struct response res;
	int got;

	r = (struct request){ .arena = a };
	r.head.n_fields = 1;
	r.head.field[0] = (struct http_field){ SLICE("Content-Type"), slice_str(type) };
	r.body.fd = -1;
	/* Nothing is written to it. */
	r.body.mem = (struct buf){ (char *)(uintptr_t)body.p, body.n, body.n, body.n };
	r.body.size = body.n;
	response_init(&res, a);
	got = params_read(&r, p, &res);
	check(got == 0 || got == -1);
	check((got == 0) == (res.status == 0));
	check(got == 0 || (res.status == 400 || res.status == 413 || res.status == 415));
	check(got == 0 || res.body.n > 0);
	return got;
}

static bool clean(struct slice s)
{
	return utf8_valid(s) && slice_find(s, '\0') == NULL;
}

static void inspect(const struct params *p)
{
	check(p->n <= PARAMS_MAX);
	for (size_t i = 0; i < p->n; i++) {
		check(clean(p->item[i].name) && clean(p->item[i].value));
		for (size_t k = 0; k < i; k++)
			check(!slice_eq(p->item[i].name, p->item[k].name));
		check(slice_eq(params_get(p, p->item[i].name), p->item[i].value));
	}
}

static void escape(struct buf *to, struct slice s)
{
	struct err e = { 0 };

	for (size_t i = 0; i < s.n; i++)
		check(buf_printf(to, &e, "%%%02X", (unsigned char)s.p[i]) == 0);
}

static void escape_and_read(const struct params *p, struct arena *a)
{
	struct params again;
	struct err e = { 0 };
	struct buf form;

	buf_init(&form, 1 << 24);
	for (size_t i = 0; i < p->n; i++) {
		check(buf_byte(&form, '&', &e) == 0);
		escape(&form, p->item[i].name);
		check(buf_byte(&form, '=', &e) == 0);
		escape(&form, p->item[i].value);
	}
	check(read_body(buf_slice(&form), "application/x-www-form-urlencoded", a,
			&again) == 0);
	check(again.n == p->n);
	for (size_t i = 0; i < p->n; i++)
		check(slice_eq(again.item[i].name, p->item[i].name) &&
		      slice_eq(again.item[i].value, p->item[i].value));
	buf_release(&form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const type[] = { "application/x-www-form-urlencoded",
					    "application/json; charset=utf-8",
					    "APPLICATION/X-WWW-FORM-URLENCODED;a=b",
					    "text/plain" };
	struct params p;
	struct arena a;
	unsigned kind;

	if (size < 2)
		return 0;
	kind = data[0] & 3u;
	arena_init(&a, 1 << 24);
	if (read_body((struct slice){ (const char *)data + 1, size - 1 }, type[kind], &a,
		      &p) == 0) {
		inspect(&p);
		if (kind != 1)
			escape_and_read(&p, &a);
	}
	arena_release(&a);
	return 0;
}
