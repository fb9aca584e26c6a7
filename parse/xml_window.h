/*
 * The part of an XML document that is in memory: one contiguous stretch of UTF-8,
 * checked to be nothing but XML characters, followed by a NUL that is none.
 */
#ifndef PARSE_XML_WINDOW_H
#define PARSE_XML_WINDOW_H

#include "parse/text_decode.h"
#include "parse/xml_token.h"

enum { XML_SLACK = 16 }; /* bytes behind the NUL that may be read, whatever they are */

struct xml_window {
	char *buf;     /* n bytes, NUL, slack; writable */
	size_t n;      /* bytes */
	size_t size;   /* bytes at the most without growing */
	uint64_t base; /* offset of buf[0] in the document */
	/* private */
	xml_read_fn *read;
	void *from;
	struct text_decode utf16;
	char *raw; /* UTF-16: as read; NULL for UTF-8 */
	struct slice raw_rest;
	char held[4]; /* bytes behind buf[n]: the start of a sequence, or a bad one */
	size_t n_held;
	bool started, over, bad;
};

int xml_window_open(struct xml_window *w, xml_read_fn *read, void *from, size_t size,
		    struct err *e) MUST_CHECK;
/*
 * Drops the first `keep` bytes and reads on behind the rest. PARSE_MORE: there are more
 * bytes; PARSE_DONE: the document has no more; -1: ERR_INPUT (a byte that is no XML
 * character, told of only when all before it was used), or what `read` failed with. The
 * window must not be full: see xml_window_grow().
 */
int xml_window_more(struct xml_window *w, size_t keep, struct err *e) MUST_CHECK;
/* Would there be no room for more, with the first `keep` bytes dropped? */
bool xml_window_full(const struct xml_window *w, size_t keep);
/* Doubles the window. */
int xml_window_grow(struct xml_window *w, struct err *e) MUST_CHECK;
void xml_window_release(struct xml_window *w);

#endif
