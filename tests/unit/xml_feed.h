/*
 * XML for a test, handed out in pieces of a chosen size.
 */
#ifndef TESTS_UNIT_XML_FEED_H
#define TESTS_UNIT_XML_FEED_H

#include "parse/xml_token.h"

struct xml_feed {
	struct slice rest;
	size_t step; /* bytes of a piece */
};

/* An xml_read_fn. */
static inline int xml_feed_read(void *from, char *to, size_t size, size_t *n_r,
				struct err *e)
{
	struct xml_feed *f = from;
	struct slice part = slice_take(&f->rest, f->step < size ? f->step : size);

	(void)e;
	if (part.n > 0)
		memcpy(to, part.p, part.n);
	*n_r = part.n;
	return part.n > 0 ? PARSE_MORE : PARSE_DONE;
}

#endif
