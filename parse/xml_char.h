/*
 * XML 1.0 (fifth edition): which characters, names and references there are.
 */
#ifndef PARSE_XML_CHAR_H
#define PARSE_XML_CHAR_H

#include "parse/slice.h"

#include <stdint.h>

/* What an ASCII character may be; every byte over 0x7F is XML_NAME and XML_START, and
 * xml_name_valid() then looks at the characters. A stop is where a run of plain text
 * or of an attribute's value must be looked at; NUL is in all of them. */
enum {
	XML_NAME = 1,    /* in a name, but for ':' */
	XML_FIRST = 2,   /* at the start of one */
	XML_SPACE = 4,   /* S */
	XML_STOP = 8,    /* in text: '<' '&' ']' CR */
	XML_STOP_D = 16, /* in "...": '"' '<' '&' */
	XML_STOP_S = 32  /* in '...': ''' '<' '&' */
};
extern const unsigned char xml_class[256];

/* s without S at both ends, as numbers and the like are read (XML Schema part 2, 4.3.6,
 * collapse). */
static inline struct slice xml_trim(struct slice s)
{
	while (s.n > 0 && (xml_class[(unsigned char)s.p[0]] & XML_SPACE) != 0)
		(void)slice_take(&s, 1);
	while (s.n > 0 && (xml_class[(unsigned char)s.p[s.n - 1]] & XML_SPACE) != 0)
		s.n--;
	return s;
}

/* Bytes of the longest prefix that is well-formed UTF-8 of nothing but Char (2.2). */
size_t xml_chars_prefix(struct slice s);
/* Is this NCName (without ':')? For names with bytes over 0x7F; s is valid UTF-8. */
bool xml_name_valid(struct slice s);
/* The reference that s begins with ('&' is its first byte): its length, with the
 * character in *code_r; 0 when s ends inside it; -1 when it is none that is known. */
int xml_reference(struct slice s, uint32_t *code_r);

#endif
