/*
 * The pull tokenizer: tags, text, and whether they are well formed. Ignorant of what
 * elements mean and of where the bytes come from (xml_window.c), which characters and
 * references there are (xml_char.c).
 *
 * Everything scans up to the NUL behind the window, which is in no class of characters.
 * Whoever meets it where something else should be has run out of bytes: the step is
 * given up as SHORT, more is read, and the token is scanned again from its start.
 */
#include "parse/xml_token.h"

#include "parse/utf8.h"
#include "parse/xml_char.h"
#include "parse/xml_window.h"

#include <stdlib.h>

enum {
	WINDOW = 128 * 1024,
	LEAST_WINDOW = 64,
	SHORT_NAME = 8 /* bytes of a name that are compared as one word */
};

enum step { STEP_FAIL = -1, STEP_TOKEN, STEP_AGAIN, STEP_SHORT };

/* An element that was not closed yet. */
struct open {
	char word[SHORT_NAME]; /* its name, or the start of it, then NULs */
	uint32_t n;            /* bytes of its name, prefix included */
	uint32_t prefix;       /* bytes of the prefix and its colon, 0 without one */
	size_t at;             /* where its name is in `names`, when longer than a word */
};

enum state { PROLOG, CONTENT, EPILOG };

struct xml {
	struct xml_window w;
	size_t pos; /* of the next token in the window */
	enum state state;
	bool cdata;                /* inside of a CDATA section */
	bool close_next;           /* the END of an empty element is due */
	struct slice name, prefix; /* of that element */
	struct xml_limits limits;
	struct open *open;
	size_t depth;
	char *names; /* names of open elements that are longer than a word */
	size_t n_names, names_size;
	struct xml_attr *attr;
};

static uint64_t load_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* The word with all but its first n bytes cleared, whatever the byte order. */
static uint64_t first_bytes(uint64_t word, size_t n)
{
	static const char ones[2 * SHORT_NAME] = "\xff\xff\xff\xff\xff\xff\xff\xff";

	return word & load_word(ones + SHORT_NAME - n);
}

static unsigned class_of(const char *p)
{
	return xml_class[(unsigned char)*p];
}

static const char *limit_of(const struct xml *x)
{
	return x->w.buf + x->w.n;
}

static struct slice between(const char *from, const char *to)
{
	return (struct slice){ from, (size_t)(to - from) };
}

static enum step bad(const struct xml *x, const char *at, const char *what, struct err *e)
{
	(void)err_set(e, ERR_INPUT, "XML byte %llu: %s",
		      (unsigned long long)(x->w.base + (uint64_t)(at - x->w.buf)), what);
	return STEP_FAIL;
}

/* Something else stands at `at` than there should be, or the window ends there. */
static enum step unexpected(const struct xml *x, const char *at, const char *what,
			    struct err *e)
{
	return at >= limit_of(x) ? STEP_SHORT : bad(x, at, what, e);
}

static enum step check_size(const struct xml *x, const char *from, const char *to,
			    struct err *e)
{
	if ((size_t)(to - from) <= x->limits.max_markup)
		return STEP_AGAIN;
	(void)err_set(e, ERR_LIMIT, "XML byte %llu: markup of more than %u bytes",
		      (unsigned long long)(x->w.base + (uint64_t)(from - x->w.buf)),
		      x->limits.max_markup);
	return STEP_FAIL;
}

static const char *skip_space(const char *p)
{
	while ((class_of(p) & XML_SPACE) != 0)
		p++;
	return p;
}

/*
 * Namespaces 1.0: [7] QName ::= PrefixedName | UnprefixedName
 *                 [8] PrefixedName ::= Prefix ':' LocalPart
 * Moves *p_r behind the name; *colon_r is its colon or NULL.
 */
static enum step scan_name(const struct xml *x, const char **p_r, const char **colon_r,
			   struct err *e)
{
	const char *from = *p_r, *p = from;
	signed char high = 0;

	*colon_r = NULL;
	for (;;) {
		if ((class_of(p) & XML_FIRST) == 0)
			return unexpected(x, p, "a name should begin here", e);
		for (; (class_of(p) & XML_NAME) != 0; p++)
			high |= (signed char)*p;
		if (*p != ':' || *colon_r != NULL)
			break;
		*colon_r = p++;
	}
	*p_r = p;
	if (high < 0) {
		struct slice local = between(*colon_r == NULL ? from : *colon_r + 1, p);

		if (p == limit_of(x))
			return STEP_SHORT;
		if (!xml_name_valid(local) ||
		    (*colon_r != NULL && !xml_name_valid(between(from, *colon_r))))
			return bad(x, from, "not a name", e);
	}
	return STEP_AGAIN;
}

