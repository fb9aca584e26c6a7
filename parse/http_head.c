/*
 * Request heads. One scanner checks every byte against the grammar and fills the
 * result as it goes; a head that came in pieces is scanned once more when it is
 * complete, since the buffer may have moved. Ignorant of bodies, routes and sockets.
 */
#include "parse/http_head.h"

#include "parse/http_byte.h"
#include "parse/http_host.h"

enum {
	NEXT_LINE,
	NEXT_LINE_LF,
	NEXT_METHOD,
	NEXT_TARGET,
	NEXT_VERSION,
	NEXT_FIELD,
	NEXT_NAME,
	NEXT_VALUE,
	NEXT_VALUE_LF,
	NEXT_END_LF,
	NEXT_NOTHING
};

/* Longer methods are refused while they arrive (RFC 9112 section 3: 501). */
enum { MAX_METHOD = 32 };

static int refuse(struct http_head_parser *p, unsigned status, struct err *e,
		  const char *why)
{
	p->http_status = status;
	return err_set(e, status == 414 || status == 431 ? ERR_LIMIT : ERR_INPUT, "%s",
		       why);
}

static int refuse_byte(struct http_head_parser *p, struct slice in, struct err *e,
		       const char *where)
{
	p->http_status = 400;
	return err_set(e, ERR_INPUT, "byte 0x%02x at offset %zu %s",
		       (unsigned char)in.p[p->at], p->at, where);
}

/* Takes what was seen of the current element and the one byte behind it. */
static struct slice element(struct http_head_parser *p, struct slice in, unsigned next)
{
	struct slice s = { in.p + p->mark, p->at - p->mark };

	p->mark = ++p->at;
	p->state = next;
	return s;
}

/* method = token, case-sensitive (RFC 9110 section 9.1) */
static enum http_method method_of(struct slice s)
{
	static const struct slice names[HTTP_OTHER] = {
		[HTTP_GET] = SLICE_INIT("GET"),
		[HTTP_HEAD] = SLICE_INIT("HEAD"),
		[HTTP_POST] = SLICE_INIT("POST"),
		[HTTP_PUT] = SLICE_INIT("PUT"),
		[HTTP_DELETE] = SLICE_INIT("DELETE"),
		[HTTP_OPTIONS] = SLICE_INIT("OPTIONS"),
		[HTTP_PATCH] = SLICE_INIT("PATCH"),
	};
	unsigned i = 0;

	while (i < HTTP_OTHER && !slice_eq(s, names[i]))
		i++;
	return (enum http_method)i;
}

/* In front of the request line one CRLF is ignored (RFC 9112 section 2.2). */
static int line_begins(struct http_head_parser *p, struct slice in, struct err *e)
{
	if (p->state == NEXT_LINE && in.p[p->at] == '\r') {
		p->state = NEXT_LINE_LF;
		p->at++;
		return 0;
	}
	if (p->state == NEXT_LINE_LF && in.p[p->at++] != '\n') {
		p->at--;
		return refuse_byte(p, in, e, "after a CR: not a line feed");
	}
	p->mark = p->section = p->at;
	p->state = NEXT_METHOD;
	return 0;
}

/* request-line = method SP request-target SP HTTP-version (RFC 9112 section 3) */
static int method(struct http_head_parser *p, struct slice in, struct http_head *h,
		  struct err *e)
{
	while (p->at < in.n && http_byte_is(in.p[p->at], HTTP_TCHAR))
		p->at++;
	if (p->at - p->mark > MAX_METHOD)
		return refuse(p, 501, e, "an unknown method");
	if (p->at == in.n)
		return 0;
	if (in.p[p->at] != ' ' || p->at == p->mark)
		return refuse_byte(p, in, e, "in the method");
	h->method_text = element(p, in, NEXT_TARGET);
	h->method = p->method = method_of(h->method_text);
	if (slice_eq(h->method_text, SLICE("CONNECT")))
		return refuse(p, 501, e, "this server is no proxy: CONNECT");
	return 0;
}

/* The host and port of an absolute target; p is NULL for other forms. */
static struct slice authority_of(struct slice target)
{
	static const struct slice scheme = SLICE_INIT("http://");
	size_t n = 0;

	if (!slice_eq_nocase(
		    (struct slice){ target.p, target.n < scheme.n ? target.n : scheme.n },
		    scheme))
		return (struct slice){ NULL, 0 };
	(void)slice_take(&target, scheme.n);
	while (n < target.n && target.p[n] != '/' && target.p[n] != '?')
		n++;
	return (struct slice){ target.p, n };
}

