/*
 * The frame of printed pages. Ignorant of what they are about.
 */
#include "server/page_out.h"

enum page_paper page_paper_of(struct slice name)
{
	return slice_eq(name, SLICE("label")) ? PAGE_LABEL : PAGE_A4;
}

void page_begin(struct html_write *h, struct slice title, enum page_paper paper)
{
	html_markup(h, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
		       "<meta charset=\"utf-8\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width, "
		       "initial-scale=1\">\n");
	html_element(h, "title", title);
	html_markup(h, "\n<link rel=\"icon\" href=\"/static/favicon.svg\" "
		       "type=\"image/svg+xml\">\n"
		       "<link rel=\"stylesheet\" href=\"/static/print.css\">\n"
		       "<link rel=\"stylesheet\" href=\"/static/print_");
	html_markup(h, paper == PAGE_LABEL ? "label" : "a4");
	html_markup(h, ".css\">\n"
		       "<script type=\"module\" src=\"/static/print.js\"></script>\n"
		       "</head>\n<body class=\"");
	html_markup(h, paper == PAGE_LABEL ? "label" : "a4");
	html_markup(h, "\">\n");
}

void page_bar(struct html_write *h)
{
	html_markup(h, "<nav class=\"bar\" aria-label=\"Printing\">\n"
		       "<button id=\"print\" type=\"button\" hidden>Print</button>\n");
}

void page_link(struct html_write *h, struct slice path, const char *query,
	       const char *text, bool current)
{
	html_markup(h, "<a href=\"");
	html_text(h, path);
	html_text(h, slice_str(query));
	html_markup(h, current ? "\" aria-current=\"true\">" : "\">");
	html_text(h, slice_str(text));
	html_markup(h, "</a>\n");
}

void page_bar_end(struct html_write *h)
{
	html_markup(h, "</nav>\n");
}

void page_fact(struct html_write *h, const char *name, struct slice value)
{
	if (value.n == 0)
		return;
	html_markup(h, "<div>");
	html_element(h, "dt", slice_str(name));
	html_element(h, "dd", value);
	html_markup(h, "</div>\n");
}

void page_end(struct html_write *h)
{
	html_markup(h, "</body>\n</html>\n");
}

void page_fields(struct response *res)
{
	response_field(res, "Cache-Control", SLICE("no-store"));
	response_field(res, "Content-Security-Policy",
		       SLICE("default-src 'none'; script-src 'self'; style-src 'self'; "
			     "img-src 'self'; base-uri 'none'; form-action 'none'; "
			     "frame-ancestors 'none'"));
	response_field(res, "Referrer-Policy", SLICE("same-origin"));
	response_field(res, "Vary", SLICE("Accept"));
}
