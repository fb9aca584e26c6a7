/*
 * Where a body ends. Two readers that disagree about it are how requests are
 * smuggled, so every doubt is a refusal. Ignorant of the body's bytes and of limits.
 */
#include "parse/http_framing.h"

#include "parse/http_byte.h"

/* The fields that matter here, gathered in one pass. */
struct seen {
	unsigned lengths; /* Content-Length lines */
	unsigned codings; /* Transfer-Encoding lines */
	struct slice length;
	unsigned coded; /* codings listed in all lines together */
	bool chunked;   /* among them */
	bool last;      /* the last of them is chunked */
	bool close, keep_alive;
	bool expect; /* something is expected */
	bool other;  /* ... that is not 100-continue */
};

static int refuse(struct http_framing *f, unsigned status, struct err *e, const char *why)
{
	f->http_status = status;
	return err_set(e, ERR_INPUT, "%s", why);
}

/* Transfer-Encoding = #transfer-coding (RFC 9112 section 6.1). Chunked has no parameters
 * (section 7.1) and stands once; an empty element is more doubt than it is worth. */
static int codings_read(struct slice list, struct seen *s, struct http_framing *f,
			struct err *e)
{
	s->codings++;
	for (bool more = true; more;) {
		struct slice coding;

		more = slice_find(list, ',') != NULL;
		coding = slice_trim(slice_split(&list, ','));
		s->last = slice_eq_nocase(coding, SLICE("chunked"));
		if (s->last && s->chunked)
			return refuse(f, 400, e, "chunked twice in Transfer-Encoding");
		if (!http_byte_token(slice_trim(slice_split(&coding, ';'))))
			return refuse(f, 400, e, "Transfer-Encoding is malformed");
		s->chunked = s->chunked || s->last;
		s->coded++;
	}
	return 0;
}

/* Connection = #connection-option (RFC 9110 section 7.6.1) */
static void connection_read(struct slice list, struct seen *s)
{
	while (list.n > 0) {
		struct slice option = slice_trim(slice_split(&list, ','));

		if (slice_eq_nocase(option, SLICE("close")))
			s->close = true;
		else if (slice_eq_nocase(option, SLICE("keep-alive")))
			s->keep_alive = true;
	}
}

/* Expect = #expectation; the only one defined is 100-continue (RFC 9110 section
 * 10.1.1), without case. */
static void expect_read(struct slice list, struct seen *s)
{
	while (list.n > 0) {
		struct slice what = slice_trim(slice_split(&list, ','));

		if (what.n == 0)
			continue;
		s->expect = true;
		if (!slice_eq_nocase(what, SLICE("100-continue")))
			s->other = true;
	}
}

static int fields_read(const struct http_head *h, struct seen *s, struct http_framing *f,
		       struct err *e)
{
	for (size_t i = 0; i < h->n_fields; i++) {
		const struct http_field *field = &h->field[i];

		switch (field->name.n) {
		case sizeof("Expect") - 1:
			if (slice_eq_nocase(field->name, SLICE("expect")))
				expect_read(field->value, s);
			break;
		case sizeof("Connection") - 1:
			if (slice_eq_nocase(field->name, SLICE("connection")))
				connection_read(field->value, s);
			break;
		case sizeof("Content-Length") - 1:
			if (!slice_eq_nocase(field->name, SLICE("content-length")))
				break;
			s->lengths++;
			s->length = field->value;
			break;
		case sizeof("Transfer-Encoding") - 1:
			if (slice_eq_nocase(field->name, SLICE("transfer-encoding")) &&
			    codings_read(field->value, s, f, e) < 0)
				return -1;
			break;
		default:
			break;
		}
	}
	return 0;
}

/* Content-Length = 1*DIGIT (RFC 9110 section 8.6), within a signed 64-bit offset */
static int length_read(struct slice s, struct http_framing *f, struct err *e)
{
	const uint64_t most = INT64_MAX;

	f->length = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

		if (digit > 9)
			return refuse(f, 400, e, "Content-Length is not one number");
		if (f->length > (most - digit) / 10)
			return refuse(f, 400, e, "Content-Length is too large a number");
		f->length = f->length * 10 + digit;
	}
	return s.n > 0 ? 0 : refuse(f, 400, e, "Content-Length is empty");
}

/* RFC 9112 section 6.3, for requests, with every "can" of the standard turned into a
 * refusal. */
static int body_decide(const struct http_head *h, const struct seen *s,
		       struct http_framing *f, struct err *e)
{
	if (s->codings > 0) {
		if (h->minor == 0)
			return refuse(f, 400, e, "Transfer-Encoding in HTTP/1.0");
		if (s->lengths > 0)
			return refuse(f, 400, e,
				      "both Content-Length and Transfer-Encoding");
		if (!s->last)
			return refuse(f, 400, e,
				      "chunked is not the last transfer coding");
		if (s->coded > 1)
			return refuse(f, 501, e, "a transfer coding other than chunked");
		f->body = HTTP_BODY_CHUNKED;
		return 0;
	}
	if (s->lengths == 0)
		return 0;
	if (s->lengths > 1)
		return refuse(f, 400, e, "more than one Content-Length");
	f->body = HTTP_BODY_LENGTH;
	return length_read(s->length, f, e);
}

int http_framing_decide(const struct http_head *h, struct http_framing *f, struct err *e)
{
	struct seen s = { 0 };

	*f = (struct http_framing){ .body = HTTP_BODY_NONE };
	if (fields_read(h, &s, f, e) < 0 || body_decide(h, &s, f, e) < 0)
		return -1;
	/* RFC 9112 section 9.3: the default of 1.1 is to go on, of 1.0 to close. */
	f->keep_alive = !s.close && (h->minor > 0 || s.keep_alive);
	/* HTTP/1.0 clients cannot expect anything (RFC 9110 section 10.1.1). */
	if (h->minor == 0)
		return 0;
	if (s.other)
		return refuse(f, 417, e, "an expectation other than 100-continue");
	f->expect_continue = s.expect && (f->body == HTTP_BODY_CHUNKED || f->length > 0);
	return 0;
}
