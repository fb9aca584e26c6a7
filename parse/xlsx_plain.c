/*
 * Scans the usual spelling of cells. Ignorant of everything else that XML may be: it
 * says no, and moves nothing.
 *
 * Everything is looked at in its order up to the NUL that ends what is in memory, and no
 * word that is compared is longer than the slack behind that.
 */
#include "parse/xlsx_plain.h"

#include "parse/scan.h"

enum { PLACE_WORD = 8, PLACE_LETTERS = 3, COUNT_DIGITS = 9 };

static uint64_t load_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* Moves *p_r behind a text of at most SCAN_SLACK bytes when that stands there. */
static inline bool take(const char **p_r, struct slice text)
{
	if (memcmp(*p_r, text.p, text.n) != 0)
		return false;
	*p_r += text.n;
	return true;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

void xlsx_place_end(struct xlsx_place_end *end, uint64_t row)
{
	char text[PLACE_WORD], mask[PLACE_WORD] = { 0 };
	size_t at = PLACE_WORD;

	*end = (struct xlsx_place_end){ 0 };
	text[--at] = '"';
	for (; row > 0 && at > 0; row /= 10)
		text[--at] = (char)('0' + row % 10);
	if (row > 0)
		return;
	end->n = PLACE_WORD - at;
	memmove(text, text + at, end->n);
	memset(mask, -1, end->n);
	end->mask = load_word(mask);
	end->word = load_word(text) & end->mask;
}

/* Letters, the row's number and the quote behind it. */
static inline bool take_place(const char **p_r, const struct xlsx_row *row,
			      const struct xlsx_place_end *end, uint32_t *column_r)
{
	const char *p = *p_r;
	uint32_t column = 0;
	int letters = 0;

	for (; *p >= 'A' && *p <= 'Z' && letters < PLACE_LETTERS; p++, letters++)
		column = column * 26 + (uint32_t)(*p - 'A' + 1);
	if (letters == 0 || (load_word(p) & end->mask) != end->word || end->mask == 0)
		return false;
	*p_r = p + end->n;
	*column_r = column - 1;
	return column > row->next_column && column <= row->setup->max_columns;
}

/* The digits of s="12", its first four bytes taken already, with the quote. */
static inline bool take_style(const char **p_r, uint32_t *style_r)
{
	const char *p = *p_r;
	uint32_t style = 0;
	int digits = 0;

	for (; is_digit(*p) && digits < COUNT_DIGITS; p++, digits++)
		style = style * 10 + (uint32_t)(*p - '0');
	*style_r = style;
	*p_r = p + 1;
	return digits > 0 && *p == '"';
}

/* The types whose values need no look at them here; the others are rare. */
static inline bool take_type(const char **p_r, enum xlsx_type *type_r)
{
	*type_r = XLSX_TYPE_SHARED;
	if (take(p_r, SLICE("s\"")))
		return true;
	*type_r = XLSX_TYPE_INLINE;
	if (take(p_r, SLICE("inlineStr\"")))
		return true;
	*type_r = XLSX_TYPE_NUMBER;
	if (take(p_r, SLICE("n\"")))
		return true;
	*type_r = XLSX_TYPE_FORMULA;
	return take(p_r, SLICE("str\""));
}

/* Text without references, line ends that must change, and escapes, up to a '<'. */
static inline bool take_text(const char **p_r, struct slice *text_r)
{
	const char *p = *p_r;

	for (;; p++) {
		p = scan_text(p);
		if (*p == '<')
			break;
		if (*p == '&' || (*p == ']' && p[1] == ']') ||
		    (*p == '_' && p[1] == 'x') ||
		    ((unsigned char)*p < 0x20 && *p != '\t' && *p != '\n'))
			return false;
	}
	*text_r = (struct slice){ *p_r, (size_t)(p - *p_r) };
	*p_r = p;
	return true;
}

/* <t>text</t>, or <t xml:space="preserve">, which changes nothing. */
static inline bool take_string(const char **p_r, struct slice *text_r)
{
	if (!take(p_r, SLICE("<t>"))) {
		if (!take(p_r, SLICE("<t xml:space=\"")) ||
		    !take(p_r, SLICE("preserve\">")))
			return false;
	}
	return take_text(p_r, text_r) && take(p_r, SLICE("</t>"));
}

static inline const char *take_number(const char *p)
{
	while (is_digit(*p) || *p == '.' || *p == '-' || *p == 'E' || *p == '+')
		p++;
	return p;
}

/* The number of a shared string; longer ones are for others to refuse. */
static inline const char *take_index(const char *p, uint32_t *index_r)
{
	const char *end = p + COUNT_DIGITS;
	uint32_t index = 0;

	for (; is_digit(*p) && p < end; p++)
		index = index * 10 + (uint32_t)(*p - '0');
	*index_r = index;
	return p;
}

/* What stands between the tags of a cell. */
static inline bool take_value(const char **p_r, struct xlsx_cell *c,
			      struct slice *value_r)
{
	enum xlsx_type type = c->type;
	const char *p = *p_r, *from;

	if (type == XLSX_TYPE_INLINE)
		return take(p_r, SLICE("<is>")) && take_string(p_r, value_r) &&
		       take(p_r, SLICE("</is>"));
	if (!take(&p, SLICE("<v>")))
		return false;
	from = p;
	if (type == XLSX_TYPE_FORMULA) {
		if (!take_text(&p, value_r))
			return false;
	} else {
		p = type == XLSX_TYPE_SHARED ? take_index(p, &c->string) : take_number(p);
		*value_r = (struct slice){ from, (size_t)(p - from) };
	}
	*p_r = p;
	return p > from && take(p_r, SLICE("</v>"));
}

const char *xlsx_plain_cell(const char *p, const struct xlsx_row *row,
			    const struct xlsx_place_end *end, struct xlsx_plain *c)
{
	c->cell.style = c->cell.string = 0;
	c->cell.type = XLSX_TYPE_NUMBER;
	c->value = (struct slice){ p, 0 };
	if (!take(&p, SLICE("<c r=\"")) || !take_place(&p, row, end, &c->cell.column))
		return NULL;
	if (take(&p, SLICE(" s=\"")) && !take_style(&p, &c->cell.style))
		return NULL;
	if (take(&p, SLICE(" t=\"")) && !take_type(&p, &c->cell.type))
		return NULL;
	if (*p == '/')
		return p[1] == '>' ? p + 2 : NULL;
	if (*p++ != '>' || !take_value(&p, &c->cell, &c->value) ||
	    !take(&p, SLICE("</c>")))
		return NULL;
	return p;
}

const char *xlsx_plain_string(const char *p, struct slice *text_r)
{
	if (!take(&p, SLICE("<si>")) || !take_string(&p, text_r) ||
	    !take(&p, SLICE("</si>")))
		return NULL;
	return p;
}
