/*
 * A strict reader of answers as they come from the server, which takes nothing on
 * trust: whatever RFC 9110 and 9112 do not allow, or this server promises and does not
 * keep, aborts. Written for the tests alone, so that no mistake of the writer is shared.
 */
#ifndef TESTS_FUZZ_ANSWER_H
#define TESTS_FUZZ_ANSWER_H

#include "parse/http_byte.h"
#include "tests/fuzz/digest.h"

#include <stdlib.h>

struct answer {
	unsigned status;
	bool close;       /* the connection ends with it */
	uint64_t looks;   /* digest of status, fields and body; not of what differs from
			     one second, or one request, to the next */
	uint64_t content; /* bytes that Content-Length announces */
};

/* What the fields of one answer say. */
struct answer_fields {
	unsigned dates, lengths, codings, connections, ids;
	bool changing; /* the body counts what was answered so far */
};

static inline void answer_check(bool right)
{
	if (!right)
		abort();
}

static inline uint64_t answer_number(struct slice digits)
{
	uint64_t n = 0;

	answer_check(digits.n > 0 && digits.n < 16);
	for (size_t i = 0; i < digits.n; i++) {
		answer_check(digits.p[i] >= '0' && digits.p[i] <= '9');
		n = n * 10 + (uint64_t)(digits.p[i] - '0');
	}
	return n;
}

/* Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110 section 5.6.7) */
static inline void answer_date(struct slice s)
{
	static const char form[] = "aaa, 00 aaa 0000 00:00:00 GMT";

	answer_check(s.n == sizeof(form) - 1);
	for (size_t i = 0; i < s.n; i++)
		if (form[i] == '0')
			answer_check(s.p[i] >= '0' && s.p[i] <= '9');
		else if (form[i] == 'a')
			answer_check((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z');
		else
			answer_check(s.p[i] == form[i]);
}

/* A line up to its CRLF; false when the end is not there yet. */
static inline bool answer_line(struct slice *in, struct slice *line_r)
{
	const char *lf = slice_find(*in, '\n');

	if (lf == NULL)
		return false;
	*line_r = slice_take(in, (size_t)(lf - in->p) + 1);
	answer_check(line_r->n >= 2 && line_r->p[line_r->n - 2] == '\r');
	line_r->n -= 2;
	return true;
}

static inline void answer_field(struct slice line, struct answer *a,
				struct answer_fields *f)
{
	struct slice name = slice_split(&line, ':'), value = line;

	answer_check(http_byte_token(name) && value.n > 1 && value.p[0] == ' ');
	(void)slice_take(&value, 1);
	for (size_t i = 0; i < value.n; i++)
		answer_check(http_byte_is(value.p[i], HTTP_VALUE));
	if (slice_eq_nocase(name, SLICE("Date"))) {
		f->dates++;
		answer_date(value);
		return;
	}
	if (slice_eq_nocase(name, SLICE("X-Request-Id"))) {
		f->ids++;
		return;
	}
	if (slice_eq_nocase(name, SLICE("Content-Length"))) {
		f->lengths++;
		a->content = answer_number(value);
		return;
	}
	if (slice_eq_nocase(name, SLICE("Transfer-Encoding"))) {
		f->codings++;
		answer_check(slice_eq(value, SLICE("chunked")));
	}
	if (slice_eq_nocase(name, SLICE("Connection"))) {
		f->connections++;
		a->close = slice_eq(value, SLICE("close"));
		answer_check(a->close || slice_eq(value, SLICE("keep-alive")));
	}
	if (slice_eq_nocase(name, SLICE("Content-Type")))
		f->changing = slice_starts(value, SLICE("text/plain; version="));
	a->looks = digest(digest(a->looks, name.p, name.n), value.p, value.n);
}

/* HTTP-version SP 3DIGIT SP reason (RFC 9112 section 4) */
static inline void answer_status(struct slice line, struct answer *a)
{
	answer_check(line.n > 13 && slice_starts(line, SLICE("HTTP/1.1 ")) &&
		     line.p[12] == ' ');
	a->status = (unsigned)answer_number((struct slice){ line.p + 9, 3 });
	answer_check(a->status >= 100 && a->status < 600);
	/* A status without a reason is one that nobody thought of. */
	answer_check(!slice_eq(slice_from(line, 13), SLICE("Unknown")));
	a->looks = digest(UINT64_C(14695981039346656037), line.p, line.n);
}

static inline bool answer_chunks(struct slice *in, struct answer *a, bool changing)
{
	struct slice line;
	uint64_t size;

	do {
		if (!answer_line(in, &line))
			return false;
		size = 0;
		answer_check(line.n > 0 && line.n < 9);
		for (size_t i = 0; i < line.n; i++) {
			static const char hex[] = "0123456789abcdef";
			const char *at = strchr(hex, slice_lower(line.p[i]));

			answer_check(at != NULL && *at != '\0');
			size = size * 16 + (uint64_t)(at - hex);
		}
		if (in->n < size + 2)
			return false;
		if (!changing)
			a->looks = digest(a->looks, in->p, size);
		(void)slice_take(in, size);
		answer_check(slice_starts(*in, SLICE("\r\n")));
		(void)slice_take(in, 2);
	} while (size > 0);
	return true;
}

static inline bool answer_body(struct slice *in, struct answer *a, bool changing)
{
	if (in->n < a->content)
		return false;
	if (!changing) {
		a->looks = digest(a->looks, &a->content, sizeof(a->content));
		a->looks = digest(a->looks, in->p, a->content);
	}
	(void)slice_take(in, a->content);
	return true;
}

/* One answer of any status; false when it is cut short. */
static inline bool answer_one(struct slice *in, bool head_only, struct answer *a)
{
	struct answer_fields f = { 0 };
	struct slice line;
	bool bare;

	*a = (struct answer){ 0 };
	if (!answer_line(in, &line))
		return false;
	answer_status(line, a);
	for (;;) {
		if (!answer_line(in, &line))
			return false;
		if (line.n == 0)
			break;
		answer_field(line, a, &f);
	}
	if (a->status < 200) {
		answer_check(f.lengths == 0 && f.codings == 0);
		return true;
	}
	/* RFC 9110 section 8.6, RFC 9112 section 6.1 */
	bare = a->status == 204 || a->status == 304;
	answer_check(f.dates == 1 && f.connections == 1 && f.ids == 1);
	answer_check(f.lengths + f.codings == (bare ? 0 : 1));
	if (bare || head_only)
		return true;
	return f.codings != 0 ? answer_chunks(in, a, f.changing)
			      : answer_body(in, a, f.changing);
}

/* The next final answer from the front of *in; those of status 1xx before it are
 * skipped. False when it is not there as a whole. */
static inline bool answer_take(struct slice *in, bool head_only, struct answer *a)
{
	do
		if (!answer_one(in, head_only, a))
			return false;
	while (a->status < 200);
	return true;
}

#endif
