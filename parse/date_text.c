/*
 * Text dates. Ignorant of fields and of the file's other rows: what reads both ways is
 * given back both ways.
 */
#include "parse/date_text.h"

#include "parse/cell_date.h"
#include "parse/num.h"

enum { DATE_LENGTH = 19 };                         /* of "2025-01-31 08:05:00" */
enum { SERIAL_FIRST = 32874, SERIAL_END = 73051 }; /* 1990-01-01, 2100-01-01 */
enum { CENTURY = 2000, NEAR_YEARS = 10 };
enum { YMD_FIRST = 19000101, YMD_LAST = 99991231 };

struct moment {
	unsigned year, month, day, hour, minute, second;
	bool zone;
	char sign; /* of the zone's offset */
	unsigned zone_hour, zone_minute;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take(struct slice *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	(void)slice_take(s, 1);
	return true;
}

static void take_spaces(struct slice *s)
{
	while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
		(void)slice_take(s, 1);
	if (slice_starts(*s, SLICE("\xc2\xa0"))) {
		(void)slice_take(s, 2);
		take_spaces(s);
	}
}

/* min to max digits, not followed by another; returns how many, 0 when there are not. */
static unsigned take_number(struct slice *s, unsigned min, unsigned max, unsigned *v_r)
{
	unsigned n = 0;

	*v_r = 0;
	while (n < s->n && n < max && is_digit(s->p[n]))
		*v_r = *v_r * 10 + (unsigned)(s->p[n++] - '0');
	if (n < min || (n < s->n && is_digit(s->p[n])))
		return 0;
	(void)slice_take(s, n);
	return n;
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30,
					      31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool day_exists(unsigned year, unsigned month, unsigned day)
{
	return year >= 1900 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= month_days(year, month);
}

static char *put_number(char *to, unsigned n, unsigned digits)
{
	for (unsigned i = digits; i > 0; i--) {
		to[i - 1] = (char)('0' + n % 10);
		n /= 10;
	}
	return to + digits;
}

/* Y-m-d H:i:s, and the zone's offset when there is one; returns the length. */
static size_t put(const struct moment *m, char *to)
{
	const unsigned part[] = { m->month, m->day, m->hour, m->minute, m->second };
	static const char before[] = { '-', '-', ' ', ':', ':' };
	char *at = put_number(to, m->year, 4);

	for (size_t i = 0; i < sizeof(before); i++) {
		*at++ = before[i];
		at = put_number(at, part[i], 2);
	}
	if (m->zone) {
		*at++ = m->sign;
		at = put_number(at, m->zone_hour, 2);
		*at++ = ':';
		at = put_number(at, m->zone_minute, 2);
	}
	return (size_t)(at - to);
}

/* English and Indonesian names, long ones before their own abbreviations. */
static unsigned take_month(struct slice *s)
{
	static const struct {
		struct slice name;
		unsigned month;
	} months[] = {
		{ SLICE_INIT("january"), 1 },   { SLICE_INIT("januari"), 1 },
		{ SLICE_INIT("jan"), 1 },       { SLICE_INIT("february"), 2 },
		{ SLICE_INIT("februari"), 2 },  { SLICE_INIT("feb"), 2 },
		{ SLICE_INIT("march"), 3 },     { SLICE_INIT("maret"), 3 },
		{ SLICE_INIT("mar"), 3 },       { SLICE_INIT("april"), 4 },
		{ SLICE_INIT("apr"), 4 },       { SLICE_INIT("may"), 5 },
		{ SLICE_INIT("mei"), 5 },       { SLICE_INIT("june"), 6 },
		{ SLICE_INIT("juni"), 6 },      { SLICE_INIT("jun"), 6 },
		{ SLICE_INIT("july"), 7 },      { SLICE_INIT("juli"), 7 },
		{ SLICE_INIT("jul"), 7 },       { SLICE_INIT("august"), 8 },
		{ SLICE_INIT("agustus"), 8 },   { SLICE_INIT("aug"), 8 },
		{ SLICE_INIT("agu"), 8 },       { SLICE_INIT("agt"), 8 },
		{ SLICE_INIT("ags"), 8 },       { SLICE_INIT("september"), 9 },
		{ SLICE_INIT("sept"), 9 },      { SLICE_INIT("sep"), 9 },
		{ SLICE_INIT("october"), 10 },  { SLICE_INIT("oktober"), 10 },
		{ SLICE_INIT("oct"), 10 },      { SLICE_INIT("okt"), 10 },
		{ SLICE_INIT("november"), 11 }, { SLICE_INIT("nov"), 11 },
		{ SLICE_INIT("december"), 12 }, { SLICE_INIT("desember"), 12 },
		{ SLICE_INIT("dec"), 12 },      { SLICE_INIT("des"), 12 },
	};

	for (size_t i = 0; i < sizeof(months) / sizeof(months[0]); i++) {
		struct slice head = { s->p, months[i].name.n };

		if (s->n >= head.n && slice_eq_nocase(head, months[i].name)) {
			(void)slice_take(s, head.n);
			return months[i].month;
		}
	}
	return 0;
}

static bool take_year(struct slice *s, unsigned *year_r)
{
	struct slice rest = *s;

	if (take_number(s, 4, 4, year_r) != 0)
		return true;
	*s = rest;
	if (take_number(s, 2, 2, year_r) == 0)
		return false;
	*year_r += CENTURY;
	return true;
}

static bool separator(struct slice *s, char *sep_r)
{
	if (s->n == 0 || (s->p[0] != '/' && s->p[0] != '-' && s->p[0] != '.'))
		return false;
	*sep_r = *slice_take(s, 1).p;
	return true;
}

/* What parts a month's name from the day and the year. */
static void take_filling(struct slice *s)
{
	(void)take(s, '.');
	take_spaces(s);
	if (!take(s, '-') && !take(s, '/'))
		(void)take(s, ',');
	take_spaces(s);
}

/* [day filling] month filling [day filling] year */
static bool take_named(struct slice *s, struct moment *m)
{
	bool day = s->n > 0 && is_digit(s->p[0]);

	if (day && take_number(s, 1, 2, &m->day) == 0)
		return false;
	take_filling(s);
	m->month = take_month(s);
	if (m->month == 0)
		return false;
	take_filling(s);
	if (!day && take_number(s, 1, 2, &m->day) == 0)
		return false;
	take_filling(s);
	return take_year(s, &m->year) && day_exists(m->year, m->month, m->day);
}

/* 4DIGIT sep 1*2DIGIT sep 1*2DIGIT, or 8DIGIT */
static bool take_year_first(struct slice *s, struct moment *m)
{
	struct slice rest = *s;
	unsigned ymd;
	char sep, again;

	if (take_number(s, 8, 8, &ymd) != 0) {
		m->year = ymd / 10000;
		m->month = ymd / 100 % 100;
		m->day = ymd % 100;
		return day_exists(m->year, m->month, m->day);
	}
	*s = rest;
	return take_number(s, 4, 4, &m->year) != 0 && separator(s, &sep) &&
	       take_number(s, 1, 2, &m->month) != 0 && separator(s, &again) &&
	       sep == again && take_number(s, 1, 2, &m->day) != 0 &&
	       day_exists(m->year, m->month, m->day);
}

/* 1*2DIGIT sep 1*2DIGIT sep year: month first when both readings exist. */
static bool take_year_last(struct slice *s, struct moment *m, enum date_order_of *order_r)
{
	unsigned first, second;
	char sep, again;
	bool month_first, day_first;

	if (take_number(s, 1, 2, &first) == 0 || !separator(s, &sep) ||
	    take_number(s, 1, 2, &second) == 0 || !separator(s, &again) || sep != again ||
	    !take_year(s, &m->year))
		return false;
	month_first = day_exists(m->year, first, second);
	day_first = day_exists(m->year, second, first);
	if (!month_first && !day_first)
		return false;
	m->month = month_first ? first : second;
	m->day = month_first ? second : first;
	if (month_first && day_first)
		*order_r = first == second ? DATE_FIXED : DATE_EITHER;
	else if (second > 12)
		*order_r = DATE_MONTH_FIRST;
	else
		*order_r = DATE_DAY_FIRST;
	return true;
}

static bool take_date(struct slice *s, struct moment *m, enum date_order_of *order_r)
{
	static bool (*const forms[])(struct slice *, struct moment *) = {
		take_year_first,
		take_named,
	};
	struct slice rest = *s;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		*s = rest;
		if (forms[i](s, m))
			return true;
	}
	*s = rest;
	return take_year_last(s, m, order_r);
}

/* [ "AM" / "PM" ]; some programs write it behind an hour of 0 or 13 to 23 as well. */
static bool take_half(struct slice *s, unsigned *hour)
{
	bool pm;

	take_spaces(s);
	if (s->n < 2 || slice_lower(s->p[1]) != 'm')
		return true;
	pm = slice_lower(s->p[0]) == 'p';
	if (!pm && slice_lower(s->p[0]) != 'a')
		return false;
	(void)slice_take(s, 2);
	if (*hour == 0 || *hour > 12)
		return pm == (*hour > 12);
	*hour = *hour % 12 + (pm ? 12 : 0);
	return true;
}

/* H ":" i [ ":" s [ ( "." / "," ) 1*DIGIT ] ] [half] */
static bool take_time(struct slice *s, struct moment *m)
{
	if (take_number(s, 1, 2, &m->hour) == 0 || !take(s, ':') ||
	    take_number(s, 2, 2, &m->minute) == 0)
		return false;
	if (take(s, ':')) {
		if (take_number(s, 2, 2, &m->second) == 0)
			return false;
		if (s->n > 1 && (s->p[0] == '.' || s->p[0] == ',') && is_digit(s->p[1]))
			for ((void)slice_take(s, 1); s->n > 0 && is_digit(s->p[0]);)
				(void)slice_take(s, 1);
	}
	return take_half(s, &m->hour) && m->hour < 24 && m->minute < 60 && m->second < 60;
}

/* [ "Z" / ( "+" / "-" ) 2DIGIT [ [":"] 2DIGIT ] ]; no zone is 15 hours away. */
static bool take_zone(struct slice *s, struct moment *m)
{
	take_spaces(s);
	if (s->n == 0)
		return true;
	m->zone = true;
	m->sign = *slice_take(s, 1).p;
	if (slice_lower(m->sign) == 'z') {
		m->sign = '+';
		return true;
	}
	if (m->sign != '+' && m->sign != '-')
		return false;
	if (s->n == 4 && take_number(s, 4, 4, &m->zone_hour) != 0) {
		m->zone_minute = m->zone_hour % 100;
		m->zone_hour /= 100;
	} else if (take_number(s, 2, 2, &m->zone_hour) == 0 ||
		   (take(s, ':') && take_number(s, 2, 2, &m->zone_minute) == 0)) {
		return false;
	}
	return m->zone_hour < 15 && m->zone_minute < 60;
}

/* The end of the text, or a time and maybe a zone. */
static bool take_rest(struct slice *s, struct moment *m)
{
	size_t n = s->n;

	if (n == 0)
		return true;
	if (!take(s, 'T') && !take(s, 't')) {
		take_spaces(s);
		(void)take(s, ',');
		take_spaces(s);
	}
	return s->n < n && take_time(s, m) && take_zone(s, m) && s->n == 0;
}

/* 5DIGIT [ "." 1*DIGIT ] */
static bool serial_text(struct slice s, double *serial_r)
{
	unsigned whole;
	double weight = 1;

	if (take_number(&s, 5, 5, &whole) == 0)
		return false;
	*serial_r = whole;
	if (s.n == 0)
		return true;
	if (!take(&s, '.') || s.n == 0)
		return false;
	for (; s.n > 0 && is_digit(s.p[0]); (void)slice_take(&s, 1)) {
		weight /= 10;
		*serial_r += weight * (s.p[0] - '0');
	}
	return s.n == 0;
}

bool date_text_read(struct slice s, struct date_text *d_r)
{
	struct moment m = { 0 };
	double serial;
	unsigned month;

	if (serial_text(s, &serial))
		return date_serial_read(serial, d_r);
	d_r->order = DATE_FIXED;
	d_r->short_year = false;
	if (!take_date(&s, &m, &d_r->order) || !take_rest(&s, &m))
		return false;
	d_r->n = put(&m, d_r->text);
	if (d_r->order != DATE_EITHER)
		return true;
	month = m.month;
	m.month = m.day;
	m.day = month;
	(void)put(&m, d_r->day_first);
	return true;
}

/* 2DIGIT sep 1*2DIGIT sep 1*2DIGIT [ time ] */
static bool year_first_read(struct slice s, struct date_text *d_r)
{
	struct moment m = { 0 };
	char sep, again;

	if (take_number(&s, 2, 2, &m.year) == 0 || !separator(&s, &sep) ||
	    take_number(&s, 1, 2, &m.month) == 0 || !separator(&s, &again) ||
	    sep != again || take_number(&s, 1, 2, &m.day) == 0)
		return false;
	m.year += CENTURY;
	*d_r = (struct date_text){ .order = DATE_FIXED };
	if (!day_exists(m.year, m.month, m.day) || !take_rest(&s, &m))
		return false;
	d_r->n = put(&m, d_r->text);
	return true;
}

static unsigned year_of(const struct date_text *d)
{
	struct slice s = { d->text, 4 };
	unsigned year;

	return take_number(&s, 4, 4, &year) == 0 ? 0 : year;
}

/* Nobody hands a parcel over in the future, and manifests are of these days. */
bool date_text_read_until(struct slice s, const char *last_day, struct date_text *d_r)
{
	bool last = date_text_read(s, d_r), future;
	struct date_text first;
	unsigned year, other;

	if (!last || last_day[0] == '\0' || !year_first_read(s, &first) ||
	    memcmp(first.text, last_day, DATE_DAY_LENGTH) > 0)
		return last;
	future = memcmp(d_r->text, last_day, DATE_DAY_LENGTH) > 0 &&
		 (d_r->order != DATE_EITHER ||
		  memcmp(d_r->day_first, last_day, DATE_DAY_LENGTH) > 0);
	year = year_of(&first);
	other = year_of(d_r);
	if (future || year > other)
		*d_r = first;
	d_r->short_year = !future && year != other &&
			  (year > other ? year - other : other - year) < NEAR_YEARS;
	return true;
}

bool date_serial_read(double serial, struct date_text *d_r)
{
	struct moment m = { 0 };
	unsigned ymd;

	d_r->short_year = false;
	if (serial >= (double)YMD_FIRST && serial <= (double)YMD_LAST) {
		ymd = (unsigned)serial;
		m.year = ymd / 10000;
		m.month = ymd / 100 % 100;
		m.day = ymd % 100;
		if ((double)ymd < serial || !day_exists(m.year, m.month, m.day))
			return false;
		d_r->order = DATE_FIXED;
		d_r->n = put(&m, d_r->text);
		return true;
	}
	if (!(serial >= (double)SERIAL_FIRST && serial < (double)SERIAL_END))
		return false;
	d_r->order = DATE_FIXED;
	/* Rounded to the second as a sheet shows it: a serial of six decimals is off by a
	 * few hundredths, and cutting those would go a second back. */
	d_r->n = cell_date_text_seconds(serial, d_r->text);
	return d_r->n == DATE_LENGTH;
}
