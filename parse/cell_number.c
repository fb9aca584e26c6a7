/*
 * Numbers of a sheet as values and as their shortest text. Ignorant of styles: it
 * does not know which number is shown as a date.
 *
 * A decimal of at most 15 significant digits survives the way to a double and
 * back, and two such decimals never give one double. So a number written with no
 * more digits already holds its shortest text, and no conversion is made for it:
 * that is nearly every cell of a manifest.
 */
#include "parse/cell_number.h"

#include "parse/xml_char.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	EXACT_DIGITS = 15,    /* decimal digits that any double keeps */
	EXACT_POWER = 22,     /* the largest power of ten that is a double exactly */
	LONGEST_NUMBER = 400, /* bytes; nobody writes more digits */
	MAX_EXPONENT = 9999,
	MANTISSA_DIGITS = 19, /* fit in 64 bits */
	LONGEST_PLAIN = 24,   /* bytes that may hold so many */
	LONG_BEHIND = 17,     /* digits behind the point that divide() takes */
	SMALL_ZEROS = 6       /* 0.000001 is still written so */
};

static const double exact_power[EXACT_POWER + 1] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,
						     1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
						     1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
						     1e18, 1e19, 1e20, 1e21, 1e22 };

/* A number's significant digits: 0.DDDD times 10^point, none for zero. */
struct decimal {
	bool negative;
	char digit[EXACT_DIGITS + 2]; /* '0' to '9', neither end is '0' */
	size_t n;
	size_t total; /* digits met, when there were more than fit */
	int point;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One digit of the mantissa. Leading zeros only move the point. */
static void take_digit(struct decimal *d, char c, bool behind_point)
{
	if (d->total == 0 && c == '0') {
		d->point -= behind_point;
		return;
	}
	if (d->n < sizeof(d->digit))
		d->digit[d->n++] = c;
	d->total++;
	d->point += !behind_point;
}

/* [+-]?[0-9]+ behind the E; clamped, so that no exponent overflows. */
static bool read_exponent(struct slice s, int *exponent_r)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	int value = 0;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		(void)slice_take(&s, 1);
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
		if (value <= MAX_EXPONENT)
			value = value * 10 + (s.p[i] - '0');
	}
	*exponent_r = negative ? -value : value;
	return true;
}

/* XML Schema part 2, 3.2.5.1: [+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([Ee][+-]?[0-9]+)? */
static bool read_decimal(struct slice s, struct decimal *d)
{
	bool point = false, any = false;
	int exponent = 0;

	*d = (struct decimal){ .negative = s.n > 0 && s.p[0] == '-' };
	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		(void)slice_take(&s, 1);
	while (s.n > 0 && s.p[0] != 'E' && s.p[0] != 'e') {
		char c = *slice_take(&s, 1).p;

		if (is_digit(c)) {
			take_digit(d, c, point);
			any = true;
		} else if (c == '.' && !point) {
			point = true;
		} else {
			return false;
		}
	}
	if (s.n > 0 && !read_exponent(slice_from(s, 1), &exponent))
		return false;
	while (d->total == d->n && d->n > 0 && d->digit[d->n - 1] == '0')
		d->total = --d->n;
	d->point += exponent;
	return any;
}

/* Writes the digits with their point: the layout that cell_number.h promises */
static size_t write_decimal(const struct decimal *d, char *to)
{
	size_t n = 0, point = d->point > 0 ? (size_t)d->point : 0;

	if (d->n == 0) {
		to[0] = '0';
		return 1;
	}
	if (d->negative)
		to[n++] = '-';
	if (d->point > 21 || d->point <= -6) {
		to[n++] = d->digit[0];
		if (d->n > 1) {
			to[n++] = '.';
			memcpy(to + n, d->digit + 1, d->n - 1);
			n += d->n - 1;
		}
		return n + (size_t)snprintf(to + n, CELL_NUMBER_MAX - n, "E%+d",
					    d->point - 1);
	}
	if (point == 0) {
		to[n++] = '0';
		to[n++] = '.';
		for (int i = d->point; i < 0; i++)
			to[n++] = '0';
		memcpy(to + n, d->digit, d->n);
		return n + d->n;
	}
	if (point >= d->n) {
		memcpy(to + n, d->digit, d->n);
		memset(to + n + d->n, '0', point - d->n);
		return n + point;
	}
	memcpy(to + n, d->digit, point);
	to[n + point] = '.';
	memcpy(to + n + point + 1, d->digit + point, d->n - point);
	return n + d->n + 1;
}

