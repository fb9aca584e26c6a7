/*
 * The JSON writer. Ignorant of what is written and for whom.
 */
#include "parse/json_write.h"

#include "parse/utf8.h"

#include <inttypes.h>

/*
 * RFC 8259 section 7:
 *   char = unescaped / escape ( %x22 / %x5C / %x2F / %x62 / %x66 / %x6E / %x72 / %x74 /
 *          %x75 4HEXDIG )
 *   unescaped = %x20-21 / %x23-5B / %x5D-10FFFF
 * The letter behind the backslash, 'u' for the long form, 0 for unescaped.
 */
static char escape_letter(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return c < 0x20 ? 'u' : 0;
	}
}

static const struct slice replacement = SLICE_INIT("\xef\xbf\xbd"); /* U+FFFD */

/* ASCII that is written as it is: escape_letter() has none for it. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The length of what s begins with beyond ASCII, when that is valid: of one to four
 * bytes, so that no byte is looked at often. */
static size_t beyond_ascii(struct slice s)
{
	size_t n = 0;

	while (n < s.n && n < 4 && (unsigned char)s.p[n] >= 0x80)
		n++;
	return utf8_valid_prefix((struct slice){ s.p, n });
}

/* Takes the bytes at the front of *s that stand for themselves. */
static struct slice take_plain(struct slice *s)
{
	size_t n = 0, more;

	do {
		while (n < s->n && is_plain((unsigned char)s->p[n]))
			n++;
		more = beyond_ascii(slice_from(*s, n));
		n += more;
	} while (more > 0);
	return slice_take(s, n);
}

/* Takes one byte that cannot stand for itself and says how it is written. */
static struct slice take_escape(struct slice *s, char to[6])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char c = (unsigned char)*slice_take(s, 1).p;
	char letter = escape_letter(c);

	if (c == 0 || c >= 0x80)
		return replacement;
	to[0] = '\\';
	to[1] = letter;
	if (letter != 'u')
		return (struct slice){ to, 2 };
	to[2] = '0';
	to[3] = '0';
	to[4] = hex[c >> 4];
	to[5] = hex[c & 0xf];
	return (struct slice){ to, 6 };
}

size_t json_string_size(struct slice s)
{
	size_t n = 2;
	char esc[6];

	while (s.n > 0) {
		n += take_plain(&s).n;
		if (s.n > 0)
			n += take_escape(&s, esc).n;
	}
	return n;
}

static char *put(char *to, struct slice s)
{
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	return to + s.n;
}

char *json_string_put(struct slice s, char *to)
{
	char esc[6];

	*to++ = '"';
	while (s.n > 0) {
		to = put(to, take_plain(&s));
		if (s.n > 0)
			to = put(to, take_escape(&s, esc));
	}
	*to++ = '"';
	return to;
}

/* A value's last byte is a quote, a closing bracket, a digit, or a letter of true,
 * false or null. */
static int comma(struct buf *b, struct err *e)
{
	char c = b->n == 0 ? '\0' : slice_lower(b->p[b->n - 1]);

	if (c != '"' && c != '}' && c != ']' && !(c >= '0' && c <= '9') &&
	    !(c >= 'a' && c <= 'z'))
		return 0;
	return buf_byte(b, ',', e);
}

int json_write_raw(struct buf *b, struct slice json, struct err *e)
{
	return comma(b, e) < 0 ? -1 : buf_add(b, json, e);
}

int json_write_object(struct buf *b, struct err *e)
{
	return json_write_raw(b, SLICE("{"), e);
}

int json_write_object_end(struct buf *b, struct err *e)
{
	return buf_byte(b, '}', e);
}

int json_write_array(struct buf *b, struct err *e)
{
	return json_write_raw(b, SLICE("["), e);
}

int json_write_array_end(struct buf *b, struct err *e)
{
	return buf_byte(b, ']', e);
}

int json_write_string(struct buf *b, struct slice s, struct err *e)
{
	size_t n = json_string_size(s);

	if (s.p == NULL)
		return json_write_null(b, e);
	if (comma(b, e) < 0 || buf_reserve(b, n, e) < 0)
		return -1;
	(void)json_string_put(s, b->p + b->n);
	b->n += n;
	return 0;
}

int json_write_key(struct buf *b, struct slice name, struct err *e)
{
	struct slice key = name.p == NULL ? SLICE("") : name;

	return json_write_string(b, key, e) < 0 ? -1 : buf_byte(b, ':', e);
}

int json_write_int(struct buf *b, int64_t n, struct err *e)
{
	return comma(b, e) < 0 ? -1 : buf_printf(b, e, "%" PRId64, n);
}

int json_write_uint(struct buf *b, uint64_t n, struct err *e)
{
	return comma(b, e) < 0 ? -1 : buf_printf(b, e, "%" PRIu64, n);
}

int json_write_bool(struct buf *b, bool yes, struct err *e)
{
	return json_write_raw(b, yes ? SLICE("true") : SLICE("false"), e);
}

int json_write_null(struct buf *b, struct err *e)
{
	return json_write_raw(b, SLICE("null"), e);
}
