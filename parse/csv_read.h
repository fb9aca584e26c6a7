/*
 * Delimited text (RFC 4180 and what spreadsheet programs write) as rows of cells:
 * comma, semicolon, tab or pipe, found by itself (csv_detect.h); any encoding of
 * text_decode.h.
 *
 * Beyond RFC 4180: a quote inside of a cell that does not begin with one is an ordinary
 * character (5" pipe), as spreadsheet programs read it, and blanks behind a closing quote
 * are dropped. Anything else behind a closing quote is an error, since columns could
 * shift unseen. Blanks before the first quote are dropped, as many programs write them,
 * when nothing but blanks is behind the closing one (A1, "Manila, PH" ,x); any other cell
 * that begins with blanks is taken as it is.
 */
#ifndef PARSE_CSV_READ_H
#define PARSE_CSV_READ_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

struct csv_limits {
	uint32_t max_columns; /* cells of one row */
	uint32_t max_cell;    /* characters of one cell */
	uint32_t max_record;  /* bytes of one row as UTF-8, quotes included */
};

struct csv_row {
	uint64_t number; /* 1 is the first record of the file. Blank lines are counted; a
			  * "sep=;" line is not: no spreadsheet program shows it */
	const struct slice *cells; /* UTF-8; quotes and doubling removed.
				    * Empty cells are there too: n == 0 */
	size_t n;                  /* at least 1 */
	bool nul;                  /* a cell holds a NUL */
};

struct csv;

/*
 * Opens `size` bytes of fd from byte `start` on, read with pread(). Encoding and
 * delimiter are decided by the first 64 KiB. fd stays the caller's and must outlive
 * *c_r. ERR_INPUT: not decodable as text; ERR_INTERNAL: read failure, no memory.
 */
int csv_open(int fd, uint64_t start, uint64_t size, const struct csv_limits *limits,
	     struct csv **c_r, struct err *e) MUST_CHECK;
/*
 * The next record that is not a blank line: PARSE_MORE with *r filled (valid until
 * the next call; no allocation once the longest row was seen), PARSE_DONE behind the
 * last, or -1: ERR_INPUT (an unterminated quote, text behind a closing quote, bytes
 * that are not of the file's encoding) or ERR_LIMIT; the text names row and column.
 * Records end at CRLF, LF or CR outside quotes; the last needs no end.
 */
int csv_next(struct csv *c, struct csv_row *r, struct err *e) MUST_CHECK;
/* Starts again at the first row. */
int csv_rewind(struct csv *c, struct err *e) MUST_CHECK;
/* ',', ';', '\t' or '|', or what a "sep=" line says; ',' when nothing tells. */
char csv_delimiter(const struct csv *c);
/* "UTF-8", "UTF-16LE", "UTF-16BE" or "Windows-1252", as known so far. */
const char *csv_encoding(const struct csv *c);
/* Whether the encoding of what was read so far is a guess: Windows-1252. */
bool csv_guessed(const struct csv *c);
/* Bytes of the file read so far, out of the `size` given to csv_open(). */
uint64_t csv_progress(const struct csv *c);
/* Frees *c and sets it to NULL. Fine on NULL. */
void csv_close(struct csv **c);

#endif
