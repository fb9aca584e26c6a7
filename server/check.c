/*
 * Value checks. Ignorant of requests.
 */
#include "server/check.h"

#include "parse/utf8.h"

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool hex(char c)
{
	c = slice_lower(c);
	return digit(c) || (c >= 'a' && c <= 'f');
}

/* v against a pattern: 9 is a digit, x a hexadecimal one, the rest stands for itself. */
static bool fits(struct slice v, struct slice pattern)
{
	if (v.n != pattern.n)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		char p = pattern.p[i], c = v.p[i];

		if (p == '9'   ? !digit(c)
		    : p == 'x' ? !hex(c)
			       : slice_lower(c) != slice_lower(p))
			return false;
	}
	return true;
}

int check_uuid(const char *field, struct slice v, struct err *e)
{
	if (v.p == NULL || fits(v, SLICE("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")))
		return 0;
	return err_set(e, ERR_INPUT, "field \"%s\" must be a UUID", field);
}

int check_id(const char *field, struct slice v, struct err *e)
{
	bool good = v.n > 0 && v.n <= 18;

	for (size_t i = 0; good && i < v.n; i++)
		good = digit(v.p[i]);
	if (v.p == NULL || good)
		return 0;
	return err_set(e, ERR_INPUT, "field \"%s\" must be a whole number", field);
}

/* Of valid text: every byte but those that continue a character begins one. */
static size_t characters(struct slice v)
{
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n += ((unsigned char)v.p[i] & 0xc0) != 0x80;
	return n;
}

int check_label(const char *field, struct slice v, size_t max, struct err *e)
{
	if (!utf8_valid(v))
		return err_set(e, ERR_INPUT, "field \"%s\" is not valid UTF-8", field);
	if (characters(v) > max)
		return err_set(e, ERR_INPUT, "field \"%s\" is longer than %zu characters",
			       field, max);
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < 0x20 || v.p[i] == 0x7f)
			return err_set(e, ERR_INPUT,
				       "field \"%s\" holds a control character", field);
	return 0;
}

static unsigned two(const char *p)
{
	return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
}

/* "2025-01-31": a day of the calendar. */
static bool is_date(struct slice v)
{
	static const unsigned days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned year, month, day;

	if (!fits(v, SLICE("9999-99-99")))
		return false;
	year = two(v.p) * 100 + two(v.p + 2);
	month = two(v.p + 5);
	day = two(v.p + 8);
	if (year == 0 || month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	return month != 2 || day != 29 ||
	       (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

/* "T08:05:00" and at most nine digits of a fraction; takes them from *v. */
static bool take_clock(struct slice *v)
{
	struct slice t = slice_take(v, 9);
	size_t digits = 0;

	if (!fits(t, SLICE("t99:99:99")) && !fits(t, SLICE(" 99:99:99")))
		return false;
	if (two(t.p + 1) > 23 || two(t.p + 4) > 59 || two(t.p + 7) > 59)
		return false;
	if (!slice_starts(*v, SLICE(".")))
		return true;
	(void)slice_take(v, 1);
	for (; v->n > 0 && digit(v->p[0]); digits++)
		(void)slice_take(v, 1);
	return digits > 0 && digits <= 9;
}

static bool is_offset(struct slice v)
{
	if (fits(v, SLICE("z")))
		return true;
	return (fits(v, SLICE("+99:99")) || fits(v, SLICE("-99:99"))) &&
	       two(v.p + 1) <= 14 && two(v.p + 4) <= 59;
}

int check_time(const char *field, struct slice v, struct err *e)
{
	struct slice rest = v;

	if (v.p == NULL)
		return 0;
	if (is_date(slice_take(&rest, 10)) &&
	    (rest.n == 0 || (take_clock(&rest) && is_offset(rest))))
		return 0;
	return err_set(e, ERR_INPUT,
		       "field \"%s\" must be a time like 2025-01-31T08:05:00+08:00",
		       field);
}