/* request-target = origin-form / absolute-form / asterisk-form (RFC 9112 section
 * 3.2); authority-form belongs to CONNECT. */
static int target(struct http_head_parser *p, struct slice in, struct http_head *h,
		  struct err *e)
{
	bool options;

	while (p->at < in.n && http_byte_is(in.p[p->at], HTTP_TARGET))
		p->at++;
	if (p->at == in.n)
		return 0;
	if (in.p[p->at] != ' ' || p->at == p->mark)
		return refuse_byte(p, in, e, "in the request target");
	options = p->mark - p->section == 8 &&
		  memcmp(in.p + p->section, "OPTIONS ", 8) == 0;
	h->target = element(p, in, NEXT_VERSION);
	if (h->target.p[0] == '/')
		return 0;
	if (slice_eq(h->target, SLICE("*")))
		return options ? 0 : refuse(p, 400, e, "the target \"*\" is for OPTIONS");
	if (!http_host_valid(authority_of(h->target)))
		return refuse(p, 400, e,
			      "the request target is neither a path nor an http URL");
	return 0;
}

/* HTTP-version = HTTP-name "/" DIGIT "." DIGIT (RFC 9112 section 2.3), and CRLF */
static int version(struct http_head_parser *p, struct slice in, struct http_head *h,
		   struct err *e)
{
	static const struct slice form = SLICE_INIT("HTTP/0.0\r\n");

	for (; p->at < in.n && p->at - p->mark < form.n; p->at++) {
		char want = form.p[p->at - p->mark], c = in.p[p->at];

		if (want == '0' ? c < '0' || c > '9' : c != want)
			return refuse_byte(p, in, e, "in the HTTP version");
	}
	if (p->at - p->mark < form.n)
		return 0;
	if (in.p[p->mark + 5] != '1')
		return refuse(p, 505, e, "this server speaks HTTP/1.0 and HTTP/1.1");
	h->minor = in.p[p->mark + 7] == '0' ? 0 : 1;
	p->section = p->at;
	p->state = NEXT_FIELD;
	return 0;
}

/* *( field-line CRLF ) CRLF; a line that begins with white space would be obs-fold
 * (RFC 9112 section 5.2). */
static int field_begins(struct http_head_parser *p, struct slice in, uint32_t max_fields,
			struct err *e)
{
	if (in.p[p->at] == '\r') {
		p->state = NEXT_END_LF;
		p->at++;
		return 0;
	}
	if (in.p[p->at] == ' ' || in.p[p->at] == '\t')
		return refuse_byte(p, in, e, "begins a folded header line");
	if (p->fields >= max_fields || p->fields >= HTTP_MAX_FIELDS)
		return refuse(p, 431, e, "too many header fields");
	p->fields++;
	p->mark = p->at;
	p->state = NEXT_NAME;
	return 0;
}

/* field-line = field-name ":" OWS field-value OWS (RFC 9112 section 5); no white
 * space between name and colon (section 5.1) */
static int name(struct http_head_parser *p, struct slice in, struct http_head *h,
		struct err *e)
{
	while (p->at < in.n && http_byte_is(in.p[p->at], HTTP_TCHAR))
		p->at++;
	if (p->at == in.n)
		return 0;
	if (in.p[p->at] != ':' || p->at == p->mark)
		return refuse_byte(p, in, e, "in a header field's name");
	h->field[p->fields - 1].name = element(p, in, NEXT_VALUE);
	return 0;
}

/* Whether one of eight bytes is below 0x20 or is 0x7f: the usual carry trick. */
static bool has_control(uint64_t x)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t del = x ^ (ones * 0x7f);

	return ((((x - ones * 0x20) & ~x) | ((del - ones) & ~del)) & (ones * 0x80)) != 0;
}

/* field-value = *field-content, of VCHAR, obs-text, SP and HTAB (RFC 9110 section
 * 5.5); a bare CR, a bare LF and a NUL are faults (RFC 9112 section 2.2) */
static int value(struct http_head_parser *p, struct slice in, struct http_head *h,
		 struct err *e)
{
	uint64_t eight;

	while (in.n - p->at >= sizeof(eight)) {
		memcpy(&eight, in.p + p->at, sizeof(eight));
		if (has_control(eight))
			break;
		p->at += sizeof(eight);
	}
	while (p->at < in.n && http_byte_is(in.p[p->at], HTTP_VALUE))
		p->at++;
	if (p->at == in.n)
		return 0;
	if (in.p[p->at] != '\r')
		return refuse_byte(p, in, e, "in a header field's value");
	h->field[p->fields - 1].value = slice_trim(element(p, in, NEXT_VALUE_LF));
	return 0;
}

