/*
 * A window of the tokenizer that holds a text and no more, for tests of the functions
 * that scan one thing in it.
 */
#ifndef TESTS_UNIT_XML_PLACE_H
#define TESTS_UNIT_XML_PLACE_H

#include "parse/xml_tag.h"

#include <stdlib.h>

enum { XML_PLACE_DEPTH = 3, XML_PLACE_ATTRS = 3, XML_PLACE_MARKUP = 60 };

struct xml_place {
	struct xml x;
	struct xml_element open[XML_PLACE_DEPTH];
	struct xml_attr attr[XML_PLACE_ATTRS + 1];
};

/* Nothing is open yet. */
static inline void xml_place_init(struct xml_place *p, enum xml_state state)
{
	*p = (struct xml_place){ .x = { .state = state,
					.limits = { XML_PLACE_DEPTH, XML_PLACE_ATTRS,
						    XML_PLACE_MARKUP, 0 } } };
	p->x.open = p->open;
	p->x.attr = p->attr;
}

/* The next thing is at the start of text; of the size that a window of it has, so that a
 * sanitizer sees one byte more. */
static inline void xml_place_put(struct xml_place *p, struct slice text)
{
	free(p->x.w.buf);
	p->x.w.buf = calloc(text.n + 1 + XML_SLACK, 1);
	if (p->x.w.buf == NULL)
		abort();
	memcpy(p->x.w.buf, text.p, text.n);
	p->x.w.n = text.n;
	p->x.pos = 0;
}

static inline void xml_place_release(struct xml_place *p)
{
	free(p->x.w.buf);
	free(p->x.names);
}

#endif
