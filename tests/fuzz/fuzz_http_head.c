/*
 * A head gives one answer however it is split, and what it gives is clean. The first
 * byte of the input says how many bytes arrive at a time.
 */
#include "parse/http_byte.h"
#include "parse/http_framing.h"
#include "parse/http_head.h"
#include "parse/http_host.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	struct http_head_parser parser;
	struct http_head head;
	struct err e;
	size_t used;
	int r;
};

static void check(bool right)
{
	if (!right)
		abort();
}

static void view_move(struct slice *s, const char *from, const char *to)
{
	if (s->p != NULL)
		s->p = to + (s->p - from);
}

/* The views are into a copy that goes away; the same offsets hold in `to`. */
static void views_move(struct http_head *h, const char *from, const char *to)
{
	view_move(&h->method_text, from, to);
	view_move(&h->target, from, to);
	view_move(&h->host, from, to);
	for (size_t i = 0; i < h->n_fields; i++) {
		view_move(&h->field[i].name, from, to);
		view_move(&h->field[i].value, from, to);
	}
}

static void feed(struct outcome *o, struct slice all, size_t step)
{
	static const struct http_limits limits = { 300, 600, 12 };
	size_t n = 0;

	memset(&o->parser, 0, sizeof(o->parser));
	memset(&o->e, 0, sizeof(o->e));
	do {
		/* A copy that ends with its last byte, and moves each time. */
		char *copy;

		n = all.n - n < step ? all.n : n + step;
		copy = malloc(n + 1);
		check(copy != NULL);
		memcpy(copy + 1, all.p, n);
		o->r = http_head_feed(&o->parser, (struct slice){ copy + 1, n }, &limits,
				      &o->head, &o->used, &o->e);
		if (o->r == PARSE_DONE)
			views_move(&o->head, copy + 1, all.p);
		free(copy);
	} while (o->r == PARSE_MORE && n < all.n);
}

static bool same_view(struct slice a, struct slice b)
{
	return a.p == b.p && a.n == b.n;
}

static void compare(const struct outcome *a, const struct outcome *b)
{
	check(a->r == b->r);
	check(a->parser.http_status == b->parser.http_status);
	check(strcmp(a->e.text, b->e.text) == 0);
	if (a->r != PARSE_DONE)
		return;
	check(a->used == b->used && a->head.method == b->head.method);
	check(a->head.minor == b->head.minor && a->head.n_fields == b->head.n_fields);
	check(same_view(a->head.target, b->head.target));
	check(same_view(a->head.method_text, b->head.method_text));
	check(same_view(a->head.host, b->head.host));
	for (size_t i = 0; i < a->head.n_fields; i++) {
		check(same_view(a->head.field[i].name, b->head.field[i].name));
		check(same_view(a->head.field[i].value, b->head.field[i].value));
	}
}

static void inspect(const struct outcome *o, struct slice all)
{
	const struct http_head *h = &o->head;
	struct http_framing f;
	struct err e = { 0 };

	check(o->used >= 4 && o->used <= all.n);
	check(memcmp(all.p + o->used - 4, "\r\n\r\n", 4) == 0);
	check(http_byte_token(h->method_text) && h->target.n > 0 && h->minor <= 1);
	check(h->host.n > 0 ? http_host_valid(h->host) : h->minor == 0);
	for (size_t i = 0; i < h->n_fields; i++) {
		check(http_byte_token(h->field[i].name));
		for (size_t k = 0; k < h->field[i].value.n; k++)
			check(http_byte_is(h->field[i].value.p[k], HTTP_VALUE));
	}
	if (http_framing_decide(h, &f, &e) < 0) {
		check(f.http_status == 400 || f.http_status == 417 ||
		      f.http_status == 501);
		return;
	}
	check(f.body == HTTP_BODY_LENGTH || f.length == 0);
	if (f.body == HTTP_BODY_CHUNKED)
		check(http_head_field(h, SLICE("content-length")).p == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct outcome whole, pieces, bytes;
	struct slice all = { (const char *)data + 1, size - 1 };

	if (size < 2)
		return 0;
	feed(&whole, all, all.n);
	feed(&pieces, all, data[0] % 32u + 1);
	feed(&bytes, all, 1);
	compare(&whole, &pieces);
	compare(&whole, &bytes);
	if (whole.r == PARSE_DONE)
		inspect(&whole, all);
	return 0;
}
