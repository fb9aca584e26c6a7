/*
 * A barcode drawn. Ignorant of how its widths came about.
 */
#include "parse/code128_svg.h"

/* One path for all bars: "M10 0h2v1h-2z", in modules; the view box stretches them. */
static void bars(struct html_write *h, const struct code128 *c)
{
	unsigned x = CODE128_QUIET;

	for (size_t i = 0; i < c->widths; i++) {
		if (i % 2 == 0) {
			html_markup(h, "M");
			html_uint(h, x);
			html_markup(h, " 0h");
			html_uint(h, c->width[i]);
			html_markup(h, "v1h-");
			html_uint(h, c->width[i]);
			html_markup(h, "z");
		}
		x += c->width[i];
	}
}

bool code128_svg(struct html_write *h, struct slice text, unsigned width, unsigned widest,
		 unsigned height)
{
	struct err e = { .kind = ERR_NONE };
	struct code128 c;
	unsigned modules, each;

	if (code128_encode(text, &c, &e) < 0)
		return false;
	modules = c.modules + 2 * CODE128_QUIET;
	each = width / modules < widest ? width / modules : widest;
	if (each == 0)
		return false;
	html_markup(h, "<svg class=\"barcode\" width=\"");
	html_uint(h, (uint64_t)modules * each);
	html_markup(h, "\" height=\"");
	html_uint(h, height);
	html_markup(h, "\" viewBox=\"0 0 ");
	html_uint(h, modules);
	html_markup(h, " 1\" preserveAspectRatio=\"none\" shape-rendering=\"crispEdges\""
		       " role=\"img\" aria-label=\"Barcode ");
	html_text(h, text);
	html_markup(h, "\"><path d=\"");
	bars(h, &c);
	html_markup(h, "\"/></svg>");
	return true;
}
