/*
 * A Code 128 symbol as an SVG element of an HTML page, to be printed: whole modules, no
 * smoothed edges, quiet zones inside, the text as its name for those who cannot see it.
 */
#ifndef PARSE_CODE128_SVG_H
#define PARSE_CODE128_SVG_H

#include "parse/code128.h"
#include "parse/html_write.h"

/*
 * Writes <svg class="barcode">, `height` CSS pixels high and as many whole pixels a
 * module as fit into `width` CSS pixels, `widest` at most. A pixel is 1/96 inch: 0.26 mm,
 * which scanners read; below that only their best do. Returns whether it was written:
 * not, when the text is none for Code 128 or needs more than `width`.
 */
bool code128_svg(struct html_write *h, struct slice text, unsigned width, unsigned widest,
		 unsigned height);

#endif