static int line_feed(struct http_head_parser *p, struct slice in, unsigned next,
		     struct err *e)
{
	if (in.p[p->at] != '\n')
		return refuse_byte(p, in, e, "after a CR: not a line feed");
	p->at++;
	p->state = next;
	return 0;
}

/* One element, or what is there of it; in is not empty behind p->at. */
static int step(struct http_head_parser *p, struct slice in,
		const struct http_limits *limits, struct http_head *h, struct err *e)
{
	switch (p->state) {
	case NEXT_LINE:
	case NEXT_LINE_LF:
		return line_begins(p, in, e);
	case NEXT_METHOD:
		return method(p, in, h, e);
	case NEXT_TARGET:
		return target(p, in, h, e);
	case NEXT_VERSION:
		return version(p, in, h, e);
	case NEXT_FIELD:
		return field_begins(p, in, limits->max_fields, e);
	case NEXT_NAME:
		return name(p, in, h, e);
	case NEXT_VALUE:
		return value(p, in, h, e);
	case NEXT_VALUE_LF:
		return line_feed(p, in, NEXT_FIELD, e);
	default:
		return line_feed(p, in, NEXT_NOTHING, e);
	}
}

/* Scans what is new. No step sees a byte beyond its section's limit, so that the limit
 * is met at the same byte whether or not more has come already. */
static int scan(struct http_head_parser *p, struct slice in,
		const struct http_limits *limits, struct http_head *h, struct err *e)
{
	while (p->state != NEXT_NOTHING) {
		bool fields = p->state >= NEXT_FIELD;
		size_t most = (size_t)(fields ? limits->max_head : limits->max_line) + 2;
		struct slice seen = in;

		if (p->at - p->section == most)
			return fields ? refuse(p, 431, e,
					       "the header fields are too long")
				      : refuse(p, 414, e, "the request line is too long");
		if (p->at == in.n)
			return PARSE_MORE;
		if (seen.n - p->section > most)
			seen.n = p->section + most;
		if (step(p, seen, limits, h, e) < 0)
			return -1;
	}
	h->n_fields = p->fields;
	return PARSE_DONE;
}

/* RFC 9112 section 3.2: 400 without Host in HTTP/1.1, and with two or an invalid one
 * in any version; an absolute target overrides it (section 3.2.2). */
static int host(struct http_head_parser *p, struct http_head *h, struct err *e)
{
	struct slice from_target = authority_of(h->target);
	unsigned found = 0;

	h->host = (struct slice){ NULL, 0 };
	for (size_t i = 0; i < h->n_fields; i++) {
		if (!slice_eq_nocase(h->field[i].name, SLICE("host")))
			continue;
		h->host = h->field[i].value;
		found++;
	}
	if (found > 1)
		return refuse(p, 400, e, "more than one Host field");
	if (h->minor > 0 && found == 0)
		return refuse(p, 400, e, "no Host field");
	if ((h->minor > 0 || h->host.n > 0) && !http_host_valid(h->host))
		return refuse(p, 400, e, "the Host field is not a host and a port");
	if (from_target.p != NULL)
		h->host = from_target;
	return PARSE_DONE;
}

int http_head_feed(struct http_head_parser *p, struct slice in,
		   const struct http_limits *limits, struct http_head *h, size_t *used_r,
		   struct err *e)
{
	bool resumed = p->at > 0;
	int r = scan(p, in, limits, h, e);

	if (r != PARSE_DONE)
		return r;
	*used_r = p->at;
	if (resumed) {
		*p = (struct http_head_parser){ 0 };
		if (scan(p, in, limits, h, e) < 0)
			return -1;
	}
	return host(p, h, e);
}

struct slice http_head_field(const struct http_head *h, struct slice name)
{
	for (size_t i = 0; i < h->n_fields; i++)
		if (slice_eq_nocase(h->field[i].name, name))
			return h->field[i].value;
	return (struct slice){ NULL, 0 };
}

bool http_head_lists(const struct http_head *h, struct slice name, struct slice token)
{
	for (size_t i = 0; i < h->n_fields; i++) {
		struct slice list = h->field[i].value;

		if (!slice_eq_nocase(h->field[i].name, name))
			continue;
		while (list.n > 0)
			if (slice_eq_nocase(slice_trim(slice_split(&list, ',')), token))
				return true;
	}
	return false;
}