/* At most 15 digits and a power of ten that is exact: one correctly rounded
 * operation (W. Clinger, How to read floating point numbers accurately, 1990). */
static bool exact_value(const struct decimal *d, double *value_r)
{
	int shift = d->point - (int)d->n;
	int64_t mantissa = 0;
	double value;

	if (d->total > EXACT_DIGITS || shift > EXACT_POWER || shift < -EXACT_POWER)
		return false;
	for (size_t i = 0; i < d->n; i++)
		mantissa = mantissa * 10 + (d->digit[i] - '0');
	value = (double)mantissa;
	value = shift < 0 ? value / exact_power[-shift] : value * exact_power[shift];
	*value_r = d->negative ? -value : value;
	return true;
}

size_t cell_number_text(double value, char *to)
{
	char text[CELL_NUMBER_MAX];
	struct decimal d;
	bool finite;
	int digits;

	if (value == 0) {
		to[0] = '0';
		return 1;
	}
	/* What lies below the normal range holds fewer digits than 15. */
	digits = value < DBL_MIN && value > -DBL_MIN ? 1 : EXACT_DIGITS;
	for (; digits <= EXACT_DIGITS + 2; digits++) {
		(void)snprintf(text, sizeof(text), "%.*e", digits - 1, value);
		if (strtod(text, NULL) == value)
			break;
	}
	finite = read_decimal(slice_str(text), &d);
	assert(finite);
	return write_decimal(&d, to);
}

static int not_a_number(struct slice s, struct err *e)
{
	return err_set(e, ERR_INPUT, "\"%.*s\" is not a number",
		       (int)(s.n < 40 ? s.n : 40), s.n > 0 ? s.p : "");
}

/*
 * -?[0-9]+(\.[0-9]+)? as an integer and how many of its digits stand behind the point:
 * all that programs write but for exponents.
 */
struct plain {
	uint64_t mantissa;
	size_t digits; /* of the mantissa, leading zeros left out */
	size_t behind; /* of them and of those zeros, behind the point */
	size_t n;      /* bytes of the shortest text, when `shortest` */
	bool negative;
	bool shortest; /* the text begins with its shortest text */
};

static size_t take_digits(struct slice s, size_t i, uint64_t *value)
{
	for (; i < s.n && is_digit(s.p[i]); i++)
		*value = *value * 10 + (uint64_t)(s.p[i] - '0');
	return i;
}

static bool read_plain(struct slice s, struct plain *p)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	size_t first = negative, point, zeros = 0;
	uint64_t value = 0;

	if (s.n > LONGEST_PLAIN)
		return false;
	point = take_digits(s, first, &value);
	p->n = point;
	p->behind = 0;
	if (point == first)
		return false;
	if (point < s.n) {
		p->n = take_digits(s, point + 1, &value);
		p->behind = s.n - point - 1;
		if (s.p[point] != '.' || p->n < s.n || p->behind == 0)
			return false;
		while (s.p[p->n - 1] == '0')
			p->n--;
		p->n -= p->n == point + 1;
	}
	for (size_t i = first; i < s.n && (s.p[i] == '0' || s.p[i] == '.'); i++)
		zeros += s.p[i] == '0';
	p->mantissa = value;
	p->digits = s.n - first - (point < s.n) - zeros;
	if (p->digits > MANTISSA_DIGITS)
		return false;
	p->negative = negative;
	/* -0 is 0, 007 is 7, and 0.0000001 has an exponent */
	p->shortest = p->digits <= EXACT_DIGITS && (!negative || p->digits > 0) &&
		      (point == first + 1 || s.p[first] != '0') &&
		      p->behind < p->digits + SMALL_ZEROS;
	return true;
}

/*
 * mantissa / 10^behind, correctly rounded: the quotient's bits by long division, as many
 * as it takes for what is left over to be far below the last bit of a double.
 */
