/*
 * Reads records of delimited text. Ignorant of what cells mean; encodings are
 * text_decode.c's concern, and the delimiter is found by csv_detect.c.
 *
 * RFC 4180 section 2:
 *   file        = [header CRLF] record *(CRLF record) [CRLF]
 *   record      = field *(COMMA field)
 *   field       = (escaped / non-escaped)
 *   escaped     = DQUOTE *(TEXTDATA / COMMA / CR / LF / 2DQUOTE) DQUOTE
 *   non-escaped = *TEXTDATA
 *
 * The window of decoded text ends in a NUL; whoever meets that one reads on and resumes
 * where it was. Doubled quotes are joined in place.
 */
#include "parse/csv_read.h"

#include "parse/csv_detect.h"
#include "parse/file_part.h"
#include "parse/text_decode.h"

#include <assert.h>
#include <stdlib.h>

enum { WINDOW = 2 * TEXT_HEAD, FIRST_CELLS = 64 };

/* What comes next. */
enum state {
	CELL,         /* the first character of a cell */
	PLAIN,        /* the rest of a cell without quotes */
	QUOTED,       /* the rest of one with them */
	QUOTE,        /* what follows a quote in there */
	BEHIND_QUOTE, /* blanks, and the end of the cell */
};

struct span {
	size_t at, n; /* in the window */
};

struct csv {
	struct file_part file;
	struct csv_limits limits;
	struct text_decode decode;
	enum text_encoding encoding; /* of the first bytes */
	size_t bom, skip;            /* bytes before the first row: mark, "sep=" line */
	char delimiter;
	bool stop[256];  /* characters that end a run of plain text */
	bool quote[256]; /* those that may begin a quoted cell: a quote, and blanks */

	uint64_t at; /* bytes of the file read */
	struct slice in;
	char *raw; /* TEXT_HEAD bytes */
	bool decoded_all;

	char *buf; /* decoded text, NUL behind it */
	size_t n, size;
	size_t record;      /* where the record begins */
	size_t p;           /* the next character */
	size_t cell, write; /* where the cell begins, and where its next character goes */
	enum state state;
	bool skip_lf; /* a CR ended the last record: an LF belongs to it */
	bool quoted;  /* the record has a quoted cell: it is not blank */
	bool nuls;    /* the text has had a NUL: cells are searched for them */
	uint64_t number;

	struct span *span;
	struct slice *cells;
	size_t n_cells, cells_size;
};

/* "row 17, column C: ..." with the column that is being read. */
static int fail(struct csv *c, enum err_kind kind, const char *what, struct err *e)
{
	char name[16];
	size_t i = sizeof(name) - 1;

	name[i] = '\0';
	for (size_t k = c->n_cells + 1; k > 0; k = (k - 1) / 26)
		name[--i] = (char)('A' + (k - 1) % 26);
	return err_set(e, kind, "row %llu, column %s: %s",
		       (unsigned long long)c->number + 1, name + i, what);
}

/* Makes room behind the text: drops records that are done, or grows. */
static int make_room(struct csv *c, struct err *e)
{
	size_t size = c->size;
	char *buf;

	if (c->record > 0) {
		/* With the NUL behind it. */
		memmove(c->buf, c->buf + c->record, c->n - c->record + 1);
		for (size_t i = 0; i < c->n_cells; i++)
			c->span[i].at -= c->record;
		c->n -= c->record;
		c->p -= c->record;
		c->cell -= c->record;
		c->write -= c->record;
		c->record = 0;
	}
	if (c->n > c->limits.max_record)
		return fail(c, ERR_LIMIT,
			    c->state == QUOTED
				    ? "the row is too long, or a quote is not closed"
				    : "the row is too long",
			    e);
	if (size - c->n > TEXT_ROOM)
		return 0;
	size = size > SIZE_MAX / 2 ? SIZE_MAX : size * 2;
	buf = realloc(c->buf, size);
	if (buf == NULL)
		return err_set(e, ERR_MEMORY, "out of memory for %zu bytes", size);
	c->buf = buf;
	c->size = size;
	return 0;
}

