/*
 * Workbooks, written front to back. Ignorant of what the cells mean and of where the
 * archive goes.
 *
 * The parts, in the order they are written: _rels/.rels (first, so that file(1) and
 * upload filters that look at the first bytes know a workbook), the sheets, the
 * shared strings, styles, the workbook with its relationships, the content types.
 */
#include "parse/xlsx_write.h"

#include "parse/cell_text.h"
#include "parse/string_set.h"
#include "parse/utf8.h"
#include "parse/xlsx_parts.h"
#include "parse/xlsx_text.h"
#include "parse/zip_write.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 64 * 1024, MAX_STRINGS = 64 * 1024 * 1024, MAX_SHEETS = 1024 };

struct xlsx_write {
	struct zip_write *zip;
	bool inline_strings;
	struct string_set strings;
	struct buf sheets; /* <sheet/> elements for the workbook part */
	unsigned n_sheets;
	bool in_row, in_sheet;
	uint32_t rows, column; /* ended in this sheet; next of this row */
	struct sink self;      /* puts into room: what xlsx_text_escape() writes to */
	size_t n;
	char room[ROOM];
};

static int flush(struct xlsx_write *w, struct err *e)
{
	struct slice bytes = { w->room, w->n };

	w->n = 0;
	return zip_write_data(w->zip, bytes, e);
}

static int put(struct xlsx_write *w, struct slice s, struct err *e)
{
	while (s.n > 0) {
		struct slice part = slice_take(&s, sizeof(w->room) - w->n);

		memcpy(w->room + w->n, part.p, part.n);
		w->n += part.n;
		if (w->n == sizeof(w->room) && flush(w, e) < 0)
			return -1;
	}
	return 0;
}

static int put_self(void *to, struct slice bytes, struct err *e)
{
	return put(to, bytes, e);
}

static int put_number(struct xlsx_write *w, uint64_t value, struct err *e)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	return put(w, (struct slice){ digits + at, sizeof(digits) - at }, e);
}

static int put_part(struct xlsx_write *w, struct slice name, struct slice xml,
		    struct err *e)
{
	if (zip_write_entry(w->zip, name, e) < 0)
		return -1;
	return zip_write_data(w->zip, xml, e);
}

int xlsx_write_open(const struct sink *out, const struct xlsx_write_options *o,
		    struct xlsx_write **w_r, struct err *e)
{
	struct zip_write_options zip = { .level = o->level };
	struct xlsx_write *w = calloc(1, sizeof(*w));

	*w_r = NULL;
	if (w == NULL)
		return err_set(e, ERR_MEMORY, "out of memory for a workbook");
	w->inline_strings = o->inline_strings;
	w->self = (struct sink){ put_self, w };
	string_set_init(&w->strings, o->max_strings == 0 ? MAX_STRINGS : o->max_strings);
	buf_init(&w->sheets, (size_t)MAX_SHEETS * 512);
	if (zip_write_open(out, &zip, &w->zip, e) < 0 ||
	    put_part(w, SLICE("_rels/.rels"), xlsx_parts_root_rels, e) < 0) {
		xlsx_write_close(&w);
		return -1;
	}
	*w_r = w;
	return 0;
}

static bool sheet_name_fits(struct slice name)
{
	size_t units = 0;

	if (name.n == 0 || !utf8_valid(name) || name.p[0] == '\'' ||
	    name.p[name.n - 1] == '\'')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < 0x20 || slice_find(SLICE("[]:*?/\\"), name.p[i]) != NULL)
			return false;
		units += (c & 0xC0) == 0x80 ? 0 : c >= 0xF0 ? 2 : 1;
	}
	return units <= XLSX_MAX_SHEET_NAME;
}

static int sheet_end(struct xlsx_write *w, struct err *e)
{
	if (!w->in_sheet)
		return 0;
	assert(!w->in_row);
	w->in_sheet = false;
	return put(w, SLICE("</sheetData></worksheet>"), e) < 0 ? -1 : flush(w, e);
}

