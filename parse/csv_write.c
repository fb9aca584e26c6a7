/*
 * CSV, written. Ignorant of where the cells come from and of what they mean.
 *
 * RFC 4180 section 2:
 *   record     = field *(COMMA field)
 *   field      = (escaped / non-escaped)
 *   escaped    = DQUOTE *(TEXTDATA / COMMA / CR / LF / 2DQUOTE) DQUOTE
 */
#include "parse/csv_write.h"

#include "parse/scan.h"

enum { SHORT = 4096 }; /* bytes of a cell that is looked at in the room */

void csv_write_init(struct csv_write *w, const struct sink *out,
		    const struct csv_write_options *o)
{
	w->out = *out;
	w->options = *o;
	w->begun = w->in_row = false;
	w->n = 0;
}

int csv_write_flush(struct csv_write *w, struct err *e)
{
	struct slice bytes = { w->room, w->n };

	w->n = 0;
	return bytes.n == 0 ? 0 : w->out.write(w->out.to, bytes, e);
}

static int put(struct csv_write *w, struct slice s, struct err *e)
{
	while (s.n > 0) {
		struct slice part = slice_take(&s, sizeof(w->room) - w->n);

		memcpy(w->room + w->n, part.p, part.n);
		w->n += part.n;
		if (w->n == sizeof(w->room) && csv_write_flush(w, e) < 0)
			return -1;
	}
	return 0;
}

static int put_bom(struct csv_write *w, struct err *e)
{
	bool wanted = w->options.bom && !w->begun;

	w->begun = true;
	return wanted ? put(w, SLICE("\xEF\xBB\xBF"), e) : 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* [+-] digits [. digits]: shown as itself, never a formula. */
static bool is_plain_number(struct slice s)
{
	size_t digits = 0, points = 0;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		(void)slice_take(&s, 1);
	for (size_t i = 0; i < s.n; i++) {
		if (is_digit(s.p[i]))
			digits++;
		else if (s.p[i] != '.' || ++points > 1)
			return false;
	}
	return digits > 0;
}

/* A formula begins with one of =, +, -, @, their full-width forms, or is hidden
 * behind white space that some spreadsheets drop when they read a file. */
bool csv_is_formula(struct slice s)
{
	static const struct slice starts[] = { SLICE_INIT("="),
					       SLICE_INIT("+"),
					       SLICE_INIT("-"),
					       SLICE_INIT("@"),
					       SLICE_INIT("\xEF\xBC\x9D"),
					       SLICE_INIT("\xEF\xBC\x8B"),
					       SLICE_INIT("\xEF\xBC\x8D"),
					       SLICE_INIT("\xEF\xBC\xA0") };

	if (is_plain_number(s))
		return false;
	while (s.n > 0 && slice_find(SLICE(" \t\r\n"), s.p[0]) != NULL)
		(void)slice_take(&s, 1);
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (slice_starts(s, starts[i]))
			return true;
	return false;
}

static bool has_separator(struct slice s)
{
	return slice_find(s, ',') != NULL || slice_find(s, '"') != NULL ||
	       slice_find(s, '\r') != NULL || slice_find(s, '\n') != NULL;
}

/* Each quote inside becomes two. */
static int put_doubled(struct csv_write *w, struct slice s, struct err *e)
{
	for (const char *q = slice_find(s, '"'); q != NULL; q = slice_find(s, '"'))
		if (put(w, slice_take(&s, (size_t)(q - s.p) + 1), e) < 0 ||
		    put(w, SLICE("\""), e) < 0)
			return -1;
	return put(w, s, e);
}

/* A cell that fits, whatever it needs: the room holds it doubled and quoted. */
static void write_short(struct csv_write *w, struct slice text)
{
	char *to = w->room + w->n;

	if (w->in_row)
		*to++ = ',';
	if (scan_copy(to, text, SCAN_SEPARATORS)) {
		*to++ = '"';
		for (const char *q = slice_find(text, '"'); q != NULL;
		     q = slice_find(text, '"')) {
			struct slice part = slice_take(&text, (size_t)(q - text.p) + 1);

			memcpy(to, part.p, part.n);
			to += part.n;
			*to++ = '"';
		}
		(void)scan_copy(to, text, SCAN_SEPARATORS);
		to[text.n] = '"';
		to++;
	}
	w->n = (size_t)(to - w->room) + text.n;
	w->in_row = true;
}

/* The general way: a cell of any length, with a byte order mark or an apostrophe. */
static int write_long(struct csv_write *w, struct slice text, struct err *e)
{
	struct slice defused =
		w->options.defuse && csv_is_formula(text) ? SLICE("'") : SLICE("");

	if (put_bom(w, e) < 0 || (w->in_row && put(w, SLICE(","), e) < 0))
		return -1;
	w->in_row = true;
	if (!has_separator(text))
		return put(w, defused, e) < 0 ? -1 : put(w, text, e);
	if (put(w, SLICE("\""), e) < 0 || put(w, defused, e) < 0 ||
	    put_doubled(w, text, e) < 0)
		return -1;
	return put(w, SLICE("\""), e);
}

int csv_write_cell(struct csv_write *w, struct slice text, struct err *e)
{
	/* a comma, two quotes, and each byte may be a quote */
	size_t most = 2 * text.n + 3;

	if (text.n > SHORT || !w->begun || w->options.defuse)
		return write_long(w, text, e);
	if (sizeof(w->room) - w->n < most && csv_write_flush(w, e) < 0)
		return -1;
	write_short(w, text);
	return 0;
}

int csv_write_row_end(struct csv_write *w, struct err *e)
{
	if (put_bom(w, e) < 0)
		return -1;
	w->in_row = false;
	return put(w, SLICE("\r\n"), e);
}
