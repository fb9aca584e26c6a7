/*
 * The pull tokenizer: text, and which of tags, text and other markup comes next.
 * Ignorant of what elements mean and of where the bytes come from (xml_window.c).
 */
#include "parse/xml_token.h"

#include "parse/utf8.h"
#include "parse/xml_misc.h"
#include "parse/xml_tag.h"

#include <assert.h>
#include <stdlib.h>

enum { WINDOW = 128 * 1024, LEAST_WINDOW = 64 };

static enum xml_step markup(struct xml *x, struct xml_token *t, struct err *e)
{
	switch (x->w.buf[x->pos + 1]) {
	case '/':
		return xml_end_tag(x, t, e);
	case '!':
		return xml_exclamation(x, e);
	case '?':
		return xml_instruction(x, e);
	default:
		return xml_start_tag(x, t, e);
	}
}

/* 2.11: CR LF, and CR alone, are LF. Done in place; returns the new end. */
static char *join_line_ends(char *from, const char *end)
{
	char *to = from;

	for (const char *p = from; p < end; p++) {
		bool cr = *p == '\r';

		*to++ = cr ? '\n' : *p;
		p += cr && p + 1 < end && p[1] == '\n';
	}
	return to;
}

static enum xml_step text_token(struct xml *x, struct xml_token *t, char *from,
				const char *end, bool cr)
{
	x->pos = (size_t)(end - x->w.buf);
	t->kind = XML_TEXT;
	t->text = between(from, cr ? join_line_ends(from, end) : end);
	return STEP_TOKEN;
}

/* Whitespace before and behind the root element: Misc of [27]. */
static enum xml_step outside(struct xml *x, struct err *e)
{
	const char *from = x->w.buf + x->pos, *p = skip_space(from);

	x->pos += (size_t)(p - from);
	if (p == from)
		return xml_unexpected(x, p, "text outside of the root element", e);
	return STEP_AGAIN;
}

/* The window ends in or right behind text. What is whole of it, up to `end`, becomes a
 * token only when there is no room to read on. */
static enum xml_step cut_text(struct xml *x, struct xml_token *t, char *from,
			      const char *end, bool cr)
{
	if (end == from || !xml_window_full(&x->w, x->pos))
		return STEP_SHORT;
	return text_token(x, t, from, end, cr);
}

/* [14] CharData ::= [^<&]* - ([^<&]* ']]>' [^<&]*), with references in between */
static enum xml_step text(struct xml *x, struct xml_token *t, struct err *e)
{
	char *from = x->w.buf + x->pos;
	const char *p = from, *limit = limit_of(x);
	bool cr = false;
	uint32_t code;

	t->raw = false;
	for (;; p++) {
		int n;

		while ((class_of(p) & XML_STOP) == 0)
			p++;
		switch (*p) {
		case '<':
			return text_token(x, t, from, p, cr);
		case '&':
			n = xml_reference(between(p, limit), &code);
			if (n < 0)
				return xml_bad(x, p, "unknown entity", e);
			if (n == 0)
				return cut_text(x, t, from, p, cr);
			t->raw = true;
			p += n - 1;
			break;
		case ']':
			if (limit - p < 3)
				return cut_text(x, t, from, p, cr);
			if (p[1] == ']' && p[2] == '>')
				return xml_bad(x, p, "']]>' in text", e);
			break;
		case '\r':
			if (p + 1 == limit)
				return cut_text(x, t, from, p, cr);
			cr = true;
			break;
		default:
			return cut_text(x, t, from, p, cr);
		}
	}
}

/* [20] CData ::= (Char* - (Char* ']]>' Char*)), [21] CDEnd ::= ']]>' */
static enum xml_step cdata(struct xml *x, struct xml_token *t)
{
	char *from = x->w.buf + x->pos;
	const char *limit = limit_of(x), *p = from;
	bool cr;

	t->raw = false;
	for (; (p = xml_find_pair(x, p, "]]")) != NULL && p[2] != '>'; p++)
		;
	if (p == NULL) {
		/* the last two bytes may begin the end, or a line end */
		if (limit - from < 3)
			return STEP_SHORT;
		limit -= 2;
		while (limit > from && limit[-1] == '\r')
			limit--;
		/* nor may a UTF-8 sequence be cut */
		while (limit > from && ((unsigned char)*limit & 0xc0) == 0x80)
			limit--;
		cr = memchr(from, '\r', (size_t)(limit - from)) != NULL;
		return cut_text(x, t, from, limit, cr);
	}
	x->cdata = false;
	if (p == from) {
		x->pos += 3;
		return STEP_AGAIN;
	}
	cr = memchr(from, '\r', (size_t)(p - from)) != NULL;
	(void)text_token(x, t, from, p, cr);
	x->pos += 3;
	return STEP_TOKEN;
}

/* Reads on when a step was short. AGAIN, TOKEN at the end of a whole document, FAIL. */
static enum xml_step read_on(struct xml *x, struct err *e)
{
	int rc;