/* [10] AttValue ::= '"' ([^<&"] | Reference)* '"' | "'" ([^<&'] | Reference)* "'" */
static enum step scan_value(const struct xml *x, const char **p_r, struct slice *value,
			    struct err *e)
{
	const char *p = *p_r;
	char quote = *p;
	unsigned stop = quote == '"' ? XML_STOP_D : XML_STOP_S;
	uint32_t code;

	if (quote != '"' && quote != '\'')
		return unexpected(x, p, "a quoted value should begin here", e);
	for (value->p = ++p;; p++) {
		int n;

		while ((class_of(p) & stop) == 0)
			p++;
		if (*p != '&')
			break;
		n = xml_reference(between(p, limit_of(x)), &code);
		if (n <= 0)
			return n == 0 ? STEP_SHORT : bad(x, p, "unknown entity", e);
		p += n - 1;
	}
	if (*p != quote)
		return unexpected(x, p, "'<' in a value", e);
	value->n = (size_t)(p - value->p);
	*p_r = p + 1;
	return STEP_AGAIN;
}

static bool attr_twice(const struct xml_attr *attr, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(attr[i].name, attr[n].name))
			return true;
	return false;
}

/* [41] Attribute ::= Name Eq AttValue, [25] Eq ::= S? '=' S? */
static enum step scan_attr(const struct xml *x, const char **p_r, struct xml_attr *attr,
			   struct err *e)
{
	const char *p = *p_r, *colon;
	enum step step = scan_name(x, &p, &colon, e);

	if (step != STEP_AGAIN)
		return step;
	attr->name = between(*p_r, p);
	if (*p != '=') {
		p = skip_space(p);
		if (*p != '=')
			return unexpected(x, p, "'=' should be here", e);
	}
	p = skip_space(p + 1);
	*p_r = p;
	return scan_value(x, p_r, &attr->value, e);
}

/* (S Attribute)* S? of [40] and [44]; moves *p_r to what is behind them. */
static enum step scan_attrs(struct xml *x, const char **p_r, size_t *n_r, struct err *e)
{
	const char *p = *p_r;
	size_t n = 0;

	while ((class_of(p) & XML_SPACE) != 0) {
		enum step step;

		p = skip_space(p);
		if (*p == '>' || *p == '/' || *p == '?')
			break;
		if (n == x->limits.max_attrs) {
			if (p == limit_of(x))
				return STEP_SHORT;
			(void)err_set(
				e, ERR_LIMIT, "XML byte %llu: more than %u attributes",
				(unsigned long long)xml_offset(x), x->limits.max_attrs);
			return STEP_FAIL;
		}
		step = scan_attr(x, &p, &x->attr[n], e);
		if (step != STEP_AGAIN)
			return step;
		if (attr_twice(x->attr, n))
			return bad(x, x->attr[n].name.p, "the same attribute twice", e);
		n++;
	}
	*p_r = p;
	*n_r = n;
	return STEP_AGAIN;
}

