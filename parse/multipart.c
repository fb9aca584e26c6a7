/*
 * Form bodies in parts. The bytes of a part are looked at once, with memchr(), and
 * handed out where they lie. Ignorant of what the parts are for and where they go.
 */
#include "parse/multipart.h"

#include "parse/http_byte.h"
#include "parse/http_param.h"
#include "parse/utf8.h"

#include <stdlib.h>

enum {
	NEXT_PREAMBLE, /* anything before the first boundary */
	NEXT_TAIL,     /* behind a boundary: "--", or padding and CRLF */
	NEXT_PADDING,
	NEXT_TAIL_LF,
	NEXT_DASH,
	NEXT_HEAD, /* a part's head, to its empty line */
	NEXT_DATA,
	NEXT_NOTHING /* the epilogue */
};

enum { BOUNDARY_MAX = 70 }; /* RFC 2046 section 5.1.1 */

struct multipart {
	unsigned state;
	struct multipart_limits limits;
	uint32_t parts;
	uint32_t skipped;                 /* bytes of the preamble or of padding */
	uint64_t at;                      /* bytes taken from the input */
	char delimiter[4 + BOUNDARY_MAX]; /* CRLF "--" boundary */
	size_t n;                         /* its length */
	size_t matched;   /* how much of it the input taken so far ends with */
	size_t borrowed;  /* how much of `matched` belongs to what stands before the data
			   */
	struct buf head;  /* the current part's head so far */
	size_t head_line; /* where its current line begins */
};

/* boundary = 0*69<bchars> bcharsnospace; bchars = DIGIT / ALPHA / the marks below
 * (RFC 2046 section 5.1.1) */
static bool boundary_valid(struct slice s)
{
	static const struct slice marks = SLICE_INIT("'()+_,-./:=? ");

	for (size_t i = 0; i < s.n; i++) {
		char c = slice_lower(s.p[i]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') &&
		    slice_find(marks, c) == NULL)
			return false;
	}
	return s.n > 0 && s.n <= BOUNDARY_MAX && s.p[s.n - 1] != ' ';
}

static int boundary_read(struct slice content_type, struct slice *boundary_r,
			 struct err *e)
{
	size_t n = 0;
	struct slice name, value;
	bool found = false;
	int r;

	while (n < content_type.n && content_type.p[n] != ';' &&
	       content_type.p[n] != ' ' && content_type.p[n] != '\t')
		n++;
	if (!slice_eq_nocase(slice_take(&content_type, n), SLICE("multipart/form-data")))
		return err_set(e, ERR_INPUT, "not multipart/form-data");
	while ((r = http_param_next(&content_type, &name, &value, e)) == PARSE_MORE) {
		if (!slice_eq_nocase(name, SLICE("boundary")))
			continue;
		if (found)
			return err_set(e, ERR_INPUT, "more than one boundary");
		*boundary_r = value;
		found = true;
	}
	if (r < 0)
		return -1;
	if (!boundary_valid(*boundary_r))
		return err_set(e, ERR_INPUT, "no usable boundary");
	return 0;
}

int multipart_open(struct slice content_type, const struct multipart_limits *limits,
		   struct multipart **m_r, struct err *e)
{
	struct slice boundary = SLICE("");
	struct multipart *m;

	*m_r = NULL;
	if (boundary_read(content_type, &boundary, e) < 0)
		return err_prefix(e, "Content-Type");
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return err_set(e, ERR_MEMORY, "out of memory for a form");
	m->limits = *limits;
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, boundary.p, boundary.n);
	m->n = 4 + boundary.n;
	/* The first delimiter may stand at the very start, without its CRLF. */
	m->matched = m->borrowed = 2;
	buf_init(&m->head, limits->max_part_head);
	*m_r = m;
	return 0;
}

void multipart_close(struct multipart **m)
{
	if (*m == NULL)
		return;
	buf_release(&(*m)->head);
	free(*m);
	*m = NULL;
}

static struct slice take(struct multipart *m, struct slice *in, size_t n)
{
	struct slice s = slice_take(in, n);

	m->at += s.n;
	return s;
}

/* How many bytes of the delimiter from `from` on the input begins with. */
static size_t common(const struct multipart *m, size_t from, struct slice in)
{
	size_t most = m->n - from < in.n ? m->n - from : in.n, n = 0;

	while (n < most && in.p[n] == m->delimiter[from + n])
		n++;
	return n;
}

/* Where a delimiter, or the input's last bytes if they may begin one, stands in `in`,
 * or in.n. A boundary has no CR, so that no match can begin inside another. */
