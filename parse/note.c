/*
 * Examples for a report. Ignorant of what is wrong with them.
 */
#include "parse/note.h"

#include "parse/utf8.h"

static void copy(char *to, size_t size, struct slice s)
{
	struct slice head = slice_take(&s, size - 1);

	if (s.n > 0)
		head.n = utf8_valid_prefix(head);
	if (head.n > 0)
		memcpy(to, head.p, head.n);
	to[head.n] = '\0';
}

void note_add(struct note *n, uint64_t row, struct slice heading, struct slice text)
{
	if (n->n == NOTE_FIRST)
		return;
	n->first[n->n].row = row;
	copy(n->first[n->n].heading, NOTE_HEADING, heading);
	copy(n->first[n->n].text, NOTE_TEXT, text);
	n->n++;
}