static int keep_long_name(struct xml *x, struct slice name, struct err *e)
{
	if (name.n > x->names_size - x->n_names) {
		size_t size = x->names_size == 0 ? 1024 : x->names_size;
		char *names;

		if (x->n_names > x->limits.max_markup ||
		    name.n > x->limits.max_markup - x->n_names)
			return err_set(e, ERR_LIMIT, "XML with too long names");
		while (size - x->n_names < name.n)
			size *= 2;
		names = realloc(x->names, size);
		if (names == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
		x->names = names;
		x->names_size = size;
	}
	memcpy(x->names + x->n_names, name.p, name.n);
	x->n_names += name.n;
	return 0;
}

static int push(struct xml *x, struct slice name, size_t prefix, struct err *e)
{
	struct open *o = &x->open[x->depth];
	uint64_t word =
		first_bytes(load_word(name.p), name.n < SHORT_NAME ? name.n : SHORT_NAME);

	memcpy(o->word, &word, sizeof(word));
	o->n = (uint32_t)name.n;
	o->prefix = (uint32_t)prefix;
	o->at = x->n_names;
	if (name.n > SHORT_NAME && keep_long_name(x, name, e) < 0)
		return -1;
	x->depth++;
	return 0;
}

static void closed(struct xml *x)
{
	if (x->depth == 0)
		x->state = EPILOG;
}

/* [40] STag ::= '<' Name (S Attribute)* S? '>'
 * [44] EmptyElemTag ::= '<' Name (S Attribute)* S? '/>' */
static enum step start_tag(struct xml *x, struct xml_token *t, struct err *e)
{
	const char *from = x->w.buf + x->pos, *p = from + 1, *colon, *behind;
	enum step step = scan_name(x, &p, &colon, e);

	if (step != STEP_AGAIN)
		return step;
	behind = p;
	t->n_attr = 0;
	if (*p != '>') {
		step = scan_attrs(x, &p, &t->n_attr, e);
		if (step != STEP_AGAIN)
			return step;
	}
	t->empty = *p == '/';
	p += t->empty;
	if (*p != '>')
		return unexpected(x, p, "not part of a tag", e);
	p++;
	if (check_size(x, from, p, e) == STEP_FAIL)
		return STEP_FAIL;
	if (x->state == EPILOG)
		return bad(x, from, "a second root element", e);
	if (x->depth == x->limits.max_depth) {
		(void)err_set(e, ERR_LIMIT,
			      "XML with more than %u elements in one another",
			      x->limits.max_depth);
		return STEP_FAIL;
	}
	from++;
	t->kind = XML_START;
	t->attr = x->attr;
	t->prefix = between(from, colon == NULL ? from : colon);
	t->name = between(colon == NULL ? from : colon + 1, behind);
	x->state = CONTENT;
	x->pos = (size_t)(p - x->w.buf);
	if (t->empty) {
		x->close_next = true;
		x->name = t->name;
		x->prefix = t->prefix;
		return STEP_TOKEN;
	}
	return push(x, between(from, behind), colon == NULL ? 0 : t->prefix.n + 1, e) < 0
		       ? STEP_FAIL
		       : STEP_TOKEN;
}

/* Does the name of the innermost open element stand at p? */
static bool is_open_name(const struct xml *x, const char *p, const struct open *o)
{
	if (o->n <= SHORT_NAME)
		return first_bytes(load_word(p), o->n) == load_word(o->word);
	return (size_t)(limit_of(x) - p) >= o->n &&
	       memcmp(p, x->names + o->at, o->n) == 0;
}

static enum step wrong_end(const struct xml *x, const char *from, const char *p,
			   struct err *e)
{
	const char *name = p, *colon;
	enum step step = scan_name(x, &p, &colon, e);
	int n = p - name > 40 ? 40 : (int)(p - name);

	if (step != STEP_AGAIN)
		return step;
	if (p == limit_of(x))
		return STEP_SHORT;
	(void)err_set(e, ERR_INPUT, "XML byte %llu: </%.*s> does not close what is open",
		      (unsigned long long)(x->w.base + (uint64_t)(from - x->w.buf)), n,
		      name);
	return STEP_FAIL;
}

/* [42] ETag ::= '</' Name S? '>' */
static enum step end_tag(struct xml *x, struct xml_token *t, struct err *e)
{
	const char *from = x->w.buf + x->pos, *name = from + 2, *p;
	const struct open *o;

	if (x->depth == 0)
		return bad(x, from, "an end tag without a start", e);
	o = &x->open[x->depth - 1];
	if (!is_open_name(x, name, o))
		return wrong_end(x, from, name, e);
	p = name + o->n;
	if (*p != '>') {
		if ((class_of(p) & XML_NAME) != 0 || *p == ':')
			return wrong_end(x, from, name, e);
		p = skip_space(p);
		if (*p != '>')
			return unexpected(x, p, "not part of an end tag", e);
	}
	p++;
	if (check_size(x, from, p, e) == STEP_FAIL)
		return STEP_FAIL;
	t->kind = XML_END;
	t->prefix = between(name, name + (o->prefix > 0 ? o->prefix - 1 : 0));
	t->name = between(name + o->prefix, name + o->n);
	x->pos = (size_t)(p - x->w.buf);
	x->n_names = o->at;
	x->depth--;
	closed(x);
	return STEP_TOKEN;
}

/* The first occurrence of a two-byte mark from p on, or NULL within the window. */
static const char *find_pair(const struct xml *x, const char *p, const char *mark)
{
	const char *end = limit_of(x);

	while (p < end) {
		p = memchr(p, mark[0], (size_t)(end - p));
		if (p == NULL || p[1] == mark[1])
			return p;
		p++;
	}
	return NULL;
}

/* What `p` begins with: 1 the literal, 0 something else, -1 the window ends in it. */
static int looking_at(const struct xml *x, const char *p, struct slice literal)
{
	struct slice rest = between(p, limit_of(x));

	if (slice_starts(rest, literal))
		return 1;
	return slice_starts(literal, rest) ? -1 : 0;
}

static enum step skipped(struct xml *x, const char *from, const char *behind,
			 struct err *e)
{
	if (check_size(x, from, behind, e) == STEP_FAIL)
		return STEP_FAIL;
	x->pos = (size_t)(behind - x->w.buf);
	return STEP_AGAIN;
}

/* [15] Comment ::= '<!--' ((Char - '-') | ('-' (Char - '-')))* '-->' */
static enum step comment(struct xml *x, const char *from, struct err *e)
{
	const char *p = find_pair(x, from + 4, "--");

	if (p == NULL || p + 2 >= limit_of(x))
		return STEP_SHORT;
	if (p[2] != '>')
		return bad(x, p, "'--' in a comment", e);
	return skipped(x, from, p + 3, e);
}

/* '<!': a comment, a CDATA section ([18]), or a document type declaration ([28]). */
static enum step declaration(struct xml *x, struct err *e)
{
	const char *from = x->w.buf + x->pos;
	int is_comment = looking_at(x, from, SLICE("<!--"));
	int is_cdata = looking_at(x, from, SLICE("<![CDATA["));
	int is_dtd = looking_at(x, from, SLICE("<!DOCTYPE"));

	if (is_comment > 0)
		return comment(x, from, e);
	if (is_comment < 0 || is_cdata < 0 || is_dtd < 0)
		return STEP_SHORT;
	if (is_dtd > 0)
		return bad(x, from, "a document type declaration is not allowed", e);
	if (is_cdata == 0 || x->state != CONTENT)
		return bad(x, from, "'<!' that begins nothing known", e);
	x->cdata = true;
	x->pos += 9;
	return STEP_AGAIN;
}

static bool known_encoding(struct slice name, bool utf16)
{
	if (utf16)
		return slice_eq_nocase(name, SLICE("utf-16")) ||
		       slice_eq_nocase(name, SLICE("utf-16le")) ||
		       slice_eq_nocase(name, SLICE("utf-16be"));
	return slice_eq_nocase(name, SLICE("utf-8")) ||
	       slice_eq_nocase(name, SLICE("utf8")) ||
	       slice_eq_nocase(name, SLICE("us-ascii"));
}

/*
 * [23] XMLDecl ::= '<?xml' VersionInfo EncodingDecl? SDDecl? S? '?>', p being behind
 * the 'xml'.
 */
static enum step xml_declaration(struct xml *x, const char *from, const char *p,
				 struct err *e)
{
	static const struct slice name[] = { SLICE_INIT("version"),
					     SLICE_INIT("encoding"),
					     SLICE_INIT("standalone") };
	size_t n, next = 0;
	enum step step = scan_attrs(x, &p, &n, e);

	if (step != STEP_AGAIN)
		return step;
	if (p[0] != '?' || p[1] != '>')
		return unexpected(x, p + (p[0] == '?'), "not part of an XML declaration",
				  e);
	if (n == 0 || !slice_eq(x->attr[0].name, name[0]) ||
	    !slice_starts(x->attr[0].value, SLICE("1.")))
		return bad(x, from, "an XML declaration without version 1", e);
	for (size_t i = 0; i < n; i++) {
		while (next < 3 && !slice_eq(x->attr[i].name, name[next]))
			next++;
		if (next == 3)
			return bad(x, x->attr[i].name.p, "not part of an XML declaration",
				   e);
		if (next == 1 && !known_encoding(x->attr[i].value, x->w.raw != NULL))
			return bad(x, x->attr[i].value.p,
				   "only UTF-8 and UTF-16 are read", e);
	}
	return skipped(x, from, p + 2, e);
}

/* [16] PI ::= '<?' PITarget (S (Char* - (Char* '?>' Char*)))? '?>' */
static enum step instruction(struct xml *x, struct err *e)
{
	const char *from = x->w.buf + x->pos, *p = from + 2, *colon, *behind;
	enum step step = scan_name(x, &p, &colon, e);

	if (step != STEP_AGAIN)
		return step;
	if (p == limit_of(x))
		return STEP_SHORT;
	if (slice_eq_nocase(between(from + 2, p), SLICE("xml"))) {
		if (xml_offset(x) > 0 || from[2] != 'x' || from[3] != 'm' ||
		    from[4] != 'l')
			return bad(x, from, "an XML declaration inside of the document",
				   e);
		return xml_declaration(x, from, p, e);
	}
	behind = find_pair(x, p, "?>");
	if (behind == NULL)
		return STEP_SHORT;
	if (behind != p && (class_of(p) & XML_SPACE) == 0)
		return bad(x, p, "not part of a name", e);
	return skipped(x, from, behind + 2, e);
}

static enum step markup(struct xml *x, struct xml_token *t, struct err *e)
{
	switch (x->w.buf[x->pos + 1]) {
	case '/':
		return end_tag(x, t, e);
	case '!':
		return declaration(x, e);
	case '?':
		return instruction(x, e);
	default:
		return start_tag(x, t, e);
	}
}

/* 2.11: CR LF, and CR alone, are LF. Done in place; returns the new end. */
static char *join_line_ends(char *from, const char *end)
{
	char *to = from;

	for (const char *p = from; p < end; p++) {
		*to++ = *p == '\r' ? '\n' : *p;
		if (p[0] == '\r' && p + 1 < end && p[1] == '\n')
			p++;
	}
	return to;
}

static enum step text_token(struct xml *x, struct xml_token *t, char *from,
			    const char *end, bool cr)
{
	x->pos = (size_t)(end - x->w.buf);
	t->kind = XML_TEXT;
	t->text = between(from, cr ? join_line_ends(from, end) : end);
	return STEP_TOKEN;
}

/* Whitespace before and behind the root element: Misc of [27]. */
static enum step outside(struct xml *x, struct err *e)
{
	const char *from = x->w.buf + x->pos, *p = skip_space(from);

	x->pos += (size_t)(p - from);
	if (p == from)
		return unexpected(x, p, "text outside of the root element", e);
	return STEP_AGAIN;
}

/* The window ends in or right behind text. What is whole of it, up to `end`, becomes a
 * token only when there is no room to read on. */
static enum step cut_text(struct xml *x, struct xml_token *t, char *from, const char *end,
			  bool cr)
{
	if (end == from || !xml_window_full(&x->w, x->pos))
		return STEP_SHORT;
	return text_token(x, t, from, end, cr);
}

/* [14] CharData ::= [^<&]* - ([^<&]* ']]>' [^<&]*), with references in between */
static enum step text(struct xml *x, struct xml_token *t, struct err *e)
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
				return bad(x, p, "unknown entity", e);
			if (n == 0)
				return cut_text(x, t, from, p, cr);
			t->raw = true;
			p += n - 1;
			break;
		case ']':
			if (limit - p < 3)
				return cut_text(x, t, from, p, cr);
			if (p[1] == ']' && p[2] == '>')
				return bad(x, p, "']]>' in text", e);
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
static enum step cdata(struct xml *x, struct xml_token *t)
{
	char *from = x->w.buf + x->pos;
	const char *limit = limit_of(x), *p = from;
	bool cr;

	t->raw = false;
	for (; (p = find_pair(x, p, "]]")) != NULL && p[2] != '>'; p++)
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
static enum step read_on(struct xml *x, struct err *e)
{
	int rc;

	if (xml_window_full(&x->w, x->pos)) {
		if (x->w.n - x->pos > x->limits.max_markup)
			return check_size(x, x->w.buf + x->pos, limit_of(x), e);
		if (xml_window_grow(&x->w, e) < 0)
			return STEP_FAIL;
	}
	rc = xml_window_more(&x->w, x->pos, e);
	x->pos = rc < 0 ? x->pos : 0;
	if (rc != PARSE_DONE)
		return rc < 0 ? STEP_FAIL : STEP_AGAIN;
	if (x->state == EPILOG && x->w.n == 0)
		return STEP_TOKEN;
	return bad(x, limit_of(x),
		   x->state == PROLOG ? "the document has no element"
				      : "the document is cut off",
		   e);
}

int xml_next(struct xml *x, struct xml_token *t, struct err *e)
{
	enum step step;

	if (x->close_next) {
		t->kind = XML_END;
		t->name = x->name;
		t->prefix = x->prefix;
		x->close_next = false;
		closed(x);
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
		return err_set(e, ERR_INTERNAL, "out of memory");
	x->limits = *limits;
	x->open = calloc((size_t)limits->max_depth + 1, sizeof(x->open[0]));
	x->attr = calloc((size_t)limits->max_attrs + 1, sizeof(x->attr[0]));
	if (window < LEAST_WINDOW)
		window = LEAST_WINDOW;
	if (x->open == NULL || x->attr == NULL) {
		xml_close(&x);
		return err_set(e, ERR_INTERNAL, "out of memory");
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