/* 18.3.1.66 (pane): the rows above the split stay in view. */
static int put_frozen(struct xlsx_write *w, unsigned rows, struct err *e)
{
	if (rows == 0)
		return 0;
	if (put(w, SLICE("<sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\""),
		e) < 0 ||
	    put_number(w, rows, e) < 0 || put(w, SLICE("\" topLeftCell=\"A"), e) < 0 ||
	    put_number(w, (uint64_t)rows + 1, e) < 0)
		return -1;
	return put(w,
		   SLICE("\" activePane=\"bottomLeft\" "
			 "state=\"frozen\"/></sheetView></sheetViews>"),
		   e);
}

static int put_width(struct xlsx_write *w, size_t column, unsigned width, bool text,
		     struct err *e)
{
	if (put(w, SLICE("<col min=\""), e) < 0 || put_number(w, column, e) < 0 ||
	    put(w, SLICE("\" max=\""), e) < 0 || put_number(w, column, e) < 0 ||
	    put(w, SLICE("\" width=\""), e) < 0 || put_number(w, width, e) < 0)
		return -1;
	if (text && (put(w, SLICE("\" style=\""), e) < 0 ||
		     put_number(w, (uint64_t)XLSX_STYLE_TEXT, e) < 0))
		return -1;
	return put(w, SLICE("\" customWidth=\"1\"/>"), e);
}

static int put_widths(struct xlsx_write *w, const struct xlsx_write_sheet *s,
		      struct err *e)
{
	if (s->n_width == 0)
		return 0;
	if (put(w, SLICE("<cols>"), e) < 0)
		return -1;
	for (size_t i = 0; i < s->n_width; i++)
		if (put_width(w, i + 1, s->width[i],
			      i < 64 && (s->text_columns >> i & 1) != 0, e) < 0)
			return -1;
	return put(w, SLICE("</cols>"), e);
}

