/*
 * Serial dates as ISO text and back. Ignorant of styles and of time zones: a
 * sheet's dates have none.
 */
#include "parse/cell_date.h"

#include <stdint.h>
#include <stdio.h>

enum {
	DAY_MS = 86400000,
	DAY_SECONDS = 86400,
	WRONG_LEAP_DAY = 60,     /* 1900-02-29, which never was */
	LAST_DAY = 2958465,      /* 9999-12-31 */
	DAYS_TO_1900 = 693900,   /* 0000-03-01 to 1899-12-31, which is serial 0 */
	DAYS_OF_ERA = 146097,    /* 400 years */
	DAYS_OF_CENTURY = 36524, /* the first three of an era */
	DAYS_OF_FOUR = 1461      /* years */
};

/* Days before each month of a year that begins in March, so that the leap day is
 * the last one. */
static const int before_month[13] = { 0,   31,  61,  92,  122, 153, 184,
				      214, 245, 275, 306, 337, 366 };

struct day {
	int year, month, day;
};

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The Gregorian date that lies `days` behind 0000-03-01. */
static struct day day_of(int days)
{
	int era = days / DAYS_OF_ERA, rest = days % DAYS_OF_ERA;
	int century = rest / DAYS_OF_CENTURY < 3 ? rest / DAYS_OF_CENTURY : 3;
	int four, one, year, month = 0;

	rest -= century * DAYS_OF_CENTURY;
	four = rest / DAYS_OF_FOUR;
	rest -= four * DAYS_OF_FOUR;
	one = rest / 365 < 3 ? rest / 365 : 3;
	rest -= one * 365;
	year = era * 400 + century * 100 + four * 4 + one;
	while (rest >= before_month[month + 1])
		month++;
	return (struct day){ month < 10 ? year : year + 1,
			     month < 10 ? month + 3 : month - 9,
			     rest - before_month[month] + 1 };
}

/* Its inverse, of a date that exists. */
static int days_to(struct day d)
{
	int month = d.month > 2 ? d.month - 3 : d.month + 9;
	int year = d.month > 2 ? d.year : d.year - 1;

	return year * 365 + year / 4 - year / 100 + year / 400 + before_month[month] +
	       d.day - 1;
}

static struct day serial_day(int serial)
{
	if (serial == WRONG_LEAP_DAY)
		return (struct day){ 1900, 2, 29 };
	return day_of(DAYS_TO_1900 + serial - (serial > WRONG_LEAP_DAY));
}

/* Two or four digits, as wide as the number must be. */
static char *put(char *to, int value, int digits, char behind)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		to[i] = (char)('0' + value % 10);
	to[digits] = behind;
	return to + digits + 1;
}

/* The text of a serial that was rounded to milliseconds. */
static size_t put_ms(int64_t ms, char *to)
{
	int day = (int)(ms / DAY_MS), rest = (int)(ms % DAY_MS);
	char *at = to;

	if (day > LAST_DAY)
		return 0;
	if (day > 0) {
		struct day d = serial_day(day);

		at = put(at, d.year, 4, '-');
		at = put(at, d.month, 2, '-');
		at = put(at, d.day, 2, ' ');
	}
	at = put(at, rest / 3600000, 2, ':');
	at = put(at, rest / 60000 % 60, 2, ':');
	at = put(at, rest / 1000 % 60, 2, '.');
	if (rest % 1000 != 0)
		at = put(at, rest % 1000, 3, '.');
	return (size_t)(at - to) - 1;
}

static bool in_calendar(double serial)
{
	return serial >= 0 && serial < LAST_DAY + 1;
}

size_t cell_date_text(double serial, char *to)
{
	return in_calendar(serial) ? put_ms((int64_t)(serial * (double)DAY_MS + 0.5), to)
				   : 0;
}

size_t cell_date_text_seconds(double serial, char *to)
{
	if (!in_calendar(serial))
		return 0;
	return put_ms((int64_t)(serial * (double)DAY_SECONDS + 0.5) * 1000, to);
}

/* Takes exactly that many digits. */
static bool take_digits(struct slice *s, size_t digits, int *value_r)
{
	struct slice part = slice_take(s, digits);

	*value_r = 0;
	for (size_t i = 0; i < part.n; i++) {
		if (part.p[i] < '0' || part.p[i] > '9')
			return false;
		*value_r = *value_r * 10 + (part.p[i] - '0');
	}
	return part.n == digits;
}

static bool take_byte(struct slice *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	(void)slice_take(s, 1);
	return true;
}

/* YYYY "-" MM "-" DD */
static bool take_day(struct slice *s, int *serial_r)
{
	struct day d;
	int month, length;

	if (!take_digits(s, 4, &d.year) || !take_byte(s, '-') ||
	    !take_digits(s, 2, &d.month) || !take_byte(s, '-') ||
	    !take_digits(s, 2, &d.day))
		return false;
	if (d.year < 1900 || d.month < 1 || d.month > 12 || d.day < 1)
		return false;
	month = d.month > 2 ? d.month - 3 : d.month + 9;
	length = before_month[month + 1] - before_month[month];
	if (d.day > length || (d.month == 2 && d.day == 29 && !is_leap(d.year)))
		return false;
	*serial_r = days_to(d) - DAYS_TO_1900;
	*serial_r += *serial_r >= WRONG_LEAP_DAY;
	return true;
}

/* hh ":" mm [":" ss ["." digits]] */
static bool take_time(struct slice *s, double *ms_r)
{
	int hour, minute, second = 0;
	double scale = 100;

	if (!take_digits(s, 2, &hour) || !take_byte(s, ':') ||
	    !take_digits(s, 2, &minute))
		return false;
	if (take_byte(s, ':') && !take_digits(s, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	*ms_r = ((hour * 60 + minute) * 60 + second) * 1000.0;
	if (!take_byte(s, '.'))
		return true;
	if (s->n == 0)
		return false;
	while (s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9') {
		*ms_r += (*slice_take(s, 1).p - '0') * scale;
		scale /= 10;
	}
	return true;
}

bool cell_date_serial(struct slice iso, double *serial_r)
{
	bool has_day = slice_find(iso, '-') != NULL;
	int day = 0;
	double ms = 0;

	if (has_day && !take_day(&iso, &day))
		return false;
	if (iso.n > 0 || !has_day) {
		if (!take_byte(&iso, 'T') && !(has_day && take_byte(&iso, ' ')) &&
		    has_day)
			return false;
		if (!take_time(&iso, &ms))
			return false;
		(void)take_byte(&iso, 'Z');
	}
	*serial_r = day + ms / (double)DAY_MS;
	return iso.n == 0;
}
