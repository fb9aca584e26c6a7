/*
 * What stands between tags and is no text: comments, processing instructions, the XML
 * declaration, the start of CDATA sections, and document type declarations, which are
 * refused. Ignorant of elements.
 */
#include "parse/xml_misc.h"

const char *xml_find_pair(const struct xml *x, const char *p, const char *mark)
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

static enum xml_step skipped(struct xml *x, const char *from, const char *behind,
			     struct err *e)
{
	if (xml_check_size(x, from, behind, e) == STEP_FAIL)
		return STEP_FAIL;
	x->pos = (size_t)(behind - x->w.buf);
	return STEP_AGAIN;
}

/* [15] Comment ::= '<!--' ((Char - '-') | ('-' (Char - '-')))* '-->' */
static enum xml_step comment(struct xml *x, const char *from, struct err *e)
{
	const char *p = xml_find_pair(x, from + 4, "--");

	if (p == NULL || p + 2 >= limit_of(x))
		return STEP_SHORT;
	if (p[2] != '>')
		return xml_bad(x, p, "'--' in a comment", e);
	return skipped(x, from, p + 3, e);
}

/* '<!': a comment, a CDATA section ([18]), or a document type declaration ([28]). */
enum xml_step xml_exclamation(struct xml *x, struct err *e)
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
		return xml_bad(x, from, "a document type declaration is not allowed", e);
	if (is_cdata == 0 || x->state != CONTENT)
		return xml_bad(x, from, "'<!' that begins nothing known", e);
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
static enum xml_step xml_declaration(struct xml *x, const char *from, const char *p,
				     struct err *e)
{
	static const struct slice name[] = { SLICE_INIT("version"),
					     SLICE_INIT("encoding"),
					     SLICE_INIT("standalone") };
	size_t n, next = 0;
	enum xml_step step = xml_scan_attrs(x, &p, &n, e);

	if (step != STEP_AGAIN)
		return step;
	if (p[0] != '?' || p[1] != '>')
		return xml_unexpected(x, p + (p[0] == '?'),
				      "not part of an XML declaration", e);
	if (n == 0 || !slice_eq(x->attr[0].name, name[0]) ||
	    !slice_starts(x->attr[0].value, SLICE("1.")))
		return xml_bad(x, from, "an XML declaration without version 1", e);
	for (size_t i = 0; i < n; i++) {
		while (next < 3 && !slice_eq(x->attr[i].name, name[next]))
			next++;
		if (next == 3)
			return xml_bad(x, x->attr[i].name.p,
				       "not part of an XML declaration", e);
		if (next == 1 && !known_encoding(x->attr[i].value, x->w.raw != NULL))
			return xml_bad(x, x->attr[i].value.p,
				       "only UTF-8 and UTF-16 are read", e);
	}
	return skipped(x, from, p + 2, e);
}

/* [16] PI ::= '<?' PITarget (S (Char* - (Char* '?>' Char*)))? '?>' */
enum xml_step xml_instruction(struct xml *x, struct err *e)
{
	const char *from = x->w.buf + x->pos, *p = from + 2, *colon, *behind;
	enum xml_step step = xml_scan_name(x, &p, &colon, e);

	if (step != STEP_AGAIN)
		return step;
	if (p == limit_of(x))
		return STEP_SHORT;
	if (slice_eq_nocase(between(from + 2, p), SLICE("xml"))) {
		if (xml_offset(x) > 0 || from[2] != 'x' || from[3] != 'm' ||
		    from[4] != 'l')
			return xml_bad(x, from,
				       "an XML declaration inside of the document", e);
		return xml_declaration(x, from, p, e);
	}
	behind = xml_find_pair(x, p, "?>");
	if (behind == NULL)
		return STEP_SHORT;
	if (behind != p && (class_of(p) & XML_SPACE) == 0)
		return xml_bad(x, p, "not part of a name", e);
	return skipped(x, from, behind + 2, e);
}
