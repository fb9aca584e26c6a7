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

int check_label(const char *field, struct slice v, size_t max, struct err *e)
{
	if (v.n > max)
		return err_set(e, ERR_INPUT, "field \"%s\" is longer than %zu bytes",
			       field, max);
	if (!utf8_valid(v))
		return err_set(e, ERR_INPUT, "field \"%s\" is not valid UTF-8", field);
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < 0x20 || v.p[i] == 0x7f)
			return err_set(e, ERR_INPUT,
				       "field \"%s\" holds a control character", field);
	return 0;
}

int check_time(const char *field, struct slice v, struct err *e)
{
	struct slice rest = v, head = slice_take(&rest, 10);

	if (v.p == NULL)
		return 0;
	if (!fits(head, SLICE("9999-99-99")))
		goto bad;
	if (rest.n == 0)
		return 0;
	head = slice_take(&rest, 9);
	if (!fits(head, SLICE("t99:99:99")) && !fits(head, SLICE(" 99:99:99")))
		goto bad;
	if (slice_starts(rest, SLICE("."))) {
		size_t digits = 0;

		(void)slice_take(&rest, 1);
		while (rest.n > 0 && digit(rest.p[0])) {
			(void)slice_take(&rest, 1);
			digits++;
		}
		if (digits == 0 || digits > 9)
			goto bad;
	}
	if (fits(rest, SLICE("z")) || fits(rest, SLICE("+99:99")) ||
	    fits(rest, SLICE("-99:99")))
		return 0;
bad:
	return err_set(e, ERR_INPUT,
		       "field \"%s\" must be a time like 2025-01-31T08:05:00+08:00",
		       field);
}