static size_t delimiter_find(const struct multipart *m, struct slice in)
{
	size_t at = 0;

	while (at < in.n) {
		const char *cr = memchr(in.p + at, '\r', in.n - at);
		size_t n;

		if (cr == NULL)
			return in.n;
		at = (size_t)(cr - in.p);
		n = common(m, 0, slice_from(in, at));
		if (n == m->n || n == in.n - at)
			return at;
		at += n;
	}
	return in.n;
}

/*
 * Takes bytes up to and with the next delimiter. True when it is complete; else *run_r
 * is what turned out to be data: a view into the input, or into the delimiter for
 * bytes held back earlier that were not one.
 */
static bool delimiter_take(struct multipart *m, struct slice *in, struct slice *run_r)
{
	*run_r = (struct slice){ in->p, 0 };
	if (m->matched > 0) {
		m->matched += take(m, in, common(m, m->matched, *in)).n;
		if (m->matched == m->n)
			return true;
		if (in->n == 0)
			return false;
		*run_r = (struct slice){ m->delimiter + m->borrowed,
					 m->matched - m->borrowed };
		m->matched = m->borrowed = 0;
		if (run_r->n > 0)
			return false;
	}
	*run_r = take(m, in, delimiter_find(m, *in));
	m->matched = take(m, in, common(m, 0, *in)).n;
	return run_r->n == 0 && m->matched == m->n;
}

/* Padding and preamble serve nothing: a part head's limit is enough for them. */
static int skip(struct multipart *m, size_t n, struct err *e)
{
	if (n > m->limits.max_part_head - m->skipped)
		return err_set(e, ERR_LIMIT, "too much between the parts of the form");
	m->skipped += (uint32_t)n;
	return 0;
}

/* close-delimiter = delimiter "--"; else transport-padding CRLF (RFC 2046 5.1.1) */
static int tail(struct multipart *m, char c, struct err *e)
{
	switch (m->state) {
	case NEXT_TAIL:
	case NEXT_PADDING:
		if (c == '-' && m->state == NEXT_TAIL)
			m->state = NEXT_DASH;
		else if (c == '\r')
			m->state = NEXT_TAIL_LF;
		else if (c == ' ' || c == '\t')
			m->state = NEXT_PADDING;
		else
			break;
		return m->state == NEXT_PADDING ? skip(m, 1, e) : 0;
	case NEXT_TAIL_LF:
		if (c != '\n')
			break;
		m->state = NEXT_HEAD;
		m->head.n = m->head_line = 0;
		return 0;
	default:
		if (c != '-')
			break;
		m->state = NEXT_NOTHING;
		return 0;
	}
	return err_set(e, ERR_INPUT, "byte 0x%02x behind a boundary", (unsigned char)c);
}

/* Browsers write a file's name as it is but for %22 (RFC 7578 section 4.2), others
 * escape quotes and backslashes; a backslash before anything else is a backslash. */
static struct slice unescape(struct multipart *m, struct slice raw)
{
	char *to = m->head.p + (raw.p - m->head.p);
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n &&
		    (raw.p[i + 1] == '"' || raw.p[i + 1] == '\\'))
			i++;
		to[n++] = raw.p[i];
	}
	return (struct slice){ to, n };
}

static int text_set(struct multipart *m, struct slice raw, struct slice *to,
		    struct err *e)
{
	if (to->p != NULL)
		return err_set(e, ERR_INPUT, "a parameter twice");
	if (!utf8_valid(raw))
		return err_set(e, ERR_INPUT, "a name is not UTF-8");
	*to = unescape(m, raw);
	return 0;
}

/* Content-Disposition: form-data; name="..."; filename="..." (RFC 7578 section 4.2).
 * filename*, which is forbidden there, only tells that the part is a file. */
static int disposition_read(struct multipart *m, struct slice s,
			    struct multipart_item *item, struct err *e)
{
	struct slice name, value, type;
	bool star = false;
	int r;

	if (item->name.p != NULL)
		return err_set(e, ERR_INPUT, "it stands twice");
	type = slice_take(&s, sizeof("form-data") - 1);
	if (!slice_eq_nocase(type, SLICE("form-data")))
		return err_set(e, ERR_INPUT, "not form-data");
	while ((r = http_param_next(&s, &name, &value, e)) == PARSE_MORE) {
		if (slice_eq_nocase(name, SLICE("name")))
			r = text_set(m, value, &item->name, e);
		else if (slice_eq_nocase(name, SLICE("filename")))
			r = text_set(m, value, &item->filename, e);
		else if (slice_eq_nocase(name, SLICE("filename*")))
			star = true;
		if (r < 0)
			break;
	}
	if (r < 0)
		return -1;
	if (item->name.p == NULL)
		return err_set(e, ERR_INPUT, "no name");
	if (star && item->filename.p == NULL)
		item->filename = SLICE("");
	return 0;
}

