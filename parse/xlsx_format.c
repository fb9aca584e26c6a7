/*
 * Reads a number format only as far as to tell a date from a number. Ignorant of
 * what the value would look like, and of XML.
 */
#include "parse/xlsx_format.h"

/* What the codes of one section show, most telling last. */
enum shown { SHOWS_NOTHING, SHOWS_NUMBER, SHOWS_DATE };

static const struct range {
	uint32_t first, last;
} date_ids[] = {
	{ 14, 22 }, /* dates and times of every language */
	{ 27, 36 }, /* Chinese, Japanese, Korean */
	{ 45, 47 }, /* mm:ss, [h]:mm:ss, mmss.0 */
	{ 50, 58 }, /* Chinese, Japanese, Korean */
	{ 71, 81 }, /* Thai */
};

bool xlsx_format_id_is_date(uint32_t id)
{
	for (size_t i = 0; i < sizeof(date_ids) / sizeof(date_ids[0]); i++)
		if (id >= date_ids[i].first && id <= date_ids[i].last)
			return true;
	return false;
}

/* The inside of [...]: elapsed hours, minutes or seconds ([h], [mm], [ss]) make a
 * time; colours, conditions, currencies and languages ([Red], [>=100], [$-409])
 * show nothing. */
static enum shown bracket(struct slice inside)
{
	char unit = inside.n > 0 ? slice_lower(inside.p[0]) : '\0';

	if (unit != 'h' && unit != 'm' && unit != 's')
		return SHOWS_NOTHING;
	for (size_t i = 1; i < inside.n; i++)
		if (slice_lower(inside.p[i]) != unit)
			return SHOWS_NOTHING;
	return SHOWS_DATE;
}

/* E+ and E- are an exponent; e alone is a year, g an era, b a Buddhist year, which
 * are letters of a date only where no digit is asked for. */
static enum shown era(struct slice rest, enum shown so_far)
{
	if (rest.n > 0 && (rest.p[0] == '+' || rest.p[0] == '-'))
		return SHOWS_NUMBER;
	return so_far == SHOWS_NUMBER ? SHOWS_NUMBER : SHOWS_DATE;
}

/* Takes one code off the front (18.8.31) and says what it shows. */
static enum shown take_code(struct slice *code, enum shown so_far)
{
	static const struct slice general = SLICE_INIT("general");
	struct slice head = *code;
	char c;

	head.n = head.n < general.n ? head.n : general.n;
	if (slice_eq_nocase(head, general)) {
		(void)slice_take(code, general.n);
		return SHOWS_NUMBER;
	}
	c = slice_lower(*slice_take(code, 1).p);
	switch (c) {
	case '"':
		(void)slice_split(code, '"');
		return SHOWS_NOTHING;
	case '\\': /* the next character as it is */
	case '_':  /* a space as wide as the next character */
	case '*':  /* the next character as often as it fits */
		(void)slice_take(code, 1);
		return SHOWS_NOTHING;
	case '[':
		return bracket(slice_split(code, ']'));
	case 'y':
	case 'm':
	case 'd':
	case 'h':
	case 's':
		return SHOWS_DATE;
	case 'e':
	case 'g':
	case 'b':
		return era(*code, so_far);
	case '0':
	case '#':
	case '?':
	case '@':
		return SHOWS_NUMBER;
	default:
		return SHOWS_NOTHING;
	}
}

/* Up to four sections, for positive, negative, zero and text, or each with its
 * condition. The first that shows anything but literals decides: a date's other
 * sections are "@" or a note, a number's never hold a date. */
bool xlsx_format_is_date(struct slice code)
{
	enum shown section = SHOWS_NOTHING;

	while (code.n > 0) {
		enum shown code_shows;

		if (code.p[0] == ';') {
			if (section != SHOWS_NOTHING)
				break;
			(void)slice_take(&code, 1);
			continue;
		}
		code_shows = take_code(&code, section);
		if (code_shows > section)
			section = code_shows;
	}
	return section == SHOWS_DATE;
}
