/*
 * Waybill numbers. Ignorant of couriers: a number is whatever was uploaded and is then
 * scanned, so both come through here.
 */
#include "parse/waybill_number.h"

#include "parse/date_text.h"
#include "parse/num.h"
#include "parse/text.h"
#include "parse/utf8.h"

const struct slice waybill_number_unmended = SLICE_INIT(" ?");

static const char empty[] = "no waybill number";
static const char negative[] = "a negative number, not a waybill number";
static const char shows_error[] = "the cell shows an error, not a waybill number";
static const char true_or_false[] = "true or false, not a waybill number";
static const char date[] = "a date, not a waybill number: format the column as text and "
			   "export again";

/* White space, controls and the apostrophe that marks text in a spreadsheet. */
static struct slice trim(struct slice s)
{
	s = text_trim(s);
	if (s.n > 0 && s.p[0] == '\'')
		s = text_trim(slice_from(s, 1));
	return s;
}

/* Whether s can be stored as it is; what can is nearly every number there is. */
static bool is_clean(struct slice s)
{
	if (s.n == 0 || s.n > WAYBILL_NUMBER_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || (s.p[i] >= 'a' && s.p[i] <= 'z'))
			return false;
	return true;
}

/* Full-width forms (U+FF01..FF5E), which no scanner sends, as the ASCII they stand for.
 */
