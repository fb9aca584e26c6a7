/*
 * Any manifest: the first line has the headings, each other line is a row, tabs between
 * cells; '=', '@', '!' and '?' before a cell make it a number, a date, an error, a truth.
 * What comes out can be stored, and reads as itself.
 */
#include "parse/cell_date.h"
#include "parse/cell_number.h"
#include "parse/date_text.h"
#include "parse/json_token.h"
#include "parse/num.h"
#include "parse/phone.h"
#include "parse/status.h"
#include "parse/utf8.h"
#include "parse/waybill.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CELLS = 48, ROWS = 64 };

struct cells {
	struct cell cell[CELLS];
	char text[CELLS][40];
	struct row row;
};

static void number_cell(struct cell *cell, char kind, char *text)
{
	char from[40];

	if (cell->text.n >= sizeof(from))
		return;
	memcpy(from, cell->text.p, cell->text.n);
	from[cell->text.n] = '\0';
	cell->number = strtod(from, NULL);
	if (!(cell->number > -1e300 && cell->number < 1e300))
		cell->number = 0;
	cell->text.p = text;
	cell->text.n = kind == '@' ? cell_date_text(cell->number, text) : 0;
	cell->kind = CELL_DATE;
	if (cell->text.n == 0) {
		cell->kind = CELL_NUMBER;
		cell->text.n = cell_number_text(cell->number, text);
	}
}

static void row_of(struct slice line, struct cells *to)
{
	to->row = (struct row){ .number = 1, .cells = to->cell };
	for (uint32_t column = 0; line.n > 0 && to->row.n < CELLS; column++) {
		struct cell *cell = &to->cell[to->row.n];
		char kind;

		*cell = (struct cell){ .column = column, .kind = CELL_TEXT };
		cell->text = slice_split(&line, '\t');
		if (cell->text.n == 0)
			continue;
		kind = cell->text.p[0];
		if (memchr("=@!?", kind, 4) != NULL)
			(void)slice_take(&cell->text, 1);
		if (kind == '!' || kind == '?')
			cell->kind = kind == '!' ? CELL_ERROR : CELL_BOOL;
		else if (kind == '=' || kind == '@')
			number_cell(cell, kind, to->text[to->row.n]);
		to->row.n++;
	}
}

static void check_date(struct slice s)
{
	struct date_text d;

	if (s.p == NULL)
		return;
	assert(date_text_read(s, &d) && d.order == DATE_FIXED);
	assert(slice_eq(s, (struct slice){ d.text, d.n }));
}

static void check_phone(struct slice s)
{
	char to[PHONE_MAX];
	bool mended = false;
	size_t n;

	if (s.p == NULL || s.p[0] == '\'')
		return;
	assert(phone_read(s, to, &n, &mended) && !mended);
}

static void check_number(struct slice s, unsigned whole, unsigned places)
{
	char to[NUM_TEXT];
	struct num n;
	size_t len;

	if (s.p == NULL)
		return;
	assert(num_plain(s, &n) && !n.negative);
	len = num_write(&n, whole, places, to);
	assert(slice_eq(s, (struct slice){ to, len }));
}

static void check_extra(struct slice extra)
{
	struct json_token t;
	struct json j;
	struct err e = { 0 };
	struct arena a;

	arena_init(&a, 1 << 24);
	json_init(&j, extra, &a);
	assert(json_next(&j, &t, &e) == 0 && t.kind == JSON_OBJECT);
	while (json_next(&j, &t, &e) == 0 && t.kind == JSON_KEY) {
		assert(json_next(&j, &t, &e) == 0);
		assert(t.kind == JSON_STRING && t.text.n > 0);
	}
	assert(e.kind == ERR_NONE && t.kind == JSON_OBJECT_END);
	arena_release(&a);
}

static void check_waybill(const struct waybill *w, struct arena *a)
{
	struct slice number;
	struct err e = { 0 };

	for (size_t f = 0; f < FIELD_COUNT; f++) {
		struct slice s = w->value[f];

		assert((s.p == NULL) == (s.n == 0));
		assert(s.p == NULL || utf8_valid(s));
		assert(s.n == 0 || memchr(s.p, '\0', s.n) == NULL);
	}
	assert(w->value[FIELD_WAYBILL_NUMBER].p != NULL);
	assert(waybill_number_normalise(w->value[FIELD_WAYBILL_NUMBER], a, &number, &e) ==
	       0);
	if (w->value[FIELD_STATUS].p != NULL)
		assert(slice_eq(status_read(w->value[FIELD_STATUS]),
				w->value[FIELD_STATUS]));
	check_date(w->value[FIELD_SIGNING_TIME]);
	check_date(w->value[FIELD_SUBMISSION_TIME]);
	check_date(w->signing_day_first);
	check_date(w->submission_day_first);
	check_phone(w->value[FIELD_SENDER_PHONE]);
	check_phone(w->value[FIELD_RECEIVER_PHONE]);
	check_number(w->value[FIELD_WEIGHT], 6, 3);
	check_number(w->value[FIELD_COD_AMOUNT], 10, 2);
	check_number(w->value[FIELD_NUMBER_OF_ITEMS], 9, 0);
	check_extra(w->extra);
}

static void check_row(const struct columns *c, struct slice line, struct arena *a)
{
	struct waybill_notes notes = { 0 };
	enum row_verdict verdict;
	struct reject rej;
	struct waybill w;
	struct err e = { 0 };
	struct cells cells;

	row_of(line, &cells);
	assert(waybill_read(c, &cells.row, a, &notes, &verdict, &w, &rej, &e) == 0);
	assert((verdict == ROW_FOOTER) == (notes.footers == 1));
	if (verdict == ROW_REJECTED)
		assert(rej.heading.n > 0 && rej.reason.n > 0 && utf8_valid(rej.text));
	if (verdict == ROW_WAYBILL)
		check_waybill(&w, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size };
	struct cells headings;
	struct columns c;
	struct err e = { 0 };
	struct arena a;

	if (!utf8_valid(rest) || slice_find(rest, '\0') != NULL)
		return 0;
	arena_init(&a, 1 << 26);
	row_of(slice_split(&rest, '\n'), &headings);
	if (columns_map(&headings.row, &a, &c, &e) == 0)
		for (unsigned i = 0; i < ROWS && rest.n > 0; i++)
			check_row(&c, slice_split(&rest, '\n'), &a);
	arena_release(&a);
	return 0;
}