	/* markup that is not over yet: only text may be longer, and comes in parts */
	if (x->w.buf[x->pos] == '<' && !x->cdata &&
	    xml_check_size(x, x->w.buf + x->pos, limit_of(x), e) == STEP_FAIL)
		return STEP_FAIL;
	if (xml_window_full(&x->w, x->pos) && xml_window_grow(&x->w, e) < 0)
		return STEP_FAIL;
	rc = xml_window_more(&x->w, x->pos, e);
	x->pos = rc < 0 ? x->pos : 0;
	if (rc != PARSE_DONE)
		return rc < 0 ? STEP_FAIL : STEP_AGAIN;
	if (x->state == EPILOG && x->w.n == 0)
		return STEP_TOKEN;
	return xml_bad(x, limit_of(x),
		       x->state == PROLOG ? "the document has no element"
					  : "the document is cut off",
		       e);
}

int xml_next(struct xml *x, struct xml_token *t, struct err *e)
{
	enum xml_step step;

	if (x->close_next) {
		t->kind = XML_END;
		t->name = x->name;
		t->prefix = x->prefix;
		x->close_next = false;
		xml_closed(x);
		return PARSE_MORE;
	}
	do {
		if (x->cdata)
			step = cdata(x, t);
		else if (x->w.buf[x->pos] == '<')
			step = markup(x, t, e);
		else if (x->state == CONTENT)
			step = text(x, t, e);
		else
			step = outside(x, e);
		if (step == STEP_SHORT) {
			step = read_on(x, e);
			if (step == STEP_TOKEN)
				return PARSE_DONE;
		}
	} while (step == STEP_AGAIN);
	return step == STEP_TOKEN ? PARSE_MORE : -1;
}

const char *xml_ahead(const struct xml *x)
{
	bool inside = x->state == CONTENT && !x->cdata && !x->close_next;

	return inside && x->depth > 0 ? x->w.buf + x->pos : NULL;
}

void xml_pass(struct xml *x, const char *behind)
{
	assert(behind >= x->w.buf + x->pos && behind <= limit_of(x));
	x->pos = (size_t)(behind - x->w.buf);
}

int xml_child(struct xml *x, struct xml_token *t, struct err *e)
{
	int got;

	while ((got = xml_next(x, t, e)) == PARSE_MORE)
		if (t->kind != XML_TEXT)
			return t->kind == XML_START ? PARSE_MORE : PARSE_DONE;
	return got;
}

int xml_skip(struct xml *x, struct err *e)
{
	size_t depth = x->depth;
	struct xml_token t;

	if (x->close_next)
		return xml_next(x, &t, e) < 0 ? -1 : 0;
	while (x->depth >= depth)
		if (xml_next(x, &t, e) < 0)
			return -1;
	return 0;
}

struct slice xml_attr_raw(const struct xml_token *t, struct slice name)
{
	for (size_t i = 0; i < t->n_attr; i++)
		if (slice_eq(t->attr[i].name, name))
			return t->attr[i].value;
	return (struct slice){ NULL, 0 };
}

int xml_unescape(struct slice s, char *to, size_t *n_r, struct err *e)
{
	size_t n = 0;

	while (s.n > 0) {
		const char *at = slice_find(s, '&');
		struct slice plain =
			slice_take(&s, at == NULL ? s.n : (size_t)(at - s.p));
		uint32_t code;
		int used;

		if (plain.n > 0)
			memmove(to + n, plain.p, plain.n);
		n += plain.n;
		if (at == NULL)
			break;
		used = xml_reference(s, &code);
		if (used <= 0)
			return err_set(e, ERR_INPUT, "unknown entity");
		(void)slice_take(&s, (size_t)used);
		n += utf8_put(code, to + n);
	}
	*n_r = n;
	return 0;
}

uint64_t xml_offset(const struct xml *x)
{
	return x->w.base + x->pos;
}

int xml_open(xml_read_fn *read, void *from, const struct xml_limits *limits,
	     struct xml **x_r, struct err *e)
{
	struct xml *x = calloc(1, sizeof(*x));
	size_t window = limits->window == 0 ? WINDOW : limits->window;

	*x_r = NULL;
	if (x == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	x->limits = *limits;
	x->open = calloc((size_t)limits->max_depth + 1, sizeof(x->open[0]));
	x->attr = calloc((size_t)limits->max_attrs + 1, sizeof(x->attr[0]));
	if (window < LEAST_WINDOW)
		window = LEAST_WINDOW;
	if (x->open == NULL || x->attr == NULL) {
		xml_close(&x);
		return err_set(e, ERR_MEMORY, "out of memory");
	}
	if (xml_window_open(&x->w, read, from, window, e) < 0) {
		xml_close(&x);
		return -1;
	}
	*x_r = x;
	return 0;
}

void xml_close(struct xml **x)
{
	if (*x == NULL)
		return;
	xml_window_release(&(*x)->w);
	free((*x)->open);
	free((*x)->names);
	free((*x)->attr);
	free(*x);
	*x = NULL;
}
