/*
 * What a worksheet's strings and references need beyond XML. Ignorant of XML.
 */
#include "parse/cell_text.h"

#include "parse/utf8.h"

enum { ESCAPE = 7, REPLACEMENT = 0xFFFD }; /* bytes of _xHHHH_ */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "_x" 4HEXDIG "_" at the front of s (ECMA-376 part 1, 22.9.2.19). */
static bool escape_at(struct slice s, uint32_t *unit_r)
{
	uint32_t unit = 0;

	if (s.n < ESCAPE || s.p[0] != '_' || s.p[1] != 'x' || s.p[ESCAPE - 1] != '_')
		return false;
	for (size_t i = 2; i < ESCAPE - 1; i++) {
		int digit = hex_digit(s.p[i]);

		if (digit < 0)
			return false;
		unit = unit << 4 | (uint32_t)digit;
	}
	*unit_r = unit;
	return true;
}

/* Takes one escape, or the two that make a surrogate pair, off the front of s. */
static bool take_escape(struct slice *s, uint32_t *code_r)
{
	uint32_t high, low;

	if (!escape_at(*s, &high))
		return false;
	(void)slice_take(s, ESCAPE);
	*code_r = high;
	if (high >= 0xD800 && high <= 0xDFFF) {
		*code_r = REPLACEMENT;
		if (high < 0xDC00 && escape_at(*s, &low) && low >= 0xDC00 &&
		    low <= 0xDFFF) {
			(void)slice_take(s, ESCAPE);
			*code_r = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
		}
	} else if (high == 0) {
		*code_r = REPLACEMENT;
	}
	return true;
}

size_t cell_unescape(char *p, size_t n)
{
	struct slice rest = { p, n };
	const char *first = slice_find(rest, '_');
	size_t used;
	uint32_t code;

	if (first == NULL)
		return n;
	used = (size_t)(first - p);
	(void)slice_take(&rest, used);
	while (rest.n > 0)
		if (take_escape(&rest, &code))
			used += utf8_put(code, p + used);
		else
			p[used++] = *slice_take(&rest, 1).p;
	return used;
}

bool cell_fits(struct slice s, uint32_t max)
{
	size_t units = 0;

	if (s.n <= max)
		return true;
	if (s.n / 3 > max) /* no unit has more than three bytes */
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		/* A sequence of four bytes is a surrogate pair, any shorter one a unit.
		 */
		units += (size_t)((c & 0xC0) != 0x80) + (size_t)(c >= 0xF0);
	}
	return units <= max;
}

const char *cell_column_name(uint32_t column, char *to)
{
	char name[CELL_COLUMN_MAX];
	size_t n = 0;

	/* Bijective base 26: there is no digit zero. */
	for (uint64_t rest = (uint64_t)column + 1; rest > 0; rest = (rest - 1) / 26)
		name[n++] = (char)('A' + (rest - 1) % 26);
	for (size_t i = 0; i < n; i++)
		to[i] = name[n - 1 - i];
	to[n] = '\0';
	return to;
}
