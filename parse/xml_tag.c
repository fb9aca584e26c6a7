/*
 * Start tags with their attributes, end tags, and the names of open elements. Ignorant
 * of text and of everything outside of elements.
 */
#include "parse/xml_tag.h"

#include <stdlib.h>

enum { MAX_NAME_SHOWN = 60 }; /* bytes, in the text of an error */

static uint64_t load_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* The word with all but its first n bytes cleared, whatever the byte order. */
static uint64_t first_bytes(uint64_t word, size_t n)
{
	static const char ones[2 * XML_SHORT_NAME] = "\xff\xff\xff\xff\xff\xff\xff\xff";

	return word & load_word(ones + XML_SHORT_NAME - n);
}

enum xml_step xml_bad(const struct xml *x, const char *at, const char *what,
		      struct err *e)
{
	(void)err_set(e, ERR_INPUT, "XML byte %llu: %s",
		      (unsigned long long)(x->w.base + (uint64_t)(at - x->w.buf)), what);
	return STEP_FAIL;
}

enum xml_step xml_unexpected(const struct xml *x, const char *at, const char *what,
			     struct err *e)
{
	return at >= limit_of(x) ? STEP_SHORT : xml_bad(x, at, what, e);
}

enum xml_step xml_check_size(const struct xml *x, const char *from, const char *to,
			     struct err *e)
{
	if ((size_t)(to - from) <= x->limits.max_markup)
		return STEP_AGAIN;
	(void)err_set(e, ERR_LIMIT, "XML byte %llu: markup of more than %u bytes",
		      (unsigned long long)(x->w.base + (uint64_t)(from - x->w.buf)),
		      x->limits.max_markup);
	return STEP_FAIL;
}

/*
 * Namespaces 1.0: [7] QName ::= PrefixedName | UnprefixedName
 *                 [8] PrefixedName ::= Prefix ':' LocalPart
 * Moves *p_r behind the name; *colon_r is its colon or NULL.
 */
static inline enum xml_step scan_name(const struct xml *x, const char **p_r,
				      const char **colon_r, struct err *e)
{
	const char *from = *p_r, *p = from;
	signed char high = 0;

	*colon_r = NULL;
	for (;;) {
		if ((class_of(p) & XML_FIRST) == 0)
			return xml_unexpected(x, p, "a name should begin here", e);
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
			return xml_bad(x, from, "not a name", e);
	}
	return STEP_AGAIN;
}

/* [10] AttValue ::= '"' ([^<&"] | Reference)* '"' | "'" ([^<&'] | Reference)* "'" */
static inline enum xml_step scan_value(const struct xml *x, const char **p_r,
				       struct slice *value, struct err *e)
{
	const char *p = *p_r;
	char quote = *p;
	unsigned stop = quote == '"' ? XML_STOP_D : XML_STOP_S;
	uint32_t code;

	if (quote != '"' && quote != '\'')
		return xml_unexpected(x, p, "a quoted value should begin here", e);
	for (value->p = ++p;; p++) {
		int n;

		while ((class_of(p) & stop) == 0)
			p++;
		if (*p != '&')
			break;
		n = xml_reference(between(p, limit_of(x)), &code);
		if (n <= 0)
			return n == 0 ? STEP_SHORT : xml_bad(x, p, "unknown entity", e);
		p += n - 1;
	}
	if (*p != quote)
		return xml_unexpected(x, p, "'<' in a value", e);
	value->n = (size_t)(p - value->p);
	*p_r = p + 1;
	return STEP_AGAIN;
}

static bool attr_twice(const struct xml_attr *attr, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (attr[i].name.p[0] == attr[n].name.p[0] &&
		    slice_eq(attr[i].name, attr[n].name))
			return true;
	return false;
}

/* [41] Attribute ::= Name Eq AttValue, [25] Eq ::= S? '=' S? */
static inline enum xml_step scan_attr(const struct xml *x, const char **p_r,
				      struct xml_attr *attr, struct err *e)
{
	const char *p = *p_r, *colon;
	enum xml_step step = scan_name(x, &p, &colon, e);

	if (step != STEP_AGAIN)
		return step;
	attr->name = between(*p_r, p);
	if (*p != '=') {
		p = skip_space(p);
		if (*p != '=')
			return xml_unexpected(x, p, "'=' should be here", e);
	}
	p = skip_space(p + 1);
	*p_r = p;
	return scan_value(x, p_r, &attr->value, e);
}

/* (S Attribute)* S? of [40] and [44]; moves *p_r to what is behind them. */
static inline enum xml_step scan_attrs(struct xml *x, const char **p_r, size_t *n_r,
				       struct err *e)
{
	const char *p = *p_r;
	size_t n = 0;

	while ((class_of(p) & XML_SPACE) != 0) {
		enum xml_step step;

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
			return xml_bad(x, x->attr[n].name.p, "the same attribute twice",
				       e);
		n++;
	}
	*p_r = p;
	*n_r = n;
	return STEP_AGAIN;
}

