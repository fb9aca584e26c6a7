/*
 * What a person has said about a manifest's columns: which heading is which field,
 * against what the headings say by themselves.
 */
#ifndef PARSE_COLUMN_CHOICE_H
#define PARSE_COLUMN_CHOICE_H

#include "parse/arena.h"
#include "parse/buf.h"
#include "parse/columns.h"

enum {
	COLUMN_CHOICE_MAX = 64,     /* columns chosen */
	COLUMN_CHOICE_HEADING = 512 /* bytes of a heading */
};

struct column_choice {
	struct {
		enum field field;     /* FIELD_EXTRA: kept out of every field */
		struct slice heading; /* as struct column has it, "COD (2)" */
	} item[COLUMN_CHOICE_MAX];
	size_t n;
};

/*
 * Adds what a text says, which is one of
 *   field=heading                           all behind the first '=' is the heading, so
 *                                           that nothing in it needs escaping
 *   {"field": "heading" or ["heading", ...], ...}
 *   ["field=heading", ...]                  as column_choice_json() writes it
 * `field` is a name of field_name(), "extra" among them. Text is copied into the arena.
 * ERR_INPUT: no such field, no heading, bad JSON, a field twice (but for remarks, which
 * are joined, and extra), a heading twice; ERR_LIMIT over COLUMN_CHOICE_MAX.
 */
int column_choice_add(struct column_choice *c, struct slice text, struct arena *a,
		      struct err *e) MUST_CHECK;
int column_choice_json(const struct column_choice *c, struct buf *b,
		       struct err *e) MUST_CHECK;

/* Which item chooses a column of that heading: spelled the same, else the same but for
 * upper and lower case; c->n when none does. */
size_t column_choice_find(const struct column_choice *c, struct slice heading);

#endif