/* PARSE_MORE with more text behind p, PARSE_DONE without. */
static int more(struct csv *c, struct err *e)
{
	struct err bad = { 0 };
	size_t got = 0;

	if (make_room(c, e) < 0)
		return -1;
	while (got == 0 && !c->decoded_all) {
		bool last;
		int rc;

		if (c->in.n == 0) {
			c->in.p = c->raw;
			if (file_part_read(&c->file, c->at, c->raw, TEXT_HEAD, &c->in.n,
					   e) < 0)
				return -1;
			c->at += c->in.n;
		}
		last = c->at >= c->file.size;
		rc = text_decode_feed(&c->decode, &c->in, last, c->buf + c->n,
				      c->size - c->n - 1, &got, &bad);
		/* all text before the bad byte was used: it is in this very row */
		if (rc < 0)
			return err_set(e, bad.kind, "row %llu: %.120s%s",
				       (unsigned long long)c->number + 1, bad.text,
				       strstr(bad.text, "the file ends") != NULL
					       ? ""
					       : ": save the file as CSV UTF-8 and "
						 "upload that");
		c->decoded_all = rc == PARSE_DONE;
	}
	c->nuls = c->nuls || memchr(c->buf + c->n, '\0', got) != NULL;
	c->n += got;
	c->buf[c->n] = '\0';
	return got > 0 ? PARSE_MORE : PARSE_DONE;
}

/* Is there no more text in the window? */
static bool at_end(const struct csv *c)
{
	return c->buf[c->p] == '\0' && c->p == c->n;
}