enum xml_step xml_scan_name(const struct xml *x, const char **p_r, const char **colon_r,
			    struct err *e)
{
	return scan_name(x, p_r, colon_r, e);
}

enum xml_step xml_scan_attrs(struct xml *x, const char **p_r, size_t *n_r, struct err *e)
{
	return scan_attrs(x, p_r, n_r, e);
}

static int keep_long_name(struct xml *x, struct slice name, struct err *e)
{
	if (x->n_names > x->limits.max_markup ||
	    name.n > x->limits.max_markup - x->n_names)
		return err_set(e, ERR_LIMIT, "XML with too long names");
	if (name.n > x->names_size - x->n_names) {
		size_t size = x->names_size == 0 ? 1024 : x->names_size;
		char *names;

		while (size - x->n_names < name.n)
			size *= 2;
		names = realloc(x->names, size);
		if (names == NULL)
			return err_set(e, ERR_MEMORY, "out of memory");
		x->names = names;
		x->names_size = size;
	}
	memcpy(x->names + x->n_names, name.p, name.n);
	x->n_names += name.n;
	return 0;
}

static int push(struct xml *x, struct slice name, size_t prefix, struct err *e)
{
	struct xml_element *o = &x->open[x->depth];
	uint64_t word = first_bytes(load_word(name.p),
				    name.n < XML_SHORT_NAME ? name.n : XML_SHORT_NAME);

	memcpy(o->word, &word, sizeof(word));
	o->n = (uint32_t)name.n;
	o->prefix = (uint32_t)prefix;
	o->at = x->n_names;
	if (name.n > XML_SHORT_NAME && keep_long_name(x, name, e) < 0)
		return -1;
	x->depth++;
	return 0;
}

/* [40] STag ::= '<' Name (S Attribute)* S? '>'
 * [44] EmptyElemTag ::= '<' Name (S Attribute)* S? '/>' */
enum xml_step xml_start_tag(struct xml *x, struct xml_token *t, struct err *e)
{
	const char *from = x->w.buf + x->pos, *p = from + 1, *colon, *behind;
	enum xml_step step = scan_name(x, &p, &colon, e);

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
		return xml_unexpected(x, p, "not part of a tag", e);
	p++;
	if (xml_check_size(x, from, p, e) == STEP_FAIL)
		return STEP_FAIL;
	if (x->state == EPILOG)
		return xml_bad(x, from, "a second root element", e);
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
static bool is_open_name(const struct xml *x, const char *p, const struct xml_element *o)
{
	if (o->n <= XML_SHORT_NAME)
		return first_bytes(load_word(p), o->n) == load_word(o->word);
	return (size_t)(limit_of(x) - p) >= o->n &&
	       memcmp(p, x->names + o->at, o->n) == 0;
}

static enum xml_step wrong_end(const struct xml *x, const char *from, const char *p,
			       struct err *e)
{
	const char *name = p, *colon;
	enum xml_step step = scan_name(x, &p, &colon, e);

	if (step != STEP_AGAIN)
		return step;
	if (p == limit_of(x))
		return STEP_SHORT;
	if (p - name > MAX_NAME_SHOWN)
		return xml_bad(x, from, "the end tag does not close what is open", e);
	(void)err_set(e, ERR_INPUT, "XML byte %llu: </%.*s> does not close what is open",
		      (unsigned long long)(x->w.base + (uint64_t)(from - x->w.buf)),
		      (int)(p - name), name);
	return STEP_FAIL;
}

/* [42] ETag ::= '</' Name S? '>' */
enum xml_step xml_end_tag(struct xml *x, struct xml_token *t, struct err *e)
{
	const char *from = x->w.buf + x->pos, *name = from + 2, *p;
	const struct xml_element *o;

	if (x->depth == 0)
		return xml_bad(x, from, "an end tag without a start", e);
	o = &x->open[x->depth - 1];
	if (!is_open_name(x, name, o))
		return wrong_end(x, from, name, e);
	p = name + o->n;
	if (*p != '>') {
		if ((class_of(p) & XML_NAME) != 0 || *p == ':')
			return wrong_end(x, from, name, e);
		p = skip_space(p);
		if (*p != '>')
			return xml_unexpected(x, p, "not part of an end tag", e);
	}
	p++;
	if (xml_check_size(x, from, p, e) == STEP_FAIL)
		return STEP_FAIL;
	t->kind = XML_END;
	t->prefix = between(name, name + (o->prefix > 0 ? o->prefix - 1 : 0));
	t->name = between(name + o->prefix, name + o->n);
	x->pos = (size_t)(p - x->w.buf);
	x->n_names = o->at;
	x->depth--;
	xml_closed(x);
	return STEP_TOKEN;
}
