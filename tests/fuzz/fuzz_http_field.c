/*
 * Values of single fields: parameters, Accept, Accept-Encoding, dates, entity tags and
 * hosts.
 */
#include "parse/buf.h"
#include "parse/etag.h"
#include "parse/http_accept.h"
#include "parse/http_date.h"
#include "parse/http_host.h"
#include "parse/http_param.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

/* A date that is read is written as it is understood. */
static void date_check(struct slice in)
{
	char text[HTTP_DATE_SIZE];
	int64_t t, again;

	if (!http_date_parse(in, 1760000000, &t))
		return;
	http_date_write(t, text);
	if (t <= INT64_C(253402300799))
		check(http_date_parse(slice_str(text), 0, &again) && again == t);
}

static bool gzip(struct slice in, struct slice next)
{
	struct http_head h = { .n_fields = 2 };

	h.field[0] = (struct http_field){ SLICE("Accept-Encoding"), in };
	h.field[1] = (struct http_field){ SLICE("Accept-Encoding"), next };
	return http_accept_gzip(&h);
}

/* Who says no to gzip last or first does not get it, unless he also says yes. */
static void coding_check(struct slice in)
{
	const struct slice none = SLICE("");

	check(gzip(in, none) == gzip(none, in));
	check(!gzip(in, SLICE("gzip;q=0")) || gzip(in, none));
	check(gzip(in, SLICE("gzip")));
}

/* An element that says nothing changes nothing. */
static void list_check(struct slice in)
{
	struct err e = { 0 };
	struct buf longer;

	buf_init(&longer, in.n + 16);
	if (buf_add(&longer, SLICE(" , ,"), &e) < 0 || buf_add(&longer, in, &e) < 0)
		abort();
	check(http_accept_html(in) == http_accept_html(buf_slice(&longer)));
	check(etag_matches(in, SLICE("\"a\"")) == etag_matches(in, SLICE("W/\"a\"")));
	if (etag_matches(in, SLICE("\"a\"")) && !slice_eq(slice_trim(in), SLICE("*")))
		check(etag_matches(buf_slice(&longer), SLICE("\"a\"")));
	buf_release(&longer);
}

static void params_check(struct slice rest)
{
	struct slice name, value;
	struct err e = { 0 };
	size_t before = rest.n + 1;

	while (http_param_next(&rest, &name, &value, &e) == PARSE_MORE) {
		check(name.n > 0 && rest.n < before);
		before = rest.n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };

	date_check(in);
	list_check(in);
	coding_check(in);
	params_check(in);
	if (http_host_valid(in))
		check(slice_find(in, '@') == NULL && slice_find(in, '/') == NULL);
	return 0;
}
