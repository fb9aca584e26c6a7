/*
 * Accept and Accept-Encoding, for the choices that this server offers. Ignorant of other
 * media types and codings.
 */
#include "parse/http_accept.h"

#include "parse/http_byte.h"
#include "parse/http_param.h"

/* The quality of one media type so far, and how specific the range that set it was. */
struct quality {
	struct slice type, range; /* text/html, text/ */
	int specific;             /* 0 nothing, 1 any type, 2 any subtype, 3 the type */
	int thousandths;
};

/* qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) (RFC 9110 section
 * 12.4.2), in thousandths, or -1 */
static int qvalue(struct slice s)
{
	int value, unit = 100;

	if (s.n == 0 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1') ||
	    (s.n > 1 && s.p[1] != '.'))
		return -1;
	value = (s.p[0] - '0') * 1000;
	for (size_t i = 2; i < s.n; i++, unit /= 10) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		value += (s.p[i] - '0') * unit;
	}
	return value <= 1000 ? value : -1;
}

/* weight = OWS ";" OWS "q=" qvalue, among the parameters; -1 when malformed */
static int weight_read(struct slice params)
{
	struct slice name, value;
	struct err e = { 0 };
	int weight = 1000, r;

	while ((r = http_param_next(&params, &name, &value, &e)) == PARSE_MORE)
		if (slice_eq_nocase(name, SLICE("q")))
			weight = qvalue(value);
	return r < 0 ? -1 : weight;
}

static void quality_consider(struct quality *q, struct slice range, int weight)
{
	int specific = 0;

	if (slice_eq(range, SLICE("*/*")))
		specific = 1;
	else if (range.n == q->range.n + 1 && range.p[range.n - 1] == '*' &&
		 slice_eq_nocase((struct slice){ range.p, range.n - 1 }, q->range))
		specific = 2;
	else if (slice_eq_nocase(range, q->type))
		specific = 3;
	if (specific == 0 || specific < q->specific)
		return;
	if (specific > q->specific || weight > q->thousandths)
		q->thousandths = weight;
	q->specific = specific;
}

/* The next element of a list, commas inside quoted strings passed over. */
static struct slice element_take(struct slice *list)
{
	bool quoted = false;
	struct slice s;
	size_t n = 0;

	for (; n < list->n && (quoted || list->p[n] != ','); n++) {
		if (list->p[n] == '"')
			quoted = !quoted;
		else if (quoted && list->p[n] == '\\' && n + 1 < list->n)
			n++;
	}
	s = slice_take(list, n);
	(void)slice_take(list, 1);
	return slice_trim(s);
}

/* Accept = #( media-range [ weight ] ): the quality of a page less that of JSON. */
static int preference(struct slice accept)
{
	struct quality html = { .type = SLICE("text/html"), .range = SLICE("text/") };
	struct quality json = { .type = SLICE("application/json"),
				.range = SLICE("application/") };

	while (accept.n > 0) {
		struct slice element = element_take(&accept), range;
		size_t n = 0;
		int weight;

		while (n < element.n &&
		       (http_byte_is(element.p[n], HTTP_TCHAR) || element.p[n] == '/'))
			n++;
		range = slice_take(&element, n);
		weight = weight_read(element);
		if (weight < 0)
			continue;
		quality_consider(&html, range, weight);
		quality_consider(&json, range, weight);
	}
	return html.thousandths - json.thousandths;
}

bool http_accept_html(struct slice accept)
{
	return preference(accept) > 0;
}

bool http_accept_json(struct slice accept)
{
	return preference(accept) < 0;
}

/* Weights in thousandths; -1 for what was not named. */
struct codings {
	int gzip, identity, any;
};

static void weight_raise(int *to, int weight)
{
	if (weight > *to)
		*to = weight;
}

/* Accept-Encoding = #( codings [ weight ] ); codings = content-coding / "identity" / "*".
 * x-gzip is gzip (section 8.4.1.3). */
static void codings_read(struct slice list, struct codings *c)
{
	while (list.n > 0) {
		struct slice element = element_take(&list), coding;
		size_t n = 0;
		int weight;

		while (n < element.n && http_byte_is(element.p[n], HTTP_TCHAR))
			n++;
		coding = slice_take(&element, n);
		weight = weight_read(element);
		if (slice_eq_nocase(coding, SLICE("gzip")) ||
		    slice_eq_nocase(coding, SLICE("x-gzip")))
			weight_raise(&c->gzip, weight);
		else if (slice_eq_nocase(coding, SLICE("identity")))
			weight_raise(&c->identity, weight);
		else if (slice_eq(coding, SLICE("*")))
			weight_raise(&c->any, weight);
	}
}

bool http_accept_gzip(const struct http_head *h)
{
	struct codings c = { -1, -1, -1 };

	for (size_t i = 0; i < h->n_fields; i++)
		if (slice_eq_nocase(h->field[i].name, SLICE("Accept-Encoding")))
			codings_read(h->field[i].value, &c);
	if (c.gzip < 0)
		c.gzip = c.any;
	if (c.identity < 0)
		c.identity = c.any;
	return c.gzip > 0 && c.gzip >= c.identity;
}
