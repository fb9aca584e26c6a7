/*
 * Runs of text with other spellings between them. Ignorant of what must be escaped where.
 */
#include "parse/escape.h"

#include "parse/utf8.h"

struct slice escape_entity(char c)
{
	switch (c) {
	case '&':
		return SLICE("&amp;");
	case '<':
		return SLICE("&lt;");
	case '>':
		return SLICE("&gt;");
	case '"':
		return SLICE("&quot;");
	default:
		return SLICE("");
	}
}

static bool may_differ(unsigned char c)
{
	return c < 0x20 || c > 0x7E || c == '&' || c == '<' || c == '>' || c == '"' ||
	       c == '\'' || c == '_';
}

static int put(const struct sink *out, struct slice s, struct err *e)
{
	return s.n == 0 ? 0 : out->write(out->to, s, e);
}

static int escape_valid(const struct sink *out, struct slice text, escape_fn *other,
			struct err *e)
{
	struct slice plain = { text.p, 0 };

	while (text.n > 0) {
		struct escape_spelling use = { .n = 1 };
		struct slice as = SLICE("");

		if (may_differ((unsigned char)text.p[0]))
			as = other(text, &use);
		if (as.n == 0) {
			plain.n++;
			(void)slice_take(&text, 1);
			continue;
		}
		if (put(out, plain, e) < 0 || put(out, as, e) < 0)
			return -1;
		(void)slice_take(&text, use.n);
		plain = (struct slice){ text.p, 0 };
	}
	return put(out, plain, e);
}

int escape_text(const struct sink *out, struct slice text, escape_fn *other,
		struct err *e)
{
	while (text.n > 0) {
		struct slice valid = slice_take(&text, utf8_valid_prefix(text));

		if (escape_valid(out, valid, other, e) < 0)
			return -1;
		if (text.n > 0 && put(out, SLICE("\xEF\xBF\xBD"), e) < 0)
			return -1;
		(void)slice_take(&text, 1);
	}
	return 0;
}
