/*
 * Single values in SpreadsheetML's spelling. Ignorant of cells, sheets and archives.
 */
#include "parse/xlsx_text.h"

#include "parse/escape.h"
#include "parse/xlsx_write.h"

#include <stdio.h>

enum { DAY_SECONDS = 86400, TRUSTED_DIGITS = 15 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (slice_lower(c) >= 'a' && slice_lower(c) <= 'f');
}

/* XML 1.0 section 2.2: Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD]
 * | ...; CR is escaped because a parser turns it into LF (2.11). s is not empty. */
static bool is_no_char(struct slice s)
{
	unsigned char c = (unsigned char)s.p[0];

	return (c < 0x20 && c != '\t' && c != '\n') ||
	       slice_starts(s, SLICE("\xEF\xBF\xBE")) ||
	       slice_starts(s, SLICE("\xEF\xBF\xBF"));
}

/* ECMA-376 part 1, 22.9.2.19 (ST_Xstring): _xHHHH_ stands for a character that XML
 * cannot hold; text that looks like one has its first underscore written so. The last
 * one may come from the escape of what is behind it. */
static bool looks_escaped(struct slice s)
{
	return s.n >= 7 && s.p[0] == '_' && s.p[1] == 'x' && is_hex(s.p[2]) &&
	       is_hex(s.p[3]) && is_hex(s.p[4]) && is_hex(s.p[5]) &&
	       (s.p[6] == '_' || is_no_char(slice_from(s, 6)));
}

static struct slice spelling(struct slice s, struct escape_spelling *use)
{
	if (s.p[0] == '_')
		return looks_escaped(s) ? SLICE("_x005F_") : SLICE("");
	if (!is_no_char(s))
		return escape_entity(s.p[0]);
	if (s.p[0] == '\xEF') {
		use->n = 3;
		return s.p[2] == '\xBE' ? SLICE("_xFFFE_") : SLICE("_xFFFF_");
	}
	(void)snprintf(use->room, sizeof(use->room), "_x%04X_", (unsigned)s.p[0]);
	return (struct slice){ use->room, 7 };
}

int xlsx_text_escape(const struct sink *out, struct slice text, struct err *e)
{
	return escape_text(out, text, spelling, e);
}

struct slice xlsx_text_cut(struct slice text)
{
	size_t units = 0;

	if (text.n <= XLSX_MAX_CELL)
		return text;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		/* RFC 3629 section 3: 10xxxxxx goes on, 11110xxx begins what takes a
		 * surrogate pair in UTF-16. */
		units += (c & 0xC0) == 0x80 ? 0 : c >= 0xF0 ? 2 : 1;
		if (units > XLSX_MAX_CELL)
			return (struct slice){ text.p, i };
	}
	return text;
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)?, with at most 15 digits behind the leading zeros */
bool xlsx_text_is_number(struct slice text)
{
	size_t whole, digits = 0;

	if (text.n > 0 && text.p[0] == '-')
		(void)slice_take(&text, 1);
	for (whole = 0; whole < text.n && is_digit(text.p[whole]); whole++)
		;
	if (whole == 0 || (whole > 1 && text.p[0] == '0'))
		return false;
	if (whole < text.n && (text.p[whole] != '.' || whole + 1 == text.n))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (i != whole && !is_digit(text.p[i]))
			return false;
		if (i != whole && (digits > 0 || text.p[i] != '0'))
			digits++;
	}
	return digits <= TRUSTED_DIGITS;
}

/* Takes exactly n digits. */
static bool take_digits(struct slice *s, size_t n, uint32_t *value_r)
{
	struct slice digits = slice_take(s, n);

	*value_r = 0;
	for (size_t i = 0; i < digits.n; i++) {
		if (!is_digit(digits.p[i]))
			return false;
		*value_r = *value_r * 10 + (uint32_t)(digits.p[i] - '0');
	}
	return digits.n == n;
}

static bool take_char(struct slice *s, char c)
{
	struct slice head = slice_take(s, 1);

	return head.n == 1 && head.p[0] == c;
}

static uint32_t month_days(uint32_t year, uint32_t month)
{
	static const uint32_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Days since 1899-12-30, day 0 of the 1900 system from 1900-03-01 on (ECMA-376 part 1,
 * 18.17.4.1: it counts a 29 February 1900 that never was). */
static uint32_t day_serial(uint32_t year, uint32_t month, uint32_t day)
{
	uint32_t past = year - 1;
	uint32_t days = past * 365 + past / 4 - past / 100 + past / 400 + day;

	for (uint32_t m = 1; m < month; m++)
		days += month_days(year, m);
	return days - 693594;
}

static bool take_date(struct slice *s, uint32_t *serial_r)
{
	uint32_t year, month, day;

	if (!take_digits(s, 4, &year) || !take_char(s, '-') ||
	    !take_digits(s, 2, &month) || !take_char(s, '-') || !take_digits(s, 2, &day))
		return false;
	if (year < 1900 || month < 1 || month > 12 || day < 1 ||
	    day > month_days(year, month))
		return false;
	*serial_r = day_serial(year, month, day);
	return *serial_r > 60; /* 1900-03-01 is 61 */
}

/* " HH:MM" or " HH:MM:SS" to the end; 'T' for the space is fine too. */
static bool take_time(struct slice s, uint32_t *seconds_r)
{
	struct slice gap = slice_take(&s, 1);
	uint32_t hour, minute, second = 0;

	if ((gap.p[0] != ' ' && gap.p[0] != 'T') || !take_digits(&s, 2, &hour) ||
	    !take_char(&s, ':') || !take_digits(&s, 2, &minute))
		return false;
	if (s.n > 0 && (!take_char(&s, ':') || !take_digits(&s, 2, &second) || s.n > 0))
		return false;
	*seconds_r = hour * 3600 + minute * 60 + second;
	return hour < 24 && minute < 60 && second < 60;
}

size_t xlsx_text_serial(struct slice text, char to[XLSX_TEXT_SERIAL])
{
	uint32_t day, seconds = 0;
	uint64_t part;
	int n;

	if (!take_date(&text, &day) || (text.n > 0 && !take_time(text, &seconds)))
		return 0;
	/* Twelve digits: a tenth of a microsecond, finer than a double's own step. */
	part = ((uint64_t)seconds * 1000000000000U + DAY_SECONDS / 2) / DAY_SECONDS;
	n = part == 0 ? snprintf(to, XLSX_TEXT_SERIAL, "%u", (unsigned)day)
		      : snprintf(to, XLSX_TEXT_SERIAL, "%u.%012llu", (unsigned)day,
				 (unsigned long long)part);
	return (size_t)n;
}