static int cells_grow(struct csv *c, struct err *e)
{
	size_t size = c->cells_size == 0 ? FIRST_CELLS : c->cells_size * 2;
	struct span *span = realloc(c->span, size * sizeof(*span));
	struct slice *cells;

	if (span == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	c->span = span;
	cells = realloc(c->cells, size * sizeof(*cells));
	if (cells == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	c->cells = cells;
	c->cells_size = size;
	return 0;
}

static bool too_many_chars(const struct csv *c, const char *p, size_t n)
{
	size_t chars = 0;

	if (n <= c->limits.max_cell)
		return false;
	for (size_t i = 0; i < n; i++)
		chars += ((unsigned char)p[i] & 0xc0) != 0x80;
	return chars > c->limits.max_cell;
}

/* The cell ends before p: takes it in, and p past the delimiter or line end. */
static int end_cell(struct csv *c, struct err *e)
{
	size_t n = c->write - c->cell;

	if (c->p - c->record > c->limits.max_record)
		return fail(c, ERR_LIMIT, "the row is too long", e);
	if (c->n_cells == c->limits.max_columns)
		return fail(c, ERR_LIMIT, "too many columns", e);
	if (too_many_chars(c, c->buf + c->cell, n))
		return fail(c, ERR_LIMIT, "the cell has too many characters", e);
	if (c->n_cells == c->cells_size && cells_grow(c, e) < 0)
		return -1;
	c->span[c->n_cells++] = (struct span){ c->cell, n };
	c->state = CELL;
	return 0;
}

/* At p stands what ends a cell: the delimiter, CR, LF or the end of the file. PARSE_DONE
 * when it ends the record too. */
static int end_of_cell(struct csv *c, bool file_ends, struct err *e)
{
	char end = c->buf[c->p];

	if (end_cell(c, e) < 0)
		return -1;
	if (file_ends)
		return PARSE_DONE;
	c->p++;
	c->skip_lf = end == '\r';
	return end == c->delimiter ? PARSE_MORE : PARSE_DONE;
}

/* Whether a quoted cell begins behind blanks at p, and where. It looks no farther than
 * a cell can be long. */
static bool quoted_behind_blanks(struct csv *c, size_t *quote_r)
{
	bool last = false;
	int r;

	do {
		size_t used = c->p - c->record, most = 4 * (size_t)c->limits.max_cell;
		struct slice s = { c->buf + c->p, c->n - c->p };
		struct err later = { 0 };

		if (used > c->limits.max_record)
			return false;
		if (most > c->limits.max_record - used)
			most = c->limits.max_record - used;
		if (s.n > most) {
			s.n = most;
			last = true;
		}
		r = csv_quoted(s, c->delimiter, last, quote_r);
		/* What is wrong with the text there is told when it is read. */
		if (r == PARSE_MORE)
			last = more(c, &later) != PARSE_MORE;
	} while (r == PARSE_MORE);
	return r == PARSE_DONE;
}

static void step_cell(struct csv *c)
{
	size_t quote = 0;

	c->cell = c->write = c->p;
	c->state = PLAIN;
	if (!c->quote[(unsigned char)c->buf[c->p]])
		return;
	if (c->buf[c->p] == '"' || quoted_behind_blanks(c, &quote)) {
		c->p += quote + 1;
		c->cell = c->write = c->p;
		c->state = QUOTED;
		c->quoted = true;
	}
}

static void step_plain(struct csv *c)
{
	const char *p = c->buf + c->p;
	const char *end = c->buf + c->n;

	while (!c->stop[(unsigned char)*p] || (*p == '\0' && p < end))
		p++;
	c->write = c->p = (size_t)(p - c->buf);
}

/* Moves what stands before the next quote to where the cell's next character goes. */
static void step_quoted(struct csv *c)
{
	const char *from = c->buf + c->p;
	const char *p = memchr(from, '"', c->n - c->p);
	size_t n = p == NULL ? c->n - c->p : (size_t)(p - from);

	if (c->write != c->p)
		memmove(c->buf + c->write, from, n);
	c->write += n;
	c->p += n;
	if (p != NULL) {
		c->p++;
		c->state = QUOTE;
	}
}

static void step_behind_quote(struct csv *c)
{
	c->state = BEHIND_QUOTE;
	while (csv_is_blank(c->buf[c->p], c->delimiter))
		c->p++;
}

/* 2DQUOTE is a quote in the cell; a single one has closed it. */
static void step_quote(struct csv *c)
{
	if (c->buf[c->p] != '"') {
		step_behind_quote(c);
		return;
	}
	c->buf[c->write++] = '"';
	c->p++;
	c->state = QUOTED;
}

static void step(struct csv *c)
{
	switch (c->state) {
	case CELL:
		step_cell(c);
		break;
	case PLAIN:
		step_plain(c);
		break;
	case QUOTED:
		step_quoted(c);
		break;
	case QUOTE:
		step_quote(c);
		break;
	case BEHIND_QUOTE:
		step_behind_quote(c);
		break;
	}
}

/* At the end of the file. PARSE_DONE with a last record, or PARSE_MORE without one. */
static int end_of_file(struct csv *c, struct err *e)
{
	if (c->state == QUOTED)
		return fail(c, ERR_INPUT, "a quote is opened here and never closed", e);
	if (c->state == CELL && c->n_cells == 0)
		return PARSE_MORE;
	if (c->state == CELL)
		c->cell = c->write = c->p;
	return end_of_cell(c, true, e);
}

/* Reads one record, blank or not. PARSE_DONE with it, PARSE_MORE when there is none. */
static int record(struct csv *c, struct err *e)
{
	c->record = c->cell = c->write = c->p;
	c->n_cells = 0;
	c->quoted = false;
	c->state = CELL;
	for (;;) {
		int rc = PARSE_MORE;

		if (at_end(c)) {
			rc = more(c, e);
			if (rc != PARSE_MORE)
				return rc < 0 ? -1 : end_of_file(c, e);
		}
		if (c->skip_lf) {
			c->skip_lf = false;
			if (c->buf[c->p] == '\n') {
				c->record = c->cell = c->write = ++c->p;
				continue;
			}
		}
		step(c);
		if (c->state == QUOTED || c->state == QUOTE || at_end(c))
			continue;
		if (c->buf[c->p] != '\0' && c->stop[(unsigned char)c->buf[c->p]])
			rc = end_of_cell(c, false, e);
		else if (c->state == BEHIND_QUOTE)
			rc = fail(c, ERR_INPUT,
				  "text behind a closing quote: quotes inside of a cell "
				  "must be doubled",
				  e);
		if (rc != PARSE_MORE)
			return rc;
	}
}

static bool any_nul(const struct csv *c)
{
	for (size_t i = 0; c->nuls && i < c->n_cells; i++)
		if (slice_find(c->cells[i], '\0') != NULL)
			return true;
	return false;
}

int csv_next(struct csv *c, struct csv_row *r, struct err *e)
{
	for (;;) {
		int rc = record(c, e);

		if (rc <= 0)
			return rc < 0 ? -1 : PARSE_DONE;
		c->number++;
		if (c->n_cells > 1 || c->quoted || c->span[0].n > 0)
			break;
	}
	for (size_t i = 0; i < c->n_cells; i++)
		c->cells[i] = (struct slice){ c->buf + c->span[i].at, c->span[i].n };
	*r = (struct csv_row){ c->number, c->cells, c->n_cells, any_nul(c) };
	return PARSE_MORE;
}

/* Back to the start, with the first text in the window. */
static int begin(struct csv *c, struct err *e)
{
	text_decode_init(&c->decode, c->encoding, c->bom);
	c->at = c->bom;
	c->in = (struct slice){ c->raw, 0 };
	c->decoded_all = false;
	c->n = c->record = c->p = c->cell = c->write = 0;
	c->n_cells = 0;
	c->number = 0;
	c->state = CELL;
	c->skip_lf = c->nuls = false;
	c->buf[0] = '\0';
	return more(c, e) < 0 ? -1 : 0;
}

int csv_rewind(struct csv *c, struct err *e)
{
	if (begin(c, e) < 0)
		return -1;
	c->p = c->skip;
	return 0;
}

static int first_look(struct csv *c, struct err *e)
{
	size_t n;

	if (file_part_read(&c->file, 0, c->raw, TEXT_HEAD, &n, e) < 0)
		return -1;
	c->encoding = text_detect((struct slice){ c->raw, n }, &c->bom);
	if (begin(c, e) < 0)
		return -1;
	c->delimiter = csv_detect((struct slice){ c->buf, c->n }, &c->skip);
	c->p = c->skip;
	c->stop['\0'] = c->stop['\r'] = c->stop['\n'] = true;
	c->stop[(unsigned char)c->delimiter] = true;
	c->quote['"'] = true;
	c->quote[' '] = true;
	c->quote['\t'] = c->delimiter != '\t';
	return 0;
}

int csv_open(int fd, uint64_t start, uint64_t size, const struct csv_limits *limits,
	     struct csv **c_r, struct err *e)
{
	struct csv *c = calloc(1, sizeof(*c));

	*c_r = NULL;
	if (c == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	c->file = (struct file_part){ fd, start, size };
	c->limits = *limits;
	c->raw = malloc(TEXT_HEAD);
	c->buf = malloc(WINDOW);
	c->size = WINDOW;
	if (c->raw == NULL || c->buf == NULL) {
		csv_close(&c);
		return err_set(e, ERR_MEMORY, "out of memory");
	}
	if (first_look(c, e) < 0) {
		csv_close(&c);
		return -1;
	}
	*c_r = c;
	return 0;
}

char csv_delimiter(const struct csv *c)
{
	return c->delimiter;
}

const char *csv_encoding(const struct csv *c)
{
	return text_encoding_name(c->decode.encoding);
}

bool csv_guessed(const struct csv *c)
{
	return c->decode.encoding == TEXT_WINDOWS_1252;
}

uint64_t csv_progress(const struct csv *c)
{
	return c->at - c->in.n;
}

void csv_close(struct csv **c)
{
	if (*c == NULL)
		return;
	free((*c)->raw);
	free((*c)->buf);
	free((*c)->span);
	free((*c)->cells);
	free(*c);
	*c = NULL;
}
