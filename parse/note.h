/*
 * The first cells of a kind that a clerk should look at.
 */
#ifndef PARSE_NOTE_H
#define PARSE_NOTE_H

#include "parse/slice.h"

#include <stdint.h>

enum { NOTE_FIRST = 5, NOTE_HEADING = 64, NOTE_TEXT = 96 };

struct note {
	size_t n;
	struct {
		uint64_t row;
		char heading[NOTE_HEADING], text[NOTE_TEXT]; /* cut, whole characters */
	} first[NOTE_FIRST];
};

/* Zero it before the first. Both texts are valid UTF-8, and copied as far as there is
 * room; what comes after NOTE_FIRST is not kept. */
void note_add(struct note *n, uint64_t row, struct slice heading, struct slice text);

#endif
