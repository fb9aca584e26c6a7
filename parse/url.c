/*
 * Request targets and pairs, decoded exactly once. Ignorant of routes: a path that is
 * right here may still name nothing.
 */
#include "parse/url.h"

#include "parse/http_byte.h"
#include "parse/utf8.h"

/* pct-encoded = "%" HEXDIG HEXDIG (RFC 3986 section 2.1), s beginning at the '%' */
static int escape_value(struct slice s)
{
	int high = s.n < 3 ? -1 : http_byte_hex(s.p[1]);
	int low = s.n < 3 ? -1 : http_byte_hex(s.p[2]);

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* A byte that an escape may not hide in a path: what ends C strings or log lines, and
 * what the file system or another decoder takes for a separator. */
static bool hides_something(int c)
{
	return c < 0x20 || c == 0x7f || c == '/' || c == '\\';
}

/* path = *( "/" segment ), segment = *pchar (RFC 3986 section 3.3) */
static int path_decode(struct slice raw, char *to, size_t *n_r, struct err *e)
{
	*n_r = 0;
	for (size_t i = 0; i < raw.n; i++) {
		int c = (unsigned char)raw.p[i];

		if (c == '%') {
			c = escape_value(slice_from(raw, i));
			if (c < 0)
				return err_set(e, ERR_INPUT,
					       "a bad percent-escape in the path");
			if (hides_something(c))
				return err_set(e, ERR_INPUT,
					       "the path has the escape %%%02X",
					       (unsigned)c);
			i += 2;
		} else if (!http_byte_is(raw.p[i], HTTP_PATH)) {
			return err_set(e, ERR_INPUT, "byte 0x%02x in the path",
				       (unsigned)c);
		}
		to[(*n_r)++] = (char)c;
	}
	return 0;
}

/* "." and ".." (RFC 3986 section 5.2.4) are refused rather than removed: nobody who
 * means well sends them. */
static bool has_dot_segment(struct slice path)
{
	while (path.n > 0) {
		struct slice segment = slice_split(&path, '/');

		if (slice_eq(segment, SLICE(".")) || slice_eq(segment, SLICE("..")))
			return true;
	}
	return false;
}

static int path_parse(struct slice raw, struct arena *a, struct slice *path_r,
		      struct err *e)
{
	char *to = arena_alloc(a, raw.n + 1);
	size_t n;

	if (to == NULL)
		return err_set(e, ERR_LIMIT, "the path is too long");
	if (path_decode(raw, to, &n, e) < 0)
		return -1;
	*path_r = (struct slice){ to, n };
	if (!utf8_valid(*path_r))
		return err_set(e, ERR_INPUT, "the path is not UTF-8");
	if (has_dot_segment(*path_r))
		return err_set(e, ERR_INPUT, "the path has a dot segment");
	return 0;
}

/* absolute-form: drops "http://" and the authority, so that a path or nothing is left */
static int origin_of(struct slice *target, struct err *e)
{
	static const struct slice scheme = SLICE_INIT("http://");

	if (target->n > 0 && target->p[0] == '/')
		return 0;
	if (!slice_eq_nocase(slice_take(target, scheme.n), scheme))
		return err_set(e, ERR_INPUT,
			       "the target is neither a path nor an http URL");
	while (target->n > 0 && target->p[0] != '/' && target->p[0] != '?')
		(void)slice_take(target, 1);
	return 0;
}

int url_parse(struct slice target, struct arena *a, struct url *u_r, struct err *e)
{
	struct slice path;

	*u_r = (struct url){ .path = SLICE("*") };
	if (slice_eq(target, SLICE("*")))
		return 0;
	if (origin_of(&target, e) < 0)
		return -1;
	path = slice_split(&target, '?');
	u_r->query = target;
	for (size_t i = 0; i < target.n; i++)
		if (!http_byte_is(target.p[i], HTTP_TARGET))
			return err_set(e, ERR_INPUT, "byte 0x%02x in the query",
				       (unsigned char)target.p[i]);
	/* RFC 9110 section 4.2.3: an empty path is "/". */
	return path_parse(path.n == 0 ? SLICE("/") : path, a, &u_r->path, e);
}

/* WHATWG URL section 5.1: '+' is a space, then percent-decoding; where the standard
 * lets a bad escape stand for itself, it is refused. */
static int pair_decode(struct slice raw, struct arena *a, struct slice *text_r,
		       struct err *e)
{
	char *to = arena_alloc(a, raw.n + 1);
	size_t n = 0;

	if (to == NULL)
		return err_set(e, ERR_LIMIT, "the form is too large");
	for (size_t i = 0; i < raw.n; i++) {
		int c = raw.p[i] == '+' ? ' ' : (unsigned char)raw.p[i];

		if (c == '%') {
			c = escape_value(slice_from(raw, i));
			if (c < 0)
				return err_set(e, ERR_INPUT,
					       "a bad percent-escape in a form or query");
			i += 2;
		}
		if (c == 0)
			return err_set(e, ERR_INPUT, "a NUL in a form or query");
		to[n++] = (char)c;
	}
	*text_r = (struct slice){ to, n };
	if (!utf8_valid(*text_r))
		return err_set(e, ERR_INPUT, "a form or query is not UTF-8");
	return 0;
}

int url_pair_next(struct slice *rest, struct arena *a, struct slice *name_r,
		  struct slice *value_r, struct err *e)
{
	while (rest->n > 0) {
		struct slice pair = slice_split(rest, '&');

		if (pair.n == 0)
			continue;
		if (pair_decode(slice_split(&pair, '='), a, name_r, e) < 0 ||
		    pair_decode(pair, a, value_r, e) < 0)
			return -1;
		return PARSE_MORE;
	}
	return PARSE_DONE;
}
