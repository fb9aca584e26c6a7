/*
 * Rows of typed cells. Ignorant of XML and of archives, of styles beyond "date or
 * not", and of what the cells mean.
 *
 * The buffer of texts may move while a row is read, so a text is kept as an offset
 * until the row is complete.
 */
#include "parse/xlsx_row.h"

#include "parse/cell_date.h"
#include "parse/cell_number.h"
#include "parse/cell_text.h"
#include "parse/xml_char.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

enum {
	ROW_TEXT = 32 << 20,   /* bytes of one row's texts at the most */
	LAST_ROW = 1073741824, /* spreadsheet programs stop far below */
	COUNT_DIGITS = 10,
	COLUMN_LETTERS = 6
};

/* text_at of a cell that has its view: of what stays, or of what may go; and of one whose
 * text's length is the number of a shared string, not looked up yet */
static const size_t ELSEWHERE = SIZE_MAX, IN_VIEW = SIZE_MAX - 1,
		    IN_STRINGS = SIZE_MAX - 2;

static int show(struct slice s)
{
	return (int)(s.n < 40 ? s.n : 40);
}

bool xlsx_count_read(struct slice s, uint64_t *value_r)
{
	uint64_t value = 0;

	s = xml_trim(s);
	if (s.n == 0 || s.n > COUNT_DIGITS)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(s.p[i] - '0');
	}
	*value_r = value;
	return true;
}

bool xlsx_is_true(struct slice s)
{
	return slice_eq(s, SLICE("1")) || slice_eq(s, SLICE("true"));
}

