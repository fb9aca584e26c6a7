/*
 * Guesses a delimiter. Ignorant of encodings and of the file behind its first lines.
 */
#include "parse/csv_detect.h"

enum {
	MAX_LINES = 50, /* looked at */
	MAX_CELLS = 64  /* of a line; more count as this many */
};

/* "sep=;" or "\"sep=;\"" and a line end. 0 when it is not there. */
static size_t sep_line(struct slice head, char *delimiter_r)
{
	struct slice rest = head;
	bool quoted = slice_starts(rest, SLICE("\""));
	char c;

	(void)slice_take(&rest, quoted);
	if (!slice_eq_nocase(slice_take(&rest, 4), SLICE("sep=")) || rest.n == 0)
		return 0;
	c = *slice_take(&rest, 1).p;
	if (c == '"' || c == '\r' || c == '\n' || (c <= ' ' && c != '\t') || c > '~')
		return 0;
	if (quoted && !slice_eq(slice_take(&rest, 1), SLICE("\"")))
		return 0;
	if (rest.n > 0 && rest.p[0] != '\r' && rest.p[0] != '\n')
		return 0;
	if (slice_starts(rest, SLICE("\r\n")))
		(void)slice_take(&rest, 1);
	(void)slice_take(&rest, 1);
	*delimiter_r = c;
	return head.n - rest.n;
}

static size_t skip_blanks(struct slice s, size_t i, char delimiter)
{
	while (i < s.n && csv_is_blank(s.p[i], delimiter))
		i++;
	return i;
}

int csv_quoted(struct slice s, char delimiter, bool last, size_t *quote_r)
{
	size_t i = skip_blanks(s, 0, delimiter);

	*quote_r = i;
	if (i < s.n && s.p[i] != '"')
		return -1;
	/* Behind each quote: another one makes a pair, anything else is behind the text.
	 */
	do {
		const char *q = i < s.n ? slice_find(slice_from(s, i + 1), '"') : NULL;

		if (q == NULL)
			return last ? -1 : PARSE_MORE;
		i = (size_t)(q - s.p) + 1;
	} while (i < s.n && s.p[i] == '"');
	i = skip_blanks(s, i, delimiter);
	if (i == s.n)
		return last ? PARSE_DONE : PARSE_MORE;
	return s.p[i] == delimiter || s.p[i] == '\r' || s.p[i] == '\n' ? PARSE_DONE : -1;
}

/* Takes one record and returns its number of cells: 0 for a blank line, for one that has
 * text behind a closing quote and so would not, or hardly, be read with this delimiter,
 * and for what the end of *in cuts off, unless it is all there is. */
static size_t take_record(struct slice *in, char delimiter, bool first)
{
	enum { CELL, PLAIN, QUOTED, BEHIND_QUOTE } state = CELL;
	size_t cells = 1, i, quote;
	bool sound = true;

	for (i = 0; i < in->n; i++) {
		char c = in->p[i];

		if (state == QUOTED) {
			state = c == '"' ? BEHIND_QUOTE : QUOTED;
		} else if (c == '\n' || c == '\r') {
			break;
		} else if (c == delimiter) {
			state = CELL;
			cells++;
		} else if (state == CELL && csv_is_blank(c, delimiter)) {
			state = PLAIN;
			if (csv_quoted(slice_from(*in, i), delimiter, true, &quote) ==
			    PARSE_DONE)
				state = QUOTED;
			else if (quote < in->n - i && in->p[i + quote] == '"')
				sound = false;
			i += state == QUOTED ? quote : 0;
		} else if (c == '"' && state != PLAIN) {
			state = QUOTED; /* behind a quote: it was doubled */
		} else if (state == BEHIND_QUOTE) {
			sound = sound && c == ' ';
		} else {
			state = PLAIN;
		}
	}
	if (i == 0 || !sound || (i == in->n && !first))
		cells = 0;
	(void)slice_take(in, i);
	if (slice_starts(*in, SLICE("\r\n")))
		(void)slice_take(in, 1);
	(void)slice_take(in, 1);
	return cells < MAX_CELLS ? cells : MAX_CELLS;
}

/* The most usual number of cells: delimiters in such a line, times lines, squared so
 * that decimal commas in each cell do not outvote the delimiter of the heading too. */
static size_t score(struct slice head, char delimiter)
{
	size_t lines[MAX_CELLS + 1] = { 0 };
	size_t best = 0;

	for (unsigned i = 0; i < MAX_LINES && head.n > 0; i++)
		lines[take_record(&head, delimiter, i == 0)]++;
	for (size_t cells = 2; cells <= MAX_CELLS; cells++)
		if (lines[cells] * lines[cells] * (cells - 1) > best)
			best = lines[cells] * lines[cells] * (cells - 1);
	return best;
}

char csv_detect(struct slice head, size_t *skip_r)
{
	static const char candidate[] = { ',', ';', '\t', '|' };
	char delimiter = ',';
	size_t best = 0;

	*skip_r = sep_line(head, &delimiter);
	if (*skip_r > 0)
		return delimiter;
	for (size_t i = 0; i < sizeof(candidate); i++) {
		size_t points = score(head, candidate[i]);

		if (points > best) {
			best = points;
			delimiter = candidate[i];
		}
	}
	return delimiter;
}
