/*
 * Dates by the Gregorian calendar, in UTC. Ignorant of the clock and of time zones.
 */
#include "parse/http_date.h"

enum { DAY = 86400, YEAR_MIN = 1970, YEAR_MAX = 9999 };

static const char weekdays[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const int64_t last = INT64_C(253402300799); /* 9999-12-31T23:59:59 */

struct date {
	int64_t year;
	int month, day, weekday; /* from 0, 1, 0 */
	int hour, minute, second;
};

static bool leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 1 && leap(year) ? 29 : days[month];
}

/* Days from 1970-01-01 to January 1st of a year that is not before it. */
static int64_t year_start(int64_t year)
{
	int64_t y =
		year - 1; /* leap days up to the end of the year before; 477 to 1969 */

	return (year - YEAR_MIN) * 365 + (y / 4 - y / 100 + y / 400) - 477;
}

static struct date date_of(int64_t t)
{
	int64_t days = t / DAY, seconds = t % DAY;
	struct date d = { .year = YEAR_MIN + days / 366 };

	while (year_start(d.year + 1) <= days)
		d.year++;
	d.weekday = (int)((days + 4) % 7); /* 1970-01-01 was a Thursday */
	days -= year_start(d.year);
	while (days >= month_days(d.year, d.month))
		days -= month_days(d.year, d.month++);
	d.day = (int)days + 1;
	d.hour = (int)(seconds / 3600);
	d.minute = (int)(seconds / 60 % 60);
	d.second = (int)(seconds % 60);
	return d;
}

/* False for a day that the calendar has not; 60 is a leap second. */
static bool date_value(const struct date *d, int64_t *t_r)
{
	int64_t days = year_start(d->year) + d->day - 1;

	if (d->year < YEAR_MIN || d->day < 1 || d->day > month_days(d->year, d->month) ||
	    d->hour > 23 || d->minute > 59 || d->second > 60)
		return false;
	for (int m = 0; m < d->month; m++)
		days += month_days(d->year, m);
	*t_r = ((days * 24 + d->hour) * 60 + d->minute) * 60 + d->second;
	return (days + 4) % 7 == d->weekday;
}

static void digits_put(char *to, int n, int64_t value)
{
	while (n-- > 0) {
		to[n] = (char)('0' + value % 10);
		value /= 10;
	}
}

void http_date_write(int64_t t, char to[HTTP_DATE_SIZE])
{
	struct date d = date_of(t < 0 ? 0 : t > last ? last : t);

	memcpy(to, "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_DATE_SIZE);
	memcpy(to, weekdays + (ptrdiff_t)d.weekday * 3, 3);
	digits_put(to + 5, 2, d.day);
	memcpy(to + 8, months + (ptrdiff_t)d.month * 3, 3);
	digits_put(to + 12, 4, d.year);
	digits_put(to + 17, 2, d.hour);
	digits_put(to + 20, 2, d.minute);
	digits_put(to + 23, 2, d.second);
}

/* The index of the three letters that s begins with, or -1; names have a case. */
static int name_index(struct slice s, const char *names, int count)
{
	for (int i = 0; i < count && s.n >= 3; i++)
		if (memcmp(s.p, names + (ptrdiff_t)i * 3, 3) == 0)
			return i;
	return -1;
}

/*
 * Whether s has a form's shape, and its numbers. In a form D is a digit of the day, _ a
 * digit or a space before one, Y of the year, h, m, s of the time, a the weekday's three
 * letters, b the month's, anything else itself.
 */
static bool form_read(struct slice s, const char *form, struct date *d)
{
	size_t i = 0;

	*d = (struct date){ .month = -1, .weekday = -1 };
	for (; i < s.n && form[i] != '\0'; i++) {
		int digit = s.p[i] - '0';
		bool is_digit = digit >= 0 && digit <= 9;

		switch (form[i]) {
		case 'a':
			if (d->weekday < 0)
				d->weekday = name_index(slice_from(s, i), weekdays, 7);
			if (d->weekday < 0)
				return false;
			continue;
		case 'b':
			if (d->month < 0)
				d->month = name_index(slice_from(s, i), months, 12);
			if (d->month < 0)
				return false;
			continue;
		case '_':
			if (s.p[i] == ' ')
				continue;
			d->day = digit;
			break;
		case 'D':
			d->day = d->day * 10 + digit;
			break;
		case 'Y':
			d->year = d->year * 10 + digit;
			break;
		case 'h':
			d->hour = d->hour * 10 + digit;
			break;
		case 'm':
			d->minute = d->minute * 10 + digit;
			break;
		case 's':
			d->second = d->second * 10 + digit;
			break;
		default:
			if (s.p[i] != form[i])
				return false;
			continue;
		}
		if (!is_digit)
			return false;
	}
	return form[i] == '\0' && i == s.n;
}

/* rfc850-date has the weekday's whole name: leaves its first three letters in *s. */
static bool long_weekday(struct slice s, struct slice *rest, int *weekday)
{
	static const char *const names[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
					     "Thursday", "Friday", "Saturday" };
	const char *comma = slice_find(s, ',');

	if (comma == NULL)
		return false;
	*rest = slice_from(s, (size_t)(comma - s.p));
	s.n = (size_t)(comma - s.p);
	for (*weekday = 0; *weekday < 7; (*weekday)++)
		if (slice_eq(s, slice_str(names[*weekday])))
			return true;
	return false;
}

/* "a timestamp that appears to be more than 50 years in the future" is in the past */
static int64_t whole_year(int64_t two_digits, int64_t now)
{
	int64_t this_year = date_of(now < 0 ? 0 : now > last ? last : now).year;
	int64_t year = this_year - this_year % 100 + two_digits;

	return year > this_year + 50 ? year - 100 : year;
}

bool http_date_parse(struct slice s, int64_t now, int64_t *t_r)
{
	struct slice rest;
	struct date d;
	int weekday;

	if (form_read(s, "aaa, DD bbb YYYY hh:mm:ss GMT", &d) ||
	    form_read(s, "aaa bbb _D hh:mm:ss YYYY", &d))
		return date_value(&d, t_r);
	if (!long_weekday(s, &rest, &weekday) ||
	    !form_read(rest, ", DD-bbb-YY hh:mm:ss GMT", &d))
		return false;
	d.weekday = weekday;
	d.year = whole_year(d.year, now);
	return date_value(&d, t_r);
}
