/*
 * Reads a manifest as an import would, and tells what it found. Ignorant of the
 * database: what is already known there, an import alone can say.
 */
#include "server/ctl_check.h"

#include "parse/cell_text.h"
#include "parse/columns.h"
#include "parse/merged_cells.h"
#include "parse/string_set.h"
#include "parse/waybill.h"
#include "server/ctl.h"
#include "server/import_report.h"
#include "server/import_sheets.h"

#include <inttypes.h>
#include <unistd.h>

enum { ARENA_MAX = 16 * 1024 * 1024, NUMBERS_MAX = 256 * 1024 * 1024, LISTED = 100 };

struct check {
	struct table *table;
	struct columns columns;
	struct arena file, row; /* what lives as long as the file, and as a row */
	struct string_set numbers;
	struct waybill_notes notes;
	struct import_sheets left;
	uint64_t waybills, rejected, repeated, blank;
	uint64_t problems; /* lines printed below "Problems" */
};

static void print_columns(const struct check *c, struct slice sheet)
{
	(void)printf("%s", table_format(c->table));
	if (sheet.n > 0) {
		(void)printf(", sheet '");
		ctl_print(stdout, sheet);
		(void)printf("'");
	}
	(void)printf(", headings in row %" PRIu64 "\n\nColumns\n",
		     c->columns.heading_row);
	for (size_t i = 0; i < c->columns.n; i++) {
		const struct column *col = &c->columns.column[i];
		char letters[CELL_COLUMN_MAX];

		(void)printf("  %-3s ", cell_column_name(col->column, letters));
		ctl_print(stdout, col->heading);
		if (col->shadowed)
			(void)printf(" -> extra (another column is taken for this)\n");
		else if (col->field == FIELD_EXTRA)
			(void)printf(" -> extra\n");
		else
			(void)printf(" -> %s\n", field_name(col->field));
	}
}

/* Begins a line of the list; false when the list is long enough. */
static bool problem(struct check *c, uint64_t row)
{
	if (c->problems++ == 0)
		(void)printf("\nProblems\n");
	if (c->problems == LISTED + 1)
		(void)printf("  and more\n");
	if (c->problems > LISTED)
		return false;
	(void)printf("  row %" PRIu64 ": ", row);
	return true;
}

static void print_reject(struct check *c, uint64_t row, const struct reject *r)
{
	if (!problem(c, row))
		return;
	ctl_print(stdout, r->heading);
	(void)printf(" '");
	ctl_print(stdout, r->text);
	(void)printf("': ");
	ctl_print(stdout, r->reason);
	(void)printf("\n");
}

/* A number seen before: the last row wins in an import, the earlier one is counted. */
static int note_number(struct check *c, uint64_t row, struct slice number, struct err *e)
{
	size_t known = c->numbers.n;
	uint32_t index;
	int held = string_set_add(&c->numbers, number, &index, e);

	if (held < 0)
		return -1;
	if (held == PARSE_MORE)
		return err_set(e, ERR_LIMIT, "too many waybill numbers to compare");
	if (index < known) {
		c->repeated++;
		if (problem(c, row)) {
			(void)printf("repeats waybill number '");
			ctl_print(stdout, number);
			(void)printf("': the last of them counts\n");
		}
	}
	return 0;
}

static int check_row(struct check *c, const struct row *r, struct err *e)
{
	enum row_verdict verdict;
	struct reject reject;
	struct waybill w;

	arena_reset(&c->row);
	if (waybill_read(&c->columns, r, &c->row, &c->notes, &verdict, &w, &reject, e) <
	    0)
		return -1;
	switch (verdict) {
	case ROW_WAYBILL:
		c->waybills++;
		return note_number(c, r->number, w.value[FIELD_WAYBILL_NUMBER], e);
	case ROW_REJECTED:
		c->rejected++;
		print_reject(c, r->number, &reject);
		break;
	case ROW_BLANK:
		c->blank++;
		break;
	case ROW_FOOTER: /* counted in the notes */
		break;
	}
	return 0;
}

