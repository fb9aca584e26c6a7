/*
 * Writes HTML (and SVG inside it) as a stream. The one place where text is escaped: what
 * is not markup of ours goes through html_text(), in elements and in quoted attributes
 * alike.
 */
#ifndef PARSE_HTML_WRITE_H
#define PARSE_HTML_WRITE_H

#include "parse/sink.h"

#include <stdint.h>

enum { HTML_WRITE_ROOM = 16 * 1024 };

/* The caller's storage; holds nothing to release. The first failure of the sink is kept:
 * what follows it is not written, and html_finish() tells it, so that a page reads like
 * one. */
struct html_write {
	struct sink out;
	bool failed;
	struct err err;
	size_t n;
	char room[HTML_WRITE_ROOM];
};

/* out is copied; what it points to must outlive h. */
void html_init(struct html_write *h, const struct sink *out);
/* Markup, as it is. Never with anything in it that came from outside. */
void html_markup(struct html_write *h, const char *markup);
/* Text. & < > " ' are escaped; control characters but tab and line break, and bytes that
 * are no valid UTF-8, become U+FFFD. */
void html_text(struct html_write *h, struct slice text);
void html_uint(struct html_write *h, uint64_t n);
/* "<name>text</name>"; name may have attributes: "td class=\"num\"". */
void html_element(struct html_write *h, const char *name, struct slice text);
/* Hands what is left to the sink. -1 with the first failure there was. */
int html_finish(struct html_write *h, struct err *e) MUST_CHECK;

#endif
