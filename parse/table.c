/*
 * One interface over workbooks and delimited text. Ignorant of what the rows mean.
 */
#include "parse/table.h"

#include "parse/csv_read.h"
#include "parse/opc.h"
#include "parse/sniff.h"
#include "parse/xlsx_book.h"
#include "parse/xlsx_sheet.h"

#include <assert.h>
#include <stdlib.h>

/* Repetitive sheets, such as a hundred thousand styled but empty rows, pack 100 : 1
 * and better; deflate stops at 1032 : 1. */
const struct table_limits table_limits_default = {
	.max_unpacked = UINT64_C(4) << 30,
	.max_all = UINT64_C(8) << 30,
	.max_ratio = 512,
	.max_strings = UINT64_C(512) << 20,
	.max_entries = 10000,
	.max_columns = 16384,
	.max_cell = 1 << 20,
};

enum { MAX_RECORD = 32 << 20 }; /* bytes of one row of delimited text */

struct table {
	struct table_limits limits;
	uint64_t size; /* bytes of the file */
	bool selected;
	/* a workbook; NULL for delimited text */
	struct zip_dir *dir;
	struct xlsx_book *book;
	struct xlsx_strings *strings; /* read with the first sheet that is selected */
	struct zip_stream *stream;    /* of the selected sheet */
	struct xlsx_sheet *sheet;
	size_t sheet_i;
	/* delimited text; NULL for a workbook */
	struct csv *csv;
	struct cell *cells; /* of the row last read */
	size_t room;
};

static struct zip_limits part_limits(const struct table *t)
{
	return (struct zip_limits){ t->limits.max_unpacked, t->limits.max_ratio };
}

/* A sheet may be read several times, and each of many may be looked at: what one part may
 * unpack to is not bound enough. That the archive tells the truth is for zip_entry. */
static int check_size(const struct table *t, struct err *e)
{
	uint64_t left = t->limits.max_all;

	for (size_t i = 0; i < zip_dir_count(t->dir); i++) {
		uint64_t size = zip_dir_at(t->dir, i)->unpacked;

		if (size > left)
			return err_set(e, ERR_LIMIT,
				       "the workbook unpacks to more than %llu bytes, "
				       "which is the limit",
				       (unsigned long long)t->limits.max_all);
		left -= size;
	}
	return 0;
}

static int open_book(struct table *t, int fd, uint64_t start, struct err *e)
{
	struct zip_limits limits = part_limits(t);

	if (zip_dir_open(fd, start, t->size, t->limits.max_entries, &t->dir, e) < 0)
		return -1;
	if (check_size(t, e) < 0)
		return -1;
	return xlsx_book_open(t->dir, &limits, &t->book, e);
}

static int open_text(struct table *t, int fd, uint64_t start, struct err *e)
{
	struct csv_limits limits = { t->limits.max_columns, t->limits.max_cell,
				     MAX_RECORD };

	return csv_open(fd, start, t->size, &limits, &t->csv, e);
}

static int open_by_kind(struct table *t, int fd, uint64_t start, struct err *e)
{
	enum sniff_kind kind;

	if (sniff_file(fd, start, t->size, &kind, e) < 0)
		return -1;
	if (kind == SNIFF_ZIP)
		return open_book(t, fd, start, e);
	if (kind == SNIFF_TEXT)
		return open_text(t, fd, start, e);
	return err_set(e, ERR_UNSUPPORTED, "%s", sniff_refusal(kind));
}

int table_open(int fd, uint64_t start, uint64_t size, const struct table_limits *limits,
	       struct table **t_r, struct err *e)
{
	struct table *t = calloc(1, sizeof(*t));

	*t_r = NULL;
	if (t == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	t->limits = *limits;
	t->size = size;
	if (open_by_kind(t, fd, start, e) < 0) {
		table_close(&t);
		return -1;
	}
	*t_r = t;
	return 0;
}

bool table_guessed(const struct table *t)
{
	return t->csv != NULL && csv_guessed(t->csv);
}

const char *table_format(const struct table *t)
{
	if (t->book != NULL)
		return "xlsx";
	return csv_delimiter(t->csv) == '\t' ? "tsv" : "csv";
}

size_t table_sheets(const struct table *t)
{
	return t->book != NULL ? xlsx_book_sheets(t->book) : 1;
}

struct table_sheet table_sheet(const struct table *t, size_t i)
{
	struct xlsx_book_sheet sheet;