/* RFC 7578 section 4.7: only identity encodings make sense over HTTP. */
static int encoding_check(struct slice s, struct err *e)
{
	if (slice_eq_nocase(s, SLICE("binary")) || slice_eq_nocase(s, SLICE("8bit")) ||
	    slice_eq_nocase(s, SLICE("7bit")))
		return 0;
	return err_set(e, ERR_INPUT, "a transfer encoding in a form");
}

static int field_read(struct multipart *m, struct slice line, struct multipart_item *item,
		      struct err *e)
{
	struct slice name;

	for (size_t i = 0; i < line.n; i++)
		if (!http_byte_is(line.p[i], HTTP_VALUE))
			return err_set(e, ERR_INPUT, "byte 0x%02x in a part's head",
				       (unsigned char)line.p[i]);
	if (slice_find(line, ':') == NULL)
		return err_set(e, ERR_INPUT, "a line without a colon in a part's head");
	name = slice_split(&line, ':');
	line = slice_trim(line);
	if (!http_byte_token(name))
		return err_set(e, ERR_INPUT, "a bad field name in a part's head");
	if (slice_eq_nocase(name, SLICE("content-disposition")))
		return disposition_read(m, line, item, e) < 0
			       ? err_prefix(e, "a part's Content-Disposition")
			       : 0;
	if (slice_eq_nocase(name, SLICE("content-type")))
		item->content_type = line;
	if (slice_eq_nocase(name, SLICE("content-transfer-encoding")))
		return encoding_check(line, e);
	return 0;
}

static int head_parse(struct multipart *m, struct multipart_item *item, struct err *e)
{
	struct slice rest = buf_slice(&m->head);

	item->event = MULTIPART_PART;
	while (rest.n > 2) {
		struct slice line = slice_split(&rest, '\n');

		line.n--; /* the CR, which head_take() has seen */
		if (field_read(m, line, item, e) < 0)
			return -1;
	}
	if (item->name.p == NULL)
		return err_set(e, ERR_INPUT, "a part without a Content-Disposition");
	if (m->parts == m->limits.max_parts)
		return err_set(e, ERR_LIMIT, "more than %u parts", m->limits.max_parts);
	m->parts++;
	m->state = NEXT_DATA;
	/* A part without data may end at once: its empty line is the delimiter's CRLF. */
	m->matched = m->borrowed = 2;
	return 0;
}

/* Takes what there is of one line of a part's head; parses at the empty one. */
static int head_take(struct multipart *m, struct slice *in, struct multipart_item *item,
		     bool *got_r, struct err *e)
{
	const char *lf = slice_find(*in, '\n');
	struct slice s = take(m, in, lf == NULL ? in->n : (size_t)(lf - in->p) + 1);
	struct buf *head = &m->head;

	if (buf_add(head, s, e) < 0)
		return err_prefix(e, "a part's head");
	if (lf == NULL)
		return 0;
	if (head->n - m->head_line < 2 || head->p[head->n - 2] != '\r')
		return err_set(e, ERR_INPUT, "a bare line feed in a part's head");
	if (head->n - m->head_line > 2) {
		m->head_line = head->n;
		return 0;
	}
	*got_r = true;
	return head_parse(m, item, e);
}

/* Bytes of the preamble or of a part; *got_r when there is something to hand out. */
static int run_take(struct multipart *m, struct slice *in, struct multipart_item *item,
		    bool *got_r, struct err *e)
{
	bool data = m->state == NEXT_DATA;
	bool over = delimiter_take(m, in, &item->data);

	if (over)
		m->state = NEXT_TAIL;
	*got_r = data && (over || item->data.n > 0);
	item->event = over ? MULTIPART_PART_END : MULTIPART_DATA;
	item->offset =
		over ? m->at - m->n + m->borrowed : m->at - m->matched - item->data.n;
	return data ? 0 : skip(m, item->data.n, e);
}

int multipart_feed(struct multipart *m, struct slice *in, struct multipart_item *item,
		   bool *got_r, struct err *e)
{
	*got_r = false;
	/* A complete delimiter ends its part without waiting for more. */
	while ((in->n > 0 || (m->state == NEXT_DATA && m->matched == m->n)) && !*got_r &&
	       m->state != NEXT_NOTHING) {
		int r;

		*item = (struct multipart_item){ .event = MULTIPART_PART };
		if (m->state == NEXT_DATA || m->state == NEXT_PREAMBLE)
			r = run_take(m, in, item, got_r, e);
		else if (m->state == NEXT_HEAD)
			r = head_take(m, in, item, got_r, e);
		else
			r = tail(m, *take(m, in, 1).p, e);
		if (r < 0)
			return -1;
	}
	if (m->state == NEXT_NOTHING && !*got_r)
		(void)take(m, in, in->n);
	return m->state == NEXT_NOTHING && !*got_r ? PARSE_DONE : PARSE_MORE;
}
