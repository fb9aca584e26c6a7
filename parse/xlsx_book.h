/*
 * A workbook (ECMA-376 part 1, 18.2) inside a ZIP archive: its worksheets in their
 * order, and what is needed to read them. Every part is found by relationships,
 * never by a guessed path.
 */
#ifndef PARSE_XLSX_BOOK_H
#define PARSE_XLSX_BOOK_H

#include "parse/zip_entry.h"

/* Read-only once opened. */
struct xlsx_book;

struct xlsx_book_sheet {
	struct slice name;
	const struct zip_entry *part;
	bool hidden; /* hidden or very hidden */
};

/*
 * Reads the workbook in dir, which must outlive *b_r. ERR_UNSUPPORTED: the archive is
 * something else (OpenDocument, .xlsb, .docx, no workbook at all), said by its text;
 * ERR_INPUT: damaged, or without a worksheet; ERR_LIMIT.
 */
int xlsx_book_open(const struct zip_dir *dir, const struct zip_limits *limits,
		   struct xlsx_book **b_r, struct err *e) MUST_CHECK;
/* Worksheets, at least 1; charts and macro sheets are left out. */
size_t xlsx_book_sheets(const struct xlsx_book *b);
/* Sheet i < xlsx_book_sheets(); its views are valid until xlsx_book_close(). */
struct xlsx_book_sheet xlsx_book_sheet(const struct xlsx_book *b, size_t i);
/* The part of shared strings, or NULL. */
const struct zip_entry *xlsx_book_strings(const struct xlsx_book *b);
/* For each of *n_r styles, whether it shows a date or a time. */
const bool *xlsx_book_date_styles(const struct xlsx_book *b, size_t *n_r);
/* Do serials count from 1904? */
bool xlsx_book_date_1904(const struct xlsx_book *b);
/* Frees *b and sets it to NULL. Fine on NULL. */
void xlsx_book_close(struct xlsx_book **b);

#endif
