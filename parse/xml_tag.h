/*
 * What the files of the tokenizer share; nobody else includes it. xml_tag.c scans tags,
 * xml_misc.c comments, instructions and declarations, xml_token.c the rest.
 *
 * Everything scans up to the NUL behind the window, which is in no class of characters.
 * Whoever meets it where something else should be has run out of bytes: the step is
 * given up as SHORT, more is read, and the token is scanned again from its start.
 */
#ifndef PARSE_XML_TAG_H
#define PARSE_XML_TAG_H

#include "parse/xml_char.h"
#include "parse/xml_window.h"

enum { XML_SHORT_NAME = 8 }; /* bytes of a name that are compared as one word */

enum xml_step { STEP_FAIL = -1, STEP_TOKEN, STEP_AGAIN, STEP_SHORT };

/* An element that was not closed yet. */
struct xml_element {
	char word[XML_SHORT_NAME]; /* its name, or the start of it, then NULs */
	uint32_t n;                /* bytes of its name, prefix included */
	uint32_t prefix;           /* bytes of the prefix and its colon, 0 without one */
	size_t at; /* where its name is in `names`, when longer than a word */
};

enum xml_state { PROLOG, CONTENT, EPILOG };

struct xml {
	struct xml_window w;
	size_t pos; /* of the next token in the window */
	enum xml_state state;
	bool cdata;                /* inside of a CDATA section */
	bool close_next;           /* the END of an empty element is due */
	struct slice name, prefix; /* of that element */
	struct xml_limits limits;
	struct xml_element *open;
	size_t depth;
	char *names; /* names of open elements that are longer than a word */
	size_t n_names, names_size;
	struct xml_attr *attr;
};

static inline unsigned class_of(const char *p)
{
	return xml_class[(unsigned char)*p];
}

static inline const char *limit_of(const struct xml *x)
{
	return x->w.buf + x->w.n;
}

static inline struct slice between(const char *from, const char *to)
{
	return (struct slice){ from, (size_t)(to - from) };
}

static inline const char *skip_space(const char *p)
{
	while ((class_of(p) & XML_SPACE) != 0)
		p++;
	return p;
}

/* Not well formed at `at`: ERR_INPUT with its offset. */
enum xml_step xml_bad(const struct xml *x, const char *at, const char *what,
		      struct err *e);
/* Something else stands at `at` than there should be, or the window ends there. */
enum xml_step xml_unexpected(const struct xml *x, const char *at, const char *what,
			     struct err *e);
/* AGAIN, or FAIL for markup of more than max_markup bytes. */
enum xml_step xml_check_size(const struct xml *x, const char *from, const char *to,
			     struct err *e);
/* Moves *p_r behind a name; *colon_r is its colon or NULL. AGAIN, SHORT or FAIL. */
enum xml_step xml_scan_name(const struct xml *x, const char **p_r, const char **colon_r,
			    struct err *e);
/* Moves *p_r behind the attributes and the space around them, which go to x->attr. */
enum xml_step xml_scan_attrs(struct xml *x, const char **p_r, size_t *n_r, struct err *e);
/* At x->pos stands '<' and no '/', '!' or '?'. */
enum xml_step xml_start_tag(struct xml *x, struct xml_token *t, struct err *e);
/* At x->pos stands '</'. */
enum xml_step xml_end_tag(struct xml *x, struct xml_token *t, struct err *e);
/* The END of the root element was found, or was due. */
static inline void xml_closed(struct xml *x)
{
	if (x->depth == 0)
		x->state = EPILOG;
}

#endif
