/*
 * Classes of characters, trimming and comparison keys. Ignorant of headings, fields and
 * files: those say which text means what.
 */
#include "parse/text.h"

#include "parse/utf8.h"

/* What is neither letter nor digit outside ASCII, from the Unicode block list. Ranges
 * rise; what no range holds is a letter. */
static const struct range {
	uint32_t first, last;
	enum text_class class;
} ranges[] = {
	{ 0x0080, 0x0084, TEXT_CONTROL }, { 0x0085, 0x0085, TEXT_SPACE },
	{ 0x0086, 0x009f, TEXT_CONTROL }, { 0x00a0, 0x00a0, TEXT_SPACE },
	{ 0x00a1, 0x00a9, TEXT_MARK },    { 0x00ab, 0x00ac, TEXT_MARK },
	{ 0x00ad, 0x00ad, TEXT_CONTROL }, { 0x00ae, 0x00b4, TEXT_MARK },
	{ 0x00b6, 0x00b9, TEXT_MARK },    { 0x00bb, 0x00bf, TEXT_MARK },
	{ 0x00d7, 0x00d7, TEXT_MARK },    { 0x00f7, 0x00f7, TEXT_MARK },
	{ 0x1680, 0x1680, TEXT_SPACE },   { 0x180e, 0x180e, TEXT_CONTROL },
	{ 0x2000, 0x200a, TEXT_SPACE },   { 0x200b, 0x200f, TEXT_CONTROL },
	{ 0x2010, 0x2027, TEXT_MARK },    { 0x2028, 0x2029, TEXT_SPACE },
	{ 0x202a, 0x202e, TEXT_CONTROL }, { 0x202f, 0x202f, TEXT_SPACE },
	{ 0x2030, 0x205e, TEXT_MARK },    { 0x205f, 0x205f, TEXT_SPACE },
	{ 0x2060, 0x206f, TEXT_CONTROL }, { 0x20a0, 0x20cf, TEXT_MARK },
	{ 0x2190, 0x2bff, TEXT_MARK },    { 0x3000, 0x3000, TEXT_SPACE },
	{ 0x3001, 0x3004, TEXT_MARK },    { 0x3008, 0x3020, TEXT_MARK },
	{ 0x3030, 0x3030, TEXT_MARK },    { 0xfe00, 0xfe0f, TEXT_CONTROL },
	{ 0xfe30, 0xfe6f, TEXT_MARK },    { 0xfeff, 0xfeff, TEXT_CONTROL },
	{ 0xff01, 0xff0f, TEXT_MARK },    { 0xff1a, 0xff20, TEXT_MARK },
	{ 0xff3b, 0xff40, TEXT_MARK },    { 0xff5b, 0xff65, TEXT_MARK },
	{ 0xffe0, 0xffef, TEXT_MARK },    { 0xfff9, 0xfffb, TEXT_CONTROL },
	{ 0x1f000, 0x1faff, TEXT_MARK },
};

static enum text_class class_of_ascii(unsigned char c)
{
	if (c == ' ' || (c >= '\t' && c <= '\r'))
		return TEXT_SPACE;
	if (c < 0x20 || c == 0x7f)
		return TEXT_CONTROL;
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return TEXT_LETTER;
	return TEXT_MARK;
}

enum text_class text_class(uint32_t code)
{
	if (code < 0x80)
		return class_of_ascii((unsigned char)code);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code <= ranges[i].last)
			return code >= ranges[i].first ? ranges[i].class : TEXT_LETTER;
	return TEXT_LETTER;
}

static bool is_invisible(enum text_class class)
{
	return class == TEXT_SPACE || class == TEXT_CONTROL;
}

/* The character that s ends with: its bytes and its class. */
static size_t last_char(struct slice s, enum text_class *class_r)
{
	size_t n = 1;
	struct slice c;

	while (n < s.n && n < 4 && ((unsigned char)s.p[s.n - n] & 0xc0) == 0x80)
		n++;
	c = slice_from(s, s.n - n);
	*class_r = text_class(utf8_get(&c));
	return n;
}

struct slice text_trim(struct slice s)
{
	while (s.n > 0) {
		struct slice rest = s;

		if (s.p[0] > ' ' && s.p[0] < 0x7f)
			break;
		if (!is_invisible(text_class(utf8_get(&rest))))
			break;
		s = rest;
	}
	while (s.n > 0) {
		enum text_class class;
		size_t n;

		if (s.p[s.n - 1] > ' ' && s.p[s.n - 1] < 0x7f)
			break;
		n = last_char(s, &class);
		if (!is_invisible(class))
			break;
		s.n -= n;
	}
	return s;
}

bool text_is_filler(struct slice s)
{
	static const struct slice words[] = {
		SLICE_INIT("n/a"),        SLICE_INIT("na"),
		SLICE_INIT("#n/a"),       SLICE_INIT("null"),
		SLICE_INIT("(null)"),     SLICE_INIT("none"),
		SLICE_INIT("nil"),        SLICE_INIT("nan"),
		SLICE_INIT("nat"),        SLICE_INIT("\\n"),
		SLICE_INIT("0000-00-00"), SLICE_INIT("0000-00-00 00:00:00"),
		SLICE_INIT("00/00/0000"), SLICE_INIT("0000/00/00"),
	};
	bool marks = s.n > 0;

	for (struct slice rest = s; marks && rest.n > 0;)
		marks = text_class(utf8_get(&rest)) == TEXT_MARK;
	if (marks)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_eq_nocase(s, words[i]))
			return true;
	return false;
}

bool text_is_error(struct slice s)
{
	struct slice err = SLICE("err:");

	if (s.n < 3)
		return false;
	if (s.n == 7 && slice_eq_nocase((struct slice){ s.p, err.n }, err)) {
		for (size_t i = err.n; i < s.n; i++)
			if (s.p[i] < '0' || s.p[i] > '9')
				return false;
		return true;
	}
	if (s.p[0] != '#' || (s.p[s.n - 1] != '!' && s.p[s.n - 1] != '?'))
		return slice_eq_nocase(s, SLICE("#n/a"));
	if (s.p[1] >= '0' && s.p[1] <= '9')
		return false;
	for (size_t i = 1; i + 1 < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80 && class_of_ascii(c) != TEXT_LETTER && c != '/' && c != '_')
			return false;
	}
	return true;
}

/* Lower case of Latin-1's capitals, and ASCII for full-width forms (U+FF01..FF5E). */
static uint32_t key_char(uint32_t code)
{
	if (code >= 0xff01 && code <= 0xff5e)
		code -= 0xff01 - 0x21;
	if (code < 0x80)
		return (unsigned char)slice_lower((char)code);
	if (code >= 0xc0 && code <= 0xde && code != 0xd7)
		return code + 0x20;
	return code;
}

bool text_key(struct slice s, char *to, size_t size, size_t *n)
{
	while (s.n > 0) {
		unsigned char c = (unsigned char)s.p[0];
		uint32_t code;
		char bytes[4];
		size_t len;

		if (c < 0x80 && *n < size) { /* nearly all are */
			if (class_of_ascii(c) == TEXT_LETTER)
				to[(*n)++] = slice_lower((char)c);
			(void)slice_take(&s, 1);
			continue;
		}
		code = utf8_get(&s);
		if (text_class(code) != TEXT_LETTER)
			continue;
		len = utf8_put(key_char(code), bytes);
		if (len > size - *n)
			return false;
		memcpy(to + *n, bytes, len);
		*n += len;
	}
	return true;
}