bool xlsx_type_read(struct slice s, enum xlsx_type *type_r)
{
	static const struct {
		struct slice name;
		enum xlsx_type type;
	} types[] = {
		{ SLICE_INIT("s"), XLSX_TYPE_SHARED },
		{ SLICE_INIT("inlineStr"), XLSX_TYPE_INLINE },
		{ SLICE_INIT("str"), XLSX_TYPE_FORMULA },
		{ SLICE_INIT("n"), XLSX_TYPE_NUMBER },
		{ SLICE_INIT("b"), XLSX_TYPE_BOOL },
		{ SLICE_INIT("e"), XLSX_TYPE_ERROR },
		{ SLICE_INIT("d"), XLSX_TYPE_DATE },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (slice_eq(s, types[i].name)) {
			*type_r = types[i].type;
			return true;
		}
	return false;
}

void xlsx_row_init(struct xlsx_row *row, const struct xlsx_sheet_setup *setup)
{
	*row = (struct xlsx_row){ .setup = setup };
	buf_init(&row->text, ROW_TEXT);
}

int xlsx_row_begin(struct xlsx_row *row, struct slice number, struct err *e)
{
	uint64_t n = row->number + 1;

	if (number.n > 0 && (!xlsx_count_read(number, &n) || n == 0))
		return err_set(e, ERR_INPUT,
			       "behind row %" PRIu64 ": \"%.*s\" is not a row's number",
			       row->number, show(number), number.p);
	if (n <= row->number)
		return err_set(e, ERR_INPUT, "row %" PRIu64 " comes behind row %" PRIu64,
			       n, row->number);
	if (n > LAST_ROW)
		return err_set(e, ERR_LIMIT, "row %" PRIu64 " is beyond row %d", n,
			       LAST_ROW);
	row->number = n;
	row->next_column = 0;
	row->n = row->n_kept = 0;
	row->no_result = false;
	row->text.n = 0;
	return 0;
}

bool xlsx_ref_read(struct slice s, uint32_t *column_r, uint64_t *row_r)
{
	uint32_t column = 0;
	uint64_t number = 0;
	size_t i = 0, letters;

	for (; i < s.n && i < COLUMN_LETTERS && s.p[i] >= 'A' && s.p[i] <= 'Z'; i++)
		column = column * 26 + (uint32_t)(s.p[i] - 'A' + 1);
	letters = i;
	if (letters == 0 || s.n - letters > COUNT_DIGITS || s.n == letters)
		return false;
	for (; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(s.p[i] - '0');
	}
	*column_r = column - 1;
	*row_r = number;
	return true;
}

int xlsx_row_place(struct xlsx_row *row, struct slice ref, uint32_t *column_r,
		   struct err *e)
{
	char name[CELL_COLUMN_MAX], before[CELL_COLUMN_MAX];
	uint32_t column = row->next_column;
	uint64_t number = row->number;

	if (ref.n > 0 && !xlsx_ref_read(ref, &column, &number))
		return err_set(e, ERR_INPUT,
			       "row %" PRIu64 ": \"%.*s\" is not a cell's place",
			       row->number, show(ref), ref.p);
	if (number != row->number)
		return err_set(e, ERR_INPUT, "row %" PRIu64 ": holds cell \"%.*s\"",
			       row->number, show(ref), ref.p);
	if (column < row->next_column)
		return err_set(e, ERR_INPUT,
			       "row %" PRIu64 ": column %s comes behind column %s",
			       row->number, cell_column_name(column, name),
			       cell_column_name(row->next_column - 1, before));
	if (column >= row->setup->max_columns)
		return err_set(e, ERR_LIMIT, "row %" PRIu64 ": more than %u columns",
			       row->number, (unsigned)row->setup->max_columns);
	row->next_column = column + 1;
	*column_r = column;
	return 0;
}

/* Doubles the places for cells. */
static int make_room(struct xlsx_row *row, struct err *e)
{
	size_t room = row->room == 0 ? 32 : row->room * 2;
	struct cell *cells;
	size_t *text_at;

	cells = realloc(row->cells, room * sizeof(*cells));
	if (cells != NULL)
		row->cells = cells;
	text_at = realloc(row->text_at, room * sizeof(*text_at));
	if (text_at != NULL)
		row->text_at = text_at;
	if (cells == NULL || text_at == NULL)
		return err_set(e, ERR_MEMORY, "out of memory for %zu cells", room);
	row->room = room;
	return 0;
}

/* Puts text in the place of the value that was read. */
static int set_text(struct xlsx_row *row, size_t from, struct slice text, struct err *e)
{
	row->text.n = from;
	return buf_add(&row->text, text, e);
}

/* Serials of the 1904 system move to the 1900 system, but for times of day, which
 * belong to no day. A serial that the calendar does not have stays a number. */
static bool show_date(const struct xlsx_row *row, double *serial, char *text, size_t *n_r)
{
	double moved = *serial;

	if (row->setup->date_1904 && moved >= 1)
		moved += (double)CELL_DATE_1904;
	*n_r = cell_date_text(moved, text);
	if (*n_r > 0)
		*serial = moved;
	return *n_r > 0;
}

static int add_number(struct xlsx_row *row, const struct xlsx_cell *c, size_t from,
		      struct cell *cell, struct err *e)
{
	const struct xlsx_sheet_setup *setup = row->setup;
	struct slice value = slice_from(buf_slice(&row->text), from);
	char text[CELL_NUMBER_MAX], date[CELL_DATE_MAX];
	size_t n, date_n;

	cell->kind = CELL_NUMBER;
	if (c->style < setup->n_styles && setup->date_style[c->style]) {
		if (cell_number_value(value, &cell->number, e) < 0)
			return -1;
		if (show_date(row, &cell->number, date, &date_n)) {
			cell->kind = CELL_DATE;
			return set_text(row, from, (struct slice){ date, date_n }, e);
		}
	}
	if (cell_number(value, &cell->number, text, &n, e) < 0)
		return -1;
	return set_text(row, from, (struct slice){ text, n }, e);
}

static int add_bool(struct xlsx_row *row, size_t from, struct cell *cell, struct err *e)
{
	struct slice value = xml_trim(slice_from(buf_slice(&row->text), from));

	cell->kind = CELL_BOOL;
	if (xlsx_is_true(value))
		return set_text(row, from, SLICE("TRUE"), e);
	if (slice_eq(value, SLICE("0")) || slice_eq(value, SLICE("false")))
		return set_text(row, from, SLICE("FALSE"), e);
	return err_set(e, ERR_INPUT, "\"%.*s\" is not true or false", show(value),
		       value.p);
}

static int add_shared(struct xlsx_row *row, size_t from, struct cell *cell, struct err *e)
{
	const struct xlsx_strings *strings = row->setup->strings;
	size_t count = strings == NULL ? 0 : xlsx_strings_count(strings);
	struct slice value = slice_from(buf_slice(&row->text), from);
	uint64_t i;

	if (!xlsx_count_read(value, &i) || i >= count)
		return err_set(
			e, ERR_INPUT,
			"shared string \"%.*s\" is not there (the workbook has %zu)",
			show(value), value.p, count);
	cell->kind = CELL_TEXT;
	cell->text = xlsx_strings_at(strings, (size_t)i);
	row->text.n = from;
	row->text_at[row->n] = ELSEWHERE;
	return 0;
}

static int add_text(struct xlsx_row *row, size_t from, enum cell_kind kind,
		    struct cell *cell, struct err *e)
{
	cell->kind = kind;
	if (!cell_fits(slice_from(buf_slice(&row->text), from), row->setup->max_cell))
		return err_set(e, ERR_LIMIT, "longer than %u characters",
			       (unsigned)row->setup->max_cell);
	return 0;
}

/* What is no date that we know stays the text it is. */
static int add_date(struct xlsx_row *row, size_t from, struct cell *cell, struct err *e)
{
	struct slice value = xml_trim(slice_from(buf_slice(&row->text), from));
	char text[CELL_DATE_MAX];
	size_t n;

	if (!cell_date_serial(value, &cell->number))
		return add_text(row, from, CELL_TEXT, cell, e);
	n = cell_date_text(cell->number, text);
	cell->kind = CELL_DATE;
	return set_text(row, from, (struct slice){ text, n }, e);
}

static int add_value(struct xlsx_row *row, const struct xlsx_cell *c, size_t from,
		     struct cell *cell, struct err *e)
{
	switch (c->type) {
	case XLSX_TYPE_NUMBER:
		return add_number(row, c, from, cell, e);
	case XLSX_TYPE_SHARED:
		return add_shared(row, from, cell, e);
	case XLSX_TYPE_INLINE:
	case XLSX_TYPE_FORMULA:
		return add_text(row, from, CELL_TEXT, cell, e);
	case XLSX_TYPE_BOOL:
		return add_bool(row, from, cell, e);
	case XLSX_TYPE_DATE:
		return add_date(row, from, cell, e);
	case XLSX_TYPE_ERROR:
		return add_text(row, from, CELL_ERROR, cell, e);
	}
	assert(c->type <= XLSX_TYPE_DATE);
	return -1;
}

/* Programs that do not calculate write a formula alone; an empty text is a result. */
static int add_no_result(struct xlsx_row *row, const struct xlsx_cell *c, struct err *e)
{
	if (!c->formula || c->type == XLSX_TYPE_FORMULA)
		return 0;
	if (row->n == row->room && make_room(row, e) < 0)
		return -1;
	row->text_at[row->n] = ELSEWHERE;
	row->cells[row->n++] = (struct cell){ .column = c->column,
					      .kind = CELL_NO_RESULT,
					      .text = SLICE("") };
	row->no_result = true;
	return 0;
}

int xlsx_row_add(struct xlsx_row *row, const struct xlsx_cell *c, size_t from,
		 struct err *e)
{
	char name[CELL_COLUMN_MAX];
	struct cell *cell;

	if (row->text.n == from)
		return add_no_result(row, c, e);
	if (row->n == row->room && make_room(row, e) < 0)
		return -1;
	cell = &row->cells[row->n];
	*cell = (struct cell){ .column = c->column };
	row->text_at[row->n] = from;
	if (add_value(row, c, from, cell, e) < 0)
		return err_prefix(e, "row %" PRIu64 ", column %s", row->number,
				  cell_column_name(c->column, name));
	if (row->text_at[row->n] != ELSEWHERE)
		cell->text.n = row->text.n - from;
	row->n += cell->text.n > 0;
	return 0;
}

static bool view_shared(const struct xlsx_row *row, const struct xlsx_cell *c,
			struct cell *cell)
{
	const struct xlsx_strings *strings = row->setup->strings;

	if (strings == NULL || c->string >= xlsx_strings_count(strings))
		return false;
	xlsx_strings_fetch(strings, c->string);
	cell->text.n = c->string;
	return true;
}

/* False for what is not as simple as nearly all cells are. */
static bool view_value(const struct xlsx_row *row, const struct xlsx_cell *c,
		       struct slice value, struct cell *cell)
{
	const struct xlsx_sheet_setup *setup = row->setup;

	cell->kind = CELL_TEXT;
	cell->text = value;
	switch (c->type) {
	case XLSX_TYPE_SHARED:
		return view_shared(row, c, cell);
	case XLSX_TYPE_NUMBER:
		cell->kind = CELL_NUMBER;
		if (c->style < setup->n_styles && setup->date_style[c->style])
			return false;
		return cell_number_plain(value, &cell->number, &cell->text.n);
	case XLSX_TYPE_INLINE:
	case XLSX_TYPE_FORMULA:
		return cell_fits(value, setup->max_cell);
	default:
		return false;
	}
}

int xlsx_row_add_view(struct xlsx_row *row, const struct xlsx_cell *c, struct slice value,
		      struct err *e)
{
	size_t from = row->text.n;
	struct cell *cell;

	row->next_column = c->column + 1;
	if (value.n == 0)
		return 0;
	if (row->n == row->room && make_room(row, e) < 0)
		return -1;
	cell = &row->cells[row->n];
	cell->column = c->column;
	cell->number = 0;
	row->text_at[row->n] = c->type == XLSX_TYPE_SHARED ? IN_STRINGS : IN_VIEW;
	if (view_value(row, c, value, cell)) {
		row->n += cell->text.n > 0 || c->type == XLSX_TYPE_SHARED;
		return 0;
	}
	return buf_add(&row->text, value, e) < 0 ? -1 : xlsx_row_add(row, c, from, e);
}

int xlsx_row_keep(struct xlsx_row *row, struct err *e)
{
	for (; row->n_kept < row->n; row->n_kept++) {
		size_t *at = &row->text_at[row->n_kept];

		if (*at != IN_VIEW)
			continue;
		*at = row->text.n;
		if (buf_add(&row->text, row->cells[row->n_kept].text, e) < 0)
			return -1;
	}
	return 0;
}

/* Looks up the shared strings, all of a row at a time, so that the waits for what is in
 * no cache overlap; and drops those that are empty. */
static void find_strings(struct xlsx_row *row)
{
	size_t n = 0;

	for (size_t i = 0; i < row->n; i++) {
		struct cell *cell = &row->cells[n];

		if (n < i)
			*cell = row->cells[i];
		row->text_at[n] = row->text_at[i];
		if (row->text_at[n] == IN_STRINGS) {
			cell->text = xlsx_strings_at(row->setup->strings, cell->text.n);
			row->text_at[n] = ELSEWHERE;
			if (cell->text.n == 0)
				continue;
			__builtin_prefetch(cell->text.p);
		} else if (row->text_at[n] < IN_STRINGS) {
			cell->text.p = row->text.p + row->text_at[n];
		}
		n++;
	}
	row->n = n;
}

void xlsx_row_end(struct xlsx_row *row, struct row *r)
{
	find_strings(row);
	r->number = row->number;
	r->cells = row->cells;
	r->n = row->n;
	r->no_result = row->no_result;
	r->width = r->over = 0;
	r->date_1904 = row->setup->date_1904;
}

void xlsx_row_release(struct xlsx_row *row)
{
	buf_release(&row->text);
	free(row->cells);
	free(row->text_at);
	row->cells = NULL;
	row->text_at = NULL;
	row->n = row->room = 0;
}
