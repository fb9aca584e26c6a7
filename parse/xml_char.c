/*
 * Characters, names and references. Ignorant of tags, and of where the bytes are from.
 */
#include "parse/xml_char.h"

#include "parse/scan.h"
#include "parse/utf8.h"

enum { MAX_REFERENCE = 32 }; /* bytes: leading zeros have no other bound */

#define NF  (XML_NAME | XML_FIRST)
#define N4  NF, NF, NF, NF
#define N16 N4, N4, N4, N4
const unsigned char xml_class[256] = {
	[0] = XML_STOP | XML_STOP_D | XML_STOP_S,
	['\t'] = XML_SPACE,
	['\n'] = XML_SPACE,
	['\r'] = XML_SPACE | XML_STOP,
	[' '] = XML_SPACE,
	['"'] = XML_STOP_D,
	['\''] = XML_STOP_S,
	['&'] = XML_STOP | XML_STOP_D | XML_STOP_S,
	['<'] = XML_STOP | XML_STOP_D | XML_STOP_S,
	[']'] = XML_STOP,
	['-'] = XML_NAME,
	['.'] = XML_NAME,
	['0'] = XML_NAME,
	XML_NAME,
	XML_NAME,
	XML_NAME,
	XML_NAME,
	XML_NAME,
	XML_NAME,
	XML_NAME,
	XML_NAME,
	XML_NAME,
	['A'] = N16,
	N4,
	N4,
	NF,
	NF,
	['_'] = NF,
	['a'] = N16,
	N4,
	N4,
	NF,
	NF,
	[0x80] = N16,
	N16,
	N16,
	N16,
	N16,
	N16,
	N16,
	N16,
};

/* [2] Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF] */
static size_t char_length(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t len;

	if (p[0] < 0x20)
		return p[0] == '\t' || p[0] == '\n' || p[0] == '\r';
	len = utf8_length(s);
	if (len == 3 && p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe)
		return 0;
	return len;
}

size_t xml_chars_prefix(struct slice s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t len;

		i += scan_ascii(slice_from(s, i));
		if (i == s.n)
			break;
		len = char_length((struct slice){ s.p + i, s.n - i });
		if (len == 0)
			return i;
		i += len;
	}
	return i;
}

/*
 * [4] NameStartChar ::= ":" | [A-Z] | "_" | [a-z] | [#xC0-#xD6] | [#xD8-#xF6] |
 *	[#xF8-#x2FF] | [#x370-#x37D] | [#x37F-#x1FFF] | [#x200C-#x200D] |
 *	[#x2070-#x218F] | [#x2C00-#x2FEF] | [#x3001-#xD7FF] | [#xF900-#xFDCF] |
 *	[#xFDF0-#xFFFD] | [#x10000-#xEFFFF]
 * [4a] NameChar ::= NameStartChar | "-" | "." | [0-9] | #xB7 | [#x0300-#x036F] |
 *	[#x203F-#x2040]
 */
static bool name_char(uint32_t c, bool first)
{
	static const struct {
		uint32_t from, to;
		bool first;
	} range[] = {
		{ 0xb7, 0xb7, false },      { 0xc0, 0xd6, true },
		{ 0xd8, 0xf6, true },       { 0xf8, 0x2ff, true },
		{ 0x300, 0x36f, false },    { 0x370, 0x37d, true },
		{ 0x37f, 0x1fff, true },    { 0x200c, 0x200d, true },
		{ 0x203f, 0x2040, false },  { 0x2070, 0x218f, true },
		{ 0x2c00, 0x2fef, true },   { 0x3001, 0xd7ff, true },
		{ 0xf900, 0xfdcf, true },   { 0xfdf0, 0xfffd, true },
		{ 0x10000, 0xeffff, true },
	};

	if (c < 0x80)
		return (xml_class[c] & (first ? XML_FIRST : XML_NAME)) != 0;
	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++)
		if (c >= range[i].from && c <= range[i].to)
			return range[i].first || !first;
	return false;
}

bool xml_name_valid(struct slice s)
{
	bool first = true;

	for (; s.n > 0; first = false)
		if (!name_char(utf8_get(&s), first))
			return false;
	return !first;
}

/* -1 for a character that is no digit of the base. */
static int digit(char c, bool hex)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = slice_lower(c);
	return hex && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* [66] CharRef ::= '&#' [0-9]+ ';' | '&#x' [0-9a-fA-F]+ ';' */
static int char_reference(struct slice s, uint32_t *code_r)
{
	bool hex = s.n > 2 && s.p[2] == 'x';
	size_t first = hex ? 3 : 2;
	uint32_t code = 0;
	char utf8[4];
	size_t n;

	for (size_t i = first; i < s.n && i < MAX_REFERENCE; i++) {
		int d = digit(s.p[i], hex);

		if (d < 0) {
			if (s.p[i] != ';' || i == first || code > 0x10ffff ||
			    (code >= 0xd800 && code <= 0xdfff))
				return -1;
			n = utf8_put(code, utf8);
			if (char_length((struct slice){ utf8, n }) == 0)
				return -1;
			*code_r = code;
			return (int)i + 1;
		}
		if (code <= 0x10ffff)
			code = code * (hex ? 16 : 10) + (uint32_t)d;
	}
	return s.n < MAX_REFERENCE ? 0 : -1;
}

/* [68] EntityRef ::= '&' Name ';', and without a DTD there are but five (4.6). */
int xml_reference(struct slice s, uint32_t *code_r)
{
	static const struct {
		struct slice text;
		char code;
	} entity[] = {
		{ SLICE_INIT("&amp;"), '&' },   { SLICE_INIT("&lt;"), '<' },
		{ SLICE_INIT("&gt;"), '>' },    { SLICE_INIT("&quot;"), '"' },
		{ SLICE_INIT("&apos;"), '\'' },
	};

	if (s.n < 2)
		return 0;
	if (s.p[1] == '#')
		return char_reference(s, code_r);
	for (size_t i = 0; i < sizeof(entity) / sizeof(entity[0]); i++) {
		if (slice_starts(s, entity[i].text)) {
			*code_r = (unsigned char)entity[i].code;
			return (int)entity[i].text.n;
		}
		if (slice_starts(entity[i].text, s))
			return 0;
	}
	return -1;
}
