/*
 * Text among markup: runs of it as they are, and between them other spellings for what
 * cannot stand as it is. Which those are, each kind of markup says.
 */
#ifndef PARSE_ESCAPE_H
#define PARSE_ESCAPE_H

#include "parse/sink.h"

struct escape_spelling {
	size_t n;     /* bytes of the text that it stands for; 1 unless it is set */
	char room[8]; /* for one that is put together */
};

/*
 * How the first characters of s are written when not as they are: their spelling, for
 * which *use has room; empty when the first byte stays. s is not empty, and valid UTF-8.
 * Asked of control characters, of & < > " ' _ and of bytes over 0x7E; every other byte
 * stays in any case.
 */
typedef struct slice escape_fn(struct slice s, struct escape_spelling *use);

/* Writes text; each byte that is no valid UTF-8 becomes U+FFFD. */
int escape_text(const struct sink *out, struct slice text, escape_fn *other,
		struct err *e) MUST_CHECK;
/* What & < > and " are called in XML and HTML alike; empty for another character. */
struct slice escape_entity(char c);

#endif