	assert(i < table_sheets(t));
	if (t->book == NULL)
		return (struct table_sheet){ SLICE(""), false };
	sheet = xlsx_book_sheet(t->book, i);
	return (struct table_sheet){ sheet.name, sheet.hidden };
}

/* The shared strings, once for all sheets. */
static int read_strings(struct table *t, struct err *e)
{
	const struct zip_entry *part = xlsx_book_strings(t->book);
	struct zip_limits limits = part_limits(t);
	struct zip_stream *stream;
	int got;

	if (part == NULL || t->strings != NULL)
		return 0;
	if (zip_stream_open(t->dir, part, &limits, &stream, e) < 0)
		return err_prefix(e, "shared strings");
	got = xlsx_strings_open(opc_read, stream, &t->limits, &t->strings, e);
	zip_stream_close(&stream);
	return got;
}

static int fail_in_sheet(const struct table *t, struct err *e)
{
	struct slice name = xlsx_book_sheet(t->book, t->sheet_i).name;

	return err_prefix(e, "sheet \"%.*s\"", (int)(name.n < 60 ? name.n : 60), name.p);
}

static int open_sheet(struct table *t, struct err *e)
{
	struct zip_limits limits = part_limits(t);
	struct xlsx_sheet_setup setup = {
		.strings = t->strings,
		.date_1904 = xlsx_book_date_1904(t->book),
		.max_columns = t->limits.max_columns,
		.max_cell = t->limits.max_cell,
	};

	setup.date_style = xlsx_book_date_styles(t->book, &setup.n_styles);
	if (zip_stream_open(t->dir, xlsx_book_sheet(t->book, t->sheet_i).part, &limits,
			    &t->stream, e) < 0 ||
	    xlsx_sheet_open(opc_read, t->stream, &setup, &t->sheet, e) < 0)
		return fail_in_sheet(t, e);
	return 0;
}

int table_select(struct table *t, size_t i, struct err *e)
{
	assert(i < table_sheets(t));
	t->selected = true;
	if (t->csv != NULL)
		return csv_rewind(t->csv, e);
	xlsx_sheet_close(&t->sheet);
	zip_stream_close(&t->stream);
	t->sheet_i = i;
	if (read_strings(t, e) < 0)
		return -1;
	return open_sheet(t, e);
}

/* Room for the cells of the widest row so far. */
static int make_room(struct table *t, size_t n, struct err *e)
{
	struct cell *cells;

	if (n <= t->room)
		return 0;
	cells = realloc(t->cells, n * sizeof(*cells));
	if (cells == NULL)
		return err_set(e, ERR_MEMORY, "out of memory for %zu cells", n);
	t->cells = cells;
	t->room = n;
	return 0;
}

/* ="0012" is how programs keep spreadsheets from taking a text for a number. */
static struct slice formula_text(struct slice s)
{
	struct slice inside = s;

	if (s.n < 3 || s.p[0] != '=' || s.p[1] != '"' || s.p[s.n - 1] != '"')
		return s;
	(void)slice_take(&inside, 2);
	inside.n--;
	return slice_find(inside, '"') == NULL ? inside : s;
}

static int next_of_text(struct table *t, struct row *r, struct err *e)
{
	struct csv_row from;
	int got;

	while ((got = csv_next(t->csv, &from, e)) == PARSE_MORE) {
		if (make_room(t, from.n, e) < 0)
			return -1;
		*r = (struct row){ .number = from.number,
				   .cells = t->cells,
				   .nul = from.nul,
				   .width = (uint32_t)from.n };
		for (size_t i = 0; i < from.n; i++) {
			struct slice text = formula_text(from.cells[i]);

			if (text.n > 0)
				t->cells[r->n++] = (struct cell){ .column = (uint32_t)i,
								  .kind = CELL_TEXT,
								  .text = text };
		}
		if (r->n > 0)
			return PARSE_MORE;
	}
	return got;
}

int table_next(struct table *t, struct row *r, struct err *e)
{
	int got;

	assert(t->selected);
	if (t->csv != NULL)
		return next_of_text(t, r, e);
	if (t->sheet == NULL)
		return err_set(e, ERR_INTERNAL, "the sheet could not be selected");
	got = xlsx_sheet_next(t->sheet, r, e);
	return got < 0 ? fail_in_sheet(t, e) : got;
}

const struct table_merge *table_merges(const struct table *t, size_t *n_r,
				       uint64_t *all_r)
{
	*n_r = 0;
	*all_r = 0;
	return t->sheet == NULL ? NULL : xlsx_sheet_merges(t->sheet, n_r, all_r);
}

uint64_t table_progress(const struct table *t, uint64_t *total_r)
{
	if (t->csv != NULL) {
		*total_r = t->size;
		return csv_progress(t->csv);
	}
	*total_r = xlsx_book_sheet(t->book, t->sheet_i).part->packed;
	return t->stream == NULL ? 0 : zip_stream_packed(t->stream);
}

void table_close(struct table **t)
{
	if (*t == NULL)
		return;
	xlsx_sheet_close(&(*t)->sheet);
	zip_stream_close(&(*t)->stream);
	xlsx_strings_close(&(*t)->strings);
	xlsx_book_close(&(*t)->book);
	zip_dir_close(&(*t)->dir);
	csv_close(&(*t)->csv);
	free((*t)->cells);
	free(*t);
	*t = NULL;
}