static void print_note(uint64_t count, const char *what)
{
	if (count > 0)
		(void)printf("  %" PRIu64 " %s\n", count, what);
}

static void print_totals(const struct check *c)
{
	const struct waybill_notes *n = &c->notes;

	(void)printf("\nRows\n  %" PRIu64 " data rows\n", c->waybills + c->rejected);
	print_note(c->waybills - c->repeated, "waybills");
	print_note(c->repeated, "that repeat a number of this file");
	print_note(c->rejected, "rejected");
	print_note(c->blank, "blank, left out");
	print_note(n->footers, "totals at the foot, left out");
	print_note(n->hidden_rows, "hidden rows, taken like the others");
	print_note(n->phones_mended, "phone numbers given back their leading 0");
	print_note(n->addresses_split, "addresses split into province, city and so on");
	print_note(n->cod_flags, "COD columns that say COD or NON-COD, not an amount");
	print_note(n->unknown_statuses, "unknown statuses, taken as pending");
	print_note(n->bad_values, "values that could not be read, kept in extra");
	print_note(n->other_tables,
		   "with other headings; what is below them is rejected");
	print_note(n->short_years,
		   "dates with two digits of the year that may be another day");
	print_note(n->merged, "merged ranges, whose value is in their first cell alone");
	print_note(n->over, "with cells beyond the last heading, kept in extra");
	print_note(n->no_results, "with formulas whose results the file does not hold");
	print_note(n->signing.ambiguous + n->submission.ambiguous,
		   "dates that read both ways (03/04), taken like the column's others, "
		   "else month first");
	if (c->left.n > 0) {
		(void)printf("  not read, though they have waybills too: ");
		ctl_print(stdout, slice_str(c->left.list));
		(void)printf("\n");
	}
	if (table_guessed(c->table))
		(void)printf("  the encoding is a guess, Windows-1252: look at names "
			     "with accents\n");
}

static int check_sheet(struct check *c, struct slice sheet, struct slice *chosen_r,
		       struct err *e)
{
	/* Nobody is asked what was chosen before. */
	const struct import_options o = { .sheet = sheet, .columns_automatic = true };

	if (columns_find(c->table, sheet, &c->file, &c->columns, chosen_r, e) < 0)
		return -1;
	if (table_sheets(c->table) == 1)
		return 0;
	import_sheets_find(NULL, c->table, &o, *chosen_r, &c->left);
	return columns_find(c->table, sheet, &c->file, &c->columns, chosen_r, e);
}

static int check_rows(struct check *c, const char *sheet, struct err *e)
{
	struct slice chosen;
	struct row r;
	int step;

	if (check_sheet(c, slice_str(sheet), &chosen, e) < 0)
		return -1;
	print_columns(c, chosen);
	import_report_today(&c->notes);
	while ((step = columns_next(&c->columns, c->table, &r, e)) == PARSE_MORE)
		if (check_row(c, &r, e) < 0)
			return -1;
	if (step < 0)
		return -1;
	merged_cells_note(c->table, &c->columns, &c->notes);
	print_totals(c);
	return 0;
}

static int check_file(const char *path, const char *sheet, struct err *e)
{
	struct check c = { .waybills = 0 };
	uint64_t size;
	int fd, result = -1;

	if (ctl_open(path, &fd, &size, e) < 0)
		return -1;
	arena_init(&c.file, ARENA_MAX);
	arena_init(&c.row, ARENA_MAX);
	string_set_init(&c.numbers, NUMBERS_MAX);
	if (ctl_confine(e) == 0 &&
	    table_open(fd, 0, size, &table_limits_default, &c.table, e) == 0)
		result = check_rows(&c, sheet, e);
	table_close(&c.table);
	string_set_release(&c.numbers);
	arena_release(&c.row);
	arena_release(&c.file);
	(void)close(fd);
	return result;
}

int ctl_check(const char *path, const char *sheet)
{
	struct err e = { 0 };

	if (check_file(path, sheet, &e) < 0) {
		(void)fflush(stdout);
		return ctl_fail(&e);
	}
	return ctl_printed();
}
