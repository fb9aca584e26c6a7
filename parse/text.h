/*
 * Text as people's files hold it: the invisible characters around it, the marks that
 * stand for "nothing here", and the bare letters and digits that two spellings of one
 * word share. All text given here is valid UTF-8.
 */
#ifndef PARSE_TEXT_H
#define PARSE_TEXT_H

#include "parse/slice.h"

#include <stdint.h>

enum text_class {
	TEXT_LETTER,  /* letters and digits of any script */
	TEXT_MARK,    /* punctuation, signs, symbols */
	TEXT_SPACE,   /* white space: space, tab, line ends, no-break and wide spaces */
	TEXT_CONTROL, /* other C0 and C1 controls, byte order mark, zero-width and
		       * direction marks, soft hyphen */
};
enum text_class text_class(uint32_t code);

/* s without white space and control characters at both ends. */
struct slice text_trim(struct slice s);
/* Whether trimmed text is what people type into a cell that has no value: "-", "--",
 * "N/A", "null", "none", "nil", "0000-00-00" and so on. False for the empty text. */
bool text_is_filler(struct slice s);
/* Whether trimmed text is what a spreadsheet shows in the place of a result: "#REF!",
 * "#DIV/0!", "#NAME?", "#N/A", "Err:502". */
bool text_is_error(struct slice s);
/* Appends the letters and digits of s to `to`, of `size` bytes with *n in use: ASCII and
 * Latin-1 letters in lower case, full-width forms as ASCII, other scripts as they are.
 * False when it does not fit; *n is then unspecified. */
bool text_key(struct slice s, char *to, size_t size, size_t *n);

#endif
