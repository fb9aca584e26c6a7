/*
 * Pages that are written for each request, to be printed: what all of them begin and end
 * with. Their figures come from handlers, their looks from files below /static.
 */
#ifndef SERVER_PAGE_OUT_H
#define SERVER_PAGE_OUT_H

#include "parse/html_write.h"
#include "server/response.h"

enum page_paper { PAGE_A4, PAGE_LABEL }; /* 210 x 297 mm, 4 x 6 inches */

/* "label" is PAGE_LABEL, anything else PAGE_A4. */
enum page_paper page_paper_of(struct slice name);
/* Up to <body>; the title is text. */
void page_begin(struct html_write *h, struct slice title, enum page_paper paper);
/* The bar that is not printed: <nav> and the button that prints; links may follow. */
void page_bar(struct html_write *h);
/* <a href="path+query">text</a>; current: it is what is shown. */
void page_link(struct html_write *h, struct slice path, const char *query,
	       const char *text, bool current);
void page_bar_end(struct html_write *h);
/* A <div> of a <dl>: what it is and how much; nothing when value is empty. */
void page_fact(struct html_write *h, const char *name, struct slice value);
void page_end(struct html_write *h);
/* What the answer says of itself: nobody keeps it, and nothing from elsewhere runs. */
void page_fields(struct response *res);

#endif
