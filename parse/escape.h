/*
 * Text among markup: runs of it as they are, and between them other spellings for what
 * cannot stand as it is. Which those are, each kind of markup says.
 */
#ifndef PARSE_ESCAPE_H
#define PARSE_ESCAPE_H

#include "parse/sink.h"

enum { ESCAPE_ROOM = 8 }; /* bytes of a spelling that is put together */

/*
 * How the first characters of s are written when not as they are: their spelling, with
 * *n_r the bytes of s that it stands for; empty when the first byte stays. s is not
 * empty, and valid UTF-8. Asked of control characters, of & < > " ' _ and of bytes over
 * 0x7E; every other byte stays in any case.
 */
typedef struct slice escape_fn(struct slice s, char room[ESCAPE_ROOM], size_t *n_r);

/* Writes text; each byte that is no valid UTF-8 becomes U+FFFD. */
int escape_text(const struct sink *out, struct slice text, escape_fn *other,
		struct err *e) MUST_CHECK;
/* What & < > and " are called in XML and HTML alike; empty for another character. */
struct slice escape_entity(char c);

#endif