static bool divide(const struct plain *p, double *value_r)
{
	enum { BITS = 55, FEW = 12, FEW_STEP = 24, LAST = 10, STEP = 7, WORD = 64 };
	static const uint64_t power[LONG_BEHIND + 1] = { UINT64_C(1),
							 UINT64_C(10),
							 UINT64_C(100),
							 UINT64_C(1000),
							 UINT64_C(10000),
							 UINT64_C(100000),
							 UINT64_C(1000000),
							 UINT64_C(10000000),
							 UINT64_C(100000000),
							 UINT64_C(1000000000),
							 UINT64_C(10000000000),
							 UINT64_C(100000000000),
							 UINT64_C(1000000000000),
							 UINT64_C(10000000000000),
							 UINT64_C(100000000000000),
							 UINT64_C(1000000000000000),
							 UINT64_C(10000000000000000),
							 UINT64_C(100000000000000000) };
	int step = p->behind <= FEW ? FEW_STEP : STEP, shift = 0;
	uint64_t by, whole, rest;
	double value;

	if (p->behind > LONG_BEHIND || p->mantissa == 0)
		return false;
	by = power[p->behind]; /* below 2^(64 - step) */
	whole = p->mantissa / by;
	rest = p->mantissa % by;
	while (whole >> (BITS - 1) == 0) {
		int bits = step == STEP || whole >> (WORD - step) == 0 ? step : LAST;

		whole = whole << bits | (rest << bits) / by;
		rest = (rest << bits) % by;
		shift += bits;
	}
	value = ldexp((double)(whole | (rest > 0)), -shift);
	*value_r = p->negative ? -value : value;
	return true;
}

static bool plain_value(const struct plain *p, double *value_r)
{
	double value = (double)p->mantissa;

	if (p->digits > EXACT_DIGITS || p->behind > EXACT_POWER)
		return divide(p, value_r);
	if (p->behind > 0)
		value /= exact_power[p->behind];
	*value_r = p->negative ? -value : value;
	return true;
}

bool cell_number_plain(struct slice s, double *value_r, size_t *n_r)
{
	struct plain p;

	if (!read_plain(s, &p) || !p.shortest)
		return false;
	*n_r = p.n;
	return plain_value(&p, value_r);
}

/* Does the decimal, rounded to 15 digits, give that very double? Then no shorter text
 * does, and no other one of that length. */
static bool rounds_to(struct decimal *d, double value)
{
	size_t n = EXACT_DIGITS;
	bool up = d->n > n && d->digit[n] >= '5';
	double got;

	d->n = d->n < n ? d->n : n;
	for (; up && d->n > 0; d->n -= up) {
		up = d->digit[d->n - 1] == '9';
		if (!up)
			d->digit[d->n - 1]++;
	}
	if (d->n == 0) {
		d->digit[d->n++] = '1';
		d->point++;
	}
	while (d->n > 1 && d->digit[d->n - 1] == '0')
		d->n--;
	d->total = d->n;
	return exact_value(d, &got) && got == value;
}

int cell_number_value(struct slice s, double *value_r, struct err *e)
{
	char text[CELL_NUMBER_MAX];
	struct plain p;
	size_t n;

	if (read_plain(s, &p) && plain_value(&p, value_r))
		return 0;
	return cell_number(s, value_r, text, &n, e);
}

int cell_number(struct slice s, double *value_r, char *to, size_t *n_r, struct err *e)
{
	char text[LONGEST_NUMBER + 1];
	struct decimal d;
	struct plain p;
	double value;

	if (cell_number_plain(s, value_r, n_r)) {
		memcpy(to, s.p, *n_r);
		return 0;
	}
	s = xml_trim(s);
	if (s.n > LONGEST_NUMBER || !read_decimal(s, &d))
		return not_a_number(s, e);
	if (exact_value(&d, value_r)) {
		*n_r = write_decimal(&d, to);
		return 0;
	}
	if (read_plain(s, &p) && divide(&p, value_r) && rounds_to(&d, *value_r)) {
		*n_r = write_decimal(&d, to);
		return 0;
	}
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	value = strtod(text, NULL); /* no program of ours sets a locale */
	if (value > DBL_MAX || value < -DBL_MAX)
		return err_set(e, ERR_INPUT,
			       "\"%.40s\" is larger than any number of a sheet", text);
	*value_r = value;
	*n_r = cell_number_text(value, to);
	return 0;
}
