/*
 * Cells and shared strings in the one spelling that nearly every program gives them,
 * found without the tokenizer. What is spelled in another way is not seen here and left
 * to it; what is seen means the same there.
 */
#ifndef PARSE_XLSX_PLAIN_H
#define PARSE_XLSX_PLAIN_H

#include "parse/xlsx_row.h"

struct xlsx_plain {
	struct xlsx_cell cell;
	struct slice value; /* with references nor escapes; empty for an empty cell */
};

/* A row's number as its cells' places end: up to 7 digits and a quote. */
struct xlsx_place_end {
	uint64_t word, mask; /* mask 0: longer */
	size_t n;
};
void xlsx_place_end(struct xlsx_place_end *end, uint64_t row);

/*
 * The cell that stands at p, which is xml_ahead(): <c r="A1" s="1" t="s"><v>0</v></c>
 * with s and t optional; an inline string as <is><t>; empty as <c .../>. Fills *c and
 * returns what is behind it, or NULL. The column is one that row->next_column lets be.
 */
const char *xlsx_plain_cell(const char *p, const struct xlsx_row *row,
			    const struct xlsx_place_end *end, struct xlsx_plain *c);
/* The same for <si><t>text</t></si> of the table of shared strings. */
const char *xlsx_plain_string(const char *p, struct slice *text_r);

#endif