static bool is_wide(uint32_t code)
{
	return code >= 0xff01 && code <= 0xff5e;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_line_break(uint32_t code)
{
	return (code >= '\n' && code <= '\r') || code == 0x85 || code == 0x2028 ||
	       code == 0x2029;
}

/* What is wrong with the white space that s begins with. A line break may well stand
 * between two numbers, so it is not dropped as other control characters are. */
static const char *space_inside(struct slice s)
{
	uint32_t code;

	do {
		code = utf8_get(&s);
		if (is_line_break(code))
			return "a line break inside the waybill number";
	} while (s.n > 0 && text_class(code) == TEXT_SPACE);
	return "a space inside the waybill number";
}

/* Copies trimmed s to `to` in upper case, without control characters when `drop`; NULL,
 * or the reason why it is no number. */
static const char *clean(struct slice s, bool drop, char *to, size_t *n_r)
{
	unsigned chars = 0;

	*n_r = 0;
	while (s.n > 0) {
		struct slice rest = s;
		uint32_t code = utf8_get(&s);
		enum text_class class = text_class(code);
		size_t len = rest.n - s.n;

		if (class == TEXT_CONTROL && drop)
			continue;
		if (class == TEXT_CONTROL)
			return "a control character inside the waybill number";
		if (class == TEXT_SPACE)
			return space_inside(rest);
		if (++chars > WAYBILL_NUMBER_MAX)
			return "a waybill number longer than 64 characters";
		if (is_wide(code))
			to[(*n_r)++] = upper((char)(code - 0xff01 + '!'));
		for (size_t i = 0; i < len && !is_wide(code); i++)
			to[(*n_r)++] = upper(rest.p[i]);
	}
	return *n_r == 0 ? empty : NULL;
}

_Static_assert(WAYBILL_NUMBER_MAX == 64, "the reason above says 64");

/* Fills *number_r, or *reason_r. */
static int number_of(struct slice s, bool drop, struct arena *a, struct slice *number_r,
		     const char **reason_r, struct err *e)
{
	char bytes[4 * WAYBILL_NUMBER_MAX];
	size_t n;

	*reason_r = NULL;
	*number_r = s;
	if (is_clean(s))
		return 0;
	*reason_r = clean(s, drop, bytes, &n);
	if (*reason_r != NULL)
		return 0;
	*number_r = arena_dup(a, (struct slice){ bytes, n });
	return number_r->p == NULL ? err_set(e, ERR_LIMIT, "a row too large") : 0;
}

int waybill_number_normalise(struct slice text, struct arena *a, struct slice *number_r,
			     struct err *e)
{
	const char *reason;

	if (!utf8_valid(text))
		return err_set(e, ERR_INPUT, "a waybill number that is not UTF-8");
	if (number_of(trim(text), false, a, number_r, &reason, e) < 0)
		return -1;
	return reason == NULL ? 0 : err_set(e, ERR_INPUT, "%s", reason);
}

/* Why a number's cell cannot be trusted with an identifier, or NULL. */
static const char *number_fault(double number, struct slice text)
{
	if (number < 0)
		return negative;
	if (number >= 1e15)
		return "Excel keeps only 15 digits of a number, the rest of this one is "
		       "lost: format the column as text and export again";
	if (slice_find(text, '.') != NULL || slice_find(text, 'E') != NULL)
		return "not a whole number";
	return NULL;
}

/* What programs that do not calculate write for a formula's result. */
static bool is_zero(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '0')
			return false;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Year first or with slashes, and times: 01-02-2025 may well be a number. */
static bool is_date(struct slice s)
{
	bool clock = true, slash = slice_find(s, '/') != NULL;
	struct date_text d;

	for (size_t i = 0; clock && i < s.n; i++)
		clock = is_digit(s.p[i]) || (i > 0 && i + 2 < s.n && s.p[i] == ':');
	if (clock)
		return slice_find(s, ':') != NULL;
	return (slash || (s.n > 4 && s.p[4] == '-')) && date_text_read(s, &d);
}

static bool is_negative(struct slice s)
{
	if (s.n < 2 || s.p[0] != '-' || !is_digit(s.p[1]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!is_digit(s.p[i]) && slice_find(SLICE(".,E+"), s.p[i]) == NULL)
			return false;
	return true;
}

/* Texts that a spreadsheet made of its own values: a CSV file has nothing but their
 * texts. NULL, or why they are no number. */
static const char *text_fault(struct slice s)
{
	if (text_is_error(s))
		return shows_error;
	if (slice_eq_nocase(s, SLICE("true")) || slice_eq_nocase(s, SLICE("false")))
		return true_or_false;
	if (is_negative(s))
		return negative;
	if (is_digit(s.p[0]) && is_date(s))
		return date;
	if (s.p[s.n - 1] == '?')
		return "marked with ? in a list of rejected rows, which tells why: mend "
		       "it and take the mark off";
	return NULL;
}

int waybill_number_cell(const struct cell *cell, struct arena *a, struct slice *number_r,
			const char **reason_r, struct err *e)
{
	struct slice s = trim(cell->text), digits;
	char whole[NUM_WHOLE_DIGITS];

	*reason_r = NULL;
	*number_r = (struct slice){ NULL, 0 };
	if (cell->kind == CELL_NO_RESULT)
		*reason_r = "the cell is a formula whose result the file does not hold: "
			    "open it in Excel or LibreOffice, save it, and upload that";
	else if (s.n == 0 || text_is_filler(s))
		*reason_r = empty;
	else if (is_zero(s))
		*reason_r = "zero, not a waybill number; if a formula gave it, open the "
			    "file in Excel or LibreOffice, save it, and upload that";
	else if (cell->kind == CELL_NUMBER)
		*reason_r = number_fault(cell->number, s);
	else if (cell->kind == CELL_DATE)
		*reason_r = date;
	else if (cell->kind == CELL_ERROR)
		*reason_r = shows_error;
	else if (cell->kind == CELL_BOOL)
		*reason_r = true_or_false;
	else
		*reason_r = text_fault(s);
	if (*reason_r != NULL)
		return 0;
	switch (num_whole(s, whole, &digits.n)) {
	case NUM_WHOLE:
		digits.p = whole;
		*number_r = arena_dup(a, digits);
		return number_r->p == NULL ? err_set(e, ERR_LIMIT, "a row too large") : 0;
	case NUM_FRACTION:
		*reason_r = "not a whole number";
		return 0;
	case NUM_LOST:
		*reason_r = "digits of the number are lost, a spreadsheet shortened it: "
			    "format the column as text and export again";
		return 0;
	case NUM_OTHER:
		break;
	}
	return number_of(s, true, a, number_r, reason_r, e);
}