static int put_buf(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

/* 18.2.19 (sheet): the workbook part is written at the end, its elements wait. */
static int remember_sheet(struct xlsx_write *w, struct slice name, struct err *e)
{
	struct sink to = { put_buf, &w->sheets };

	if (buf_add(&w->sheets, SLICE("<sheet name=\""), e) < 0 ||
	    xlsx_text_escape(&to, name, e) < 0 ||
	    buf_printf(&w->sheets, e, "\" sheetId=\"%u\" r:id=\"rId%u\"/>", w->n_sheets,
		       w->n_sheets) < 0)
		return err_prefix(e, "sheets");
	return 0;
}

int xlsx_write_sheet(struct xlsx_write *w, const struct xlsx_write_sheet *s,
		     struct err *e)
{
	char part[64];

	if (!sheet_name_fits(s->name))
		return err_set(e, ERR_INTERNAL, "'%.*s' cannot be a sheet's name",
			       (int)(s->name.n < 100 ? s->name.n : 100), s->name.p);
	if (sheet_end(w, e) < 0)
		return -1;
	if (++w->n_sheets > MAX_SHEETS)
		return err_set(e, ERR_LIMIT, "more than %d sheets", MAX_SHEETS);
	(void)snprintf(part, sizeof(part), "xl/worksheets/sheet%u.xml", w->n_sheets);
	if (remember_sheet(w, s->name, e) < 0 ||
	    zip_write_entry(w->zip, slice_str(part), e) < 0)
		return -1;
	w->in_sheet = true;
	w->rows = w->column = 0;
	if (put(w, SLICE(XLSX_XML_HEAD "<worksheet xmlns=" XLSX_MAIN_NS ">"), e) < 0 ||
	    put_frozen(w, s->frozen, e) < 0 || put_widths(w, s, e) < 0)
		return -1;
	return put(w, SLICE("<sheetData>"), e);
}

/* 18.3.1.73 (row): begun by its first cell, so that rows without one cost nothing. */
static int row_begin(struct xlsx_write *w, struct err *e)
{
	assert(w->in_sheet);
	if (w->in_row)
		return 0;
	if (w->rows >= XLSX_MAX_ROWS)
		return err_set(e, ERR_LIMIT, "a sheet holds at most %d rows",
			       XLSX_MAX_ROWS);
	w->in_row = true;
	if (put(w, SLICE("<row r=\""), e) < 0 ||
	    put_number(w, (uint64_t)w->rows + 1, e) < 0)
		return -1;
	return put(w, SLICE("\">"), e);
}

/* 18.3.1.4 (c): up to the attributes that every cell has. */
static int cell_begin(struct xlsx_write *w, enum xlsx_style style, struct err *e)
{
	char letters[CELL_COLUMN_MAX];

	if (put(w, SLICE("<c r=\""), e) < 0 ||
	    put(w, slice_str(cell_column_name(w->column, letters)), e) < 0 ||
	    put_number(w, (uint64_t)w->rows + 1, e) < 0)
		return -1;
	if (style != XLSX_STYLE_NONE &&
	    (put(w, SLICE("\" s=\""), e) < 0 || put_number(w, (uint64_t)style, e) < 0))
		return -1;
	return put(w, SLICE("\""), e);
}

/* White space at an end survives only where xml:space says so. */
static bool needs_space(struct slice text)
{
	struct slice blanks = SLICE(" \t\n");

	return slice_find(blanks, text.p[0]) != NULL ||
	       slice_find(blanks, text.p[text.n - 1]) != NULL;
}

/* 18.4.12 (t) */
static int put_t(struct xlsx_write *w, struct slice text, struct err *e)
{
	struct slice open =
		needs_space(text) ? SLICE("<t xml:space=\"preserve\">") : SLICE("<t>");

	if (put(w, open, e) < 0 || xlsx_text_escape(&w->self, text, e) < 0)
		return -1;
	return put(w, SLICE("</t>"), e);
}

static int put_inline(struct xlsx_write *w, struct slice text, struct err *e)
{
	if (put(w, SLICE(" t=\"inlineStr\"><is>"), e) < 0 || put_t(w, text, e) < 0)
		return -1;
	return put(w, SLICE("</is></c>"), e);
}

static int put_text(struct xlsx_write *w, enum xlsx_style style, struct slice text,
		    struct err *e)
{
	uint32_t index;
	int held;

	if (cell_begin(w, style, e) < 0)
		return -1;
	text = xlsx_text_cut(text);
	held = w->inline_strings ? PARSE_MORE
				 : string_set_add(&w->strings, text, &index, e);
	if (held < 0)
		return -1;
	if (held == PARSE_MORE)
		return put_inline(w, text, e);
	if (put(w, SLICE(" t=\"s\"><v>"), e) < 0 || put_number(w, index, e) < 0)
		return -1;
	return put(w, SLICE("</v></c>"), e);
}

static int put_value(struct xlsx_write *w, enum xlsx_style style, struct slice digits,
		     struct err *e)
{
	if (cell_begin(w, style, e) < 0 || put(w, SLICE("><v>"), e) < 0 ||
	    put(w, digits, e) < 0)
		return -1;
	return put(w, SLICE("</v></c>"), e);
}

static int put_date(struct xlsx_write *w, struct slice text, struct err *e)
{
	char serial[XLSX_TEXT_SERIAL];
	size_t n = xlsx_text_serial(text, serial);

	if (n == 0)
		return put_text(w, XLSX_STYLE_NONE, text, e);
	return put_value(w, text.n <= 10 ? XLSX_STYLE_DATE : XLSX_STYLE_TIME,
			 (struct slice){ serial, n }, e);
}

static int put_cell(struct xlsx_write *w, enum xlsx_write_kind kind, struct slice text,
		    struct err *e)
{
	switch (kind) {
	case XLSX_HEADING:
		return put_text(w, XLSX_STYLE_HEADING, text, e);
	case XLSX_DATE:
		return put_date(w, text, e);
	case XLSX_NUMBER:
		if (xlsx_text_is_number(text))
			return put_value(w, XLSX_STYLE_NONE, text, e);
		break;
	case XLSX_TEXT:
		break;
	}
	return put_text(w, XLSX_STYLE_NONE, text, e);
}

int xlsx_write_cell(struct xlsx_write *w, enum xlsx_write_kind kind, struct slice text,
		    struct err *e)
{
	if (w->column >= XLSX_MAX_COLUMNS)
		return err_set(e, ERR_LIMIT, "a row holds at most %d columns",
			       XLSX_MAX_COLUMNS);
	if (text.n > 0 && (row_begin(w, e) < 0 || put_cell(w, kind, text, e) < 0))
		return -1;
	w->column++;
	return 0;
}

int xlsx_write_row_end(struct xlsx_write *w, struct err *e)
{
	bool begun = w->in_row;

	w->in_row = false;
	w->column = 0;
	if (w->rows >= XLSX_MAX_ROWS)
		return err_set(e, ERR_LIMIT, "a sheet holds at most %d rows",
			       XLSX_MAX_ROWS);
	w->rows++;
	return begun ? put(w, SLICE("</row>"), e) : 0;
}

uint32_t xlsx_write_rows(const struct xlsx_write *w)
{
	return w->rows;
}

/* 18.4.9 (sst); its counts are optional. */
static int put_strings(struct xlsx_write *w, struct err *e)
{
	if (zip_write_entry(w->zip, SLICE("xl/sharedStrings.xml"), e) < 0 ||
	    put(w, SLICE(XLSX_XML_HEAD "<sst xmlns=" XLSX_MAIN_NS ">"), e) < 0)
		return -1;
	for (size_t i = 0; i < w->strings.n; i++)
		if (put(w, SLICE("<si>"), e) < 0 ||
		    put_t(w, string_set_at(&w->strings, i), e) < 0 ||
		    put(w, SLICE("</si>"), e) < 0)
			return -1;
	return put(w, SLICE("</sst>"), e) < 0 ? -1 : flush(w, e);
}

typedef int part_fn(struct buf *to, unsigned sheets, bool strings, struct err *e);

/* A part that depends on the number of sheets. */
static int put_counted(struct xlsx_write *w, struct slice name, part_fn *part,
		       struct err *e)
{
	struct buf xml;
	int result = -1;

	buf_init(&xml, (size_t)MAX_SHEETS * 512);
	if (part(&xml, w->n_sheets, !w->inline_strings, e) == 0)
		result = put_part(w, name, buf_slice(&xml), e);
	buf_release(&xml);
	return result;
}

int xlsx_write_finish(struct xlsx_write *w, struct err *e)
{
	assert(w->n_sheets > 0);
	if (sheet_end(w, e) < 0 || (!w->inline_strings && put_strings(w, e) < 0) ||
	    put_part(w, SLICE("xl/styles.xml"), xlsx_parts_styles, e) < 0 ||
	    put_part(w, SLICE("xl/workbook.xml"), xlsx_parts_workbook_head, e) < 0 ||
	    zip_write_data(w->zip, buf_slice(&w->sheets), e) < 0 ||
	    zip_write_data(w->zip, xlsx_parts_workbook_tail, e) < 0 ||
	    put_counted(w, SLICE("xl/_rels/workbook.xml.rels"), xlsx_parts_rels, e) < 0 ||
	    put_counted(w, SLICE("[Content_Types].xml"), xlsx_parts_types, e) < 0)
		return -1;
	return zip_write_finish(w->zip, e);
}

void xlsx_write_close(struct xlsx_write **w)
{
	if (*w == NULL)
		return;
	zip_write_close(&(*w)->zip);
	string_set_release(&(*w)->strings);
	buf_release(&(*w)->sheets);
	free(*w);
	*w = NULL;
}
