/*
 * Rows to waybills. Ignorant of files and of the database: cells in, normalised text
 * out. This runs once for every row of every manifest, so it makes one pass, looks at
 * nothing twice and copies only what changes.
 */
#include "parse/waybill.h"

#include "parse/address.h"
#include "parse/cell_date.h"
#include "parse/cell_text.h"
#include "parse/column_names.h"
#include "parse/columns_wide.h"
#include "parse/csv_write.h"
#include "parse/date_text.h"
#include "parse/footer.h"
#include "parse/json_write.h"
#include "parse/num.h"
#include "parse/phone.h"
#include "parse/second_table.h"
#include "parse/status.h"
#include "parse/text.h"
#include "parse/utf8.h"

enum {
	WEIGHT_WHOLE = 6,
	WEIGHT_PLACES = 3,
	MONEY_WHOLE = 10,
	MONEY_PLACES = 2,
	COUNT_WHOLE = 9,
	EIGHT_DIGITS = 10000000,
	REJECT_TEXT = 200 /* bytes of a cell that is too long */
};

struct extra {
	struct slice heading, text;
};

/* One row being read. */
struct reader {
	const struct columns *c;
	struct arena *a;
	struct waybill_notes *notes;
	uint64_t row;
	bool date_1904;
	struct waybill *w;
	struct extra *extra; /* room for one for every cell */
	size_t n_extra;
	struct err *e;
};

static int no_room(struct err *e)
{
	return err_set(e, ERR_LIMIT, "a row too large");
}

static void keep_extra(struct reader *rd, struct slice heading, struct slice text)
{
	rd->extra[rd->n_extra++] = (struct extra){ heading, text };
}

static void keep_bad(struct reader *rd, const struct column *column, struct slice text)
{
	rd->notes->bad_values++;
	note_add(&rd->notes->first.bad_values, rd->row, column->heading, text);
	keep_extra(rd, column->heading, text);
}

/* Copies n bytes into the arena as the field's value. */
static int set(struct reader *rd, struct slice *value, const char *p, size_t n)
{
	*value = arena_dup(rd->a, (struct slice){ p, n });
	return value->p == NULL ? no_room(rd->e) : 0;
}

static int read_phone(struct reader *rd, const struct column *column, struct slice text)
{
	char phone[PHONE_MAX];
	bool mended = false;
	size_t n;

	if (!phone_read(text, phone, &n, &mended)) {
		keep_bad(rd, column, text);
		return 0;
	}
	if (mended) {
		rd->notes->phones_mended++;
		note_add(&rd->notes->first.phones, rd->row, column->heading, text);
	}
	if (slice_eq(text, (struct slice){ phone, n })) {
		rd->w->value[column->field] = text;
		return 0;
	}
	return set(rd, &rd->w->value[column->field], phone, n);
}

/* Reads the text as the field's kind of number and writes it; 0 when it is none. */
static size_t number_text(enum field field, const struct cell *cell, struct slice text,
			  char *to)
{
	bool plain = cell->kind == CELL_NUMBER, ok;
	struct num n;

	switch (field) {
	case FIELD_WEIGHT:
		ok = plain ? num_plain(text, &n) : num_weight(text, &n);
		return !ok || n.negative ? 0
					 : num_write(&n, WEIGHT_WHOLE, WEIGHT_PLACES, to);
	case FIELD_COD_AMOUNT:
		ok = plain ? num_plain(text, &n) : num_money(text, &n);
		return !ok || n.negative ? 0
					 : num_write(&n, MONEY_WHOLE, MONEY_PLACES, to);
	default:
		ok = num_count(text, &n);
		return !ok || n.negative ? 0 : num_write(&n, COUNT_WHOLE, 0, to);
	}
}

static int read_number(struct reader *rd, const struct column *column,
		       const struct cell *cell, struct slice text)
{
	char number[NUM_TEXT];
	size_t n;

	if (column->field == FIELD_COD_AMOUNT &&
	    (cell->kind == CELL_BOOL || num_money_flag(text))) {
		rd->notes->cod_flags++;
		note_add(&rd->notes->first.cod_flags, rd->row, column->heading, text);
		keep_extra(rd, column->heading, text);
		return 0;
	}
	n = cell->kind == CELL_DATE ? 0 : number_text(column->field, cell, text, number);
	if (n == 0) {
		keep_bad(rd, column, text);
		return 0;
	}
	return set(rd, &rd->w->value[column->field], number, n);
}

static void count_order(struct date_order *count, enum date_order_of order)
{
	switch (order) {
	case DATE_FIXED:
		break;
	case DATE_DAY_FIRST:
		count->day_first++;
		break;
	case DATE_MONTH_FIRST:
		count->month_first++;
		break;
	case DATE_EITHER:
		count->ambiguous++;
		break;
	}
}

/* A number that no style shows as a date is still a serial of its workbook, unless it is
 * 20250131. */
static double serial_of(const struct reader *rd, const struct cell *cell)
{
	bool moved = rd->date_1904 && cell->kind == CELL_NUMBER &&
		     cell->number < (double)EIGHT_DIGITS;

	return moved ? cell->number + (double)CELL_DATE_1904 : cell->number;
}

static int read_time(struct reader *rd, const struct column *column,
		     const struct cell *cell, struct slice text)
{
	bool signing = column->field == FIELD_SIGNING_TIME;
	struct waybill *w = rd->w;
	struct date_text d;
	bool ok = cell->kind == CELL_NUMBER || cell->kind == CELL_DATE
			  ? date_serial_read(serial_of(rd, cell), &d)
			  : date_text_read_until(text, rd->notes->last_day, &d);

	if (!ok) {
		keep_bad(rd, column, text);
		return 0;
	}
	if (d.short_year) {
		rd->notes->short_years++;
		note_add(&rd->notes->first.short_years, rd->row, column->heading, text);
	}
	count_order(signing ? &rd->notes->signing : &rd->notes->submission, d.order);
	if (d.order == DATE_EITHER)
		note_add(signing ? &rd->notes->first.signing
				 : &rd->notes->first.submission,
			 rd->row, column->heading, text);
	if (d.order == DATE_EITHER &&
	    set(rd, signing ? &w->signing_day_first : &w->submission_day_first,
		d.day_first, d.n) < 0)
		return -1;
	return set(rd, &w->value[column->field], d.text, d.n);
}

static void read_status(struct reader *rd, const struct column *column, struct slice text)
{
	struct slice stored = status_read(text);

	if (stored.p == NULL) {
		rd->notes->unknown_statuses++;
		note_add(&rd->notes->first.statuses, rd->row, column->heading, text);
		rd->w->unknown_status = text;
		keep_extra(rd, column->heading, text);
		stored = SLICE("pending");
	}
	rd->w->value[FIELD_STATUS] = stored;
}

/* Joins what there is of the parts; p is NULL when there is nothing. */
static int join(struct reader *rd, const struct slice *parts, size_t n,
		struct slice between, struct slice *joined_r)
{
	size_t size = 0, used = 0;
	char *to;

	*joined_r = (struct slice){ NULL, 0 };
	for (size_t i = 0; i < n; i++)
		if (parts[i].n > 0)
			size += parts[i].n + (size > 0 ? between.n : 0);
	if (size == 0)
		return 0;
	to = arena_alloc(rd->a, size);
	if (to == NULL)
		return no_room(rd->e);
	for (size_t i = 0; i < n; i++) {
		if (parts[i].n == 0)
			continue;
		if (used > 0) {
			memcpy(to + used, between.p, between.n);
			used += between.n;
		}
		memcpy(to + used, parts[i].p, parts[i].n);
		used += parts[i].n;
	}
	*joined_r = (struct slice){ to, size };
	return 0;
}

static int read_remark(struct reader *rd, struct slice text)
{
	struct slice *value = &rd->w->value[FIELD_REMARKS];
	const struct slice parts[] = { *value, text };

	if (value->p != NULL)
		return join(rd, parts, 2, SLICE("; "), value);
	*value = text;
	return 0;
}

/*
 * "-" or "N/A" is an empty cell, but for names and remarks: a city called so would go
 * into the address and onto the dashboard, a phone take the place of the one that is
 * known.
 */
static bool says_nothing(enum field field, struct slice text)
{
	switch (field) {
	case FIELD_SENDER_NAME:
	case FIELD_RECEIVER_NAME:
	case FIELD_ITEM_NAME:
	case FIELD_REMARKS:
	case FIELD_WAYBILL_NUMBER:
		return false;
	default:
		return text_is_filler(text);
	}
}

/* Reads a filled cell of a mapped column. */
static int read_field(struct reader *rd, const struct column *column,
		      const struct cell *cell, struct slice text)
{
	if (cell->kind == CELL_ERROR && column->field != FIELD_WAYBILL_NUMBER) {
		keep_bad(rd, column, text);
		return 0;
	}
	if (says_nothing(column->field, text))
		return 0;
	if (text_is_error(text) && column->field != FIELD_WAYBILL_NUMBER &&
	    column->field != FIELD_REMARKS) { /* "#FRAGILE!" */
		keep_bad(rd, column, text);
		return 0;
	}
	switch (column->field) {
	case FIELD_WAYBILL_NUMBER:
		return 0; /* read before */
	case FIELD_STATUS:
		read_status(rd, column, text);
		return 0;
	case FIELD_SENDER_PHONE:
	case FIELD_RECEIVER_PHONE:
		return read_phone(rd, column, text);
	case FIELD_WEIGHT:
	case FIELD_NUMBER_OF_ITEMS:
	case FIELD_COD_AMOUNT:
		return read_number(rd, column, cell, text);
	case FIELD_SIGNING_TIME:
	case FIELD_SUBMISSION_TIME:
		return read_time(rd, column, cell, text);
	case FIELD_REMARKS:
		return read_remark(rd, text);
	default:
		rd->w->value[column->field] = text;
		return 0;
	}
}

/* What a column is called that has no heading. */
static int own_heading(struct reader *rd, const struct cell *cell,
		       struct slice *heading_r)
{
	char own[COLUMN_OWN_NAME];

	*heading_r = arena_dup(rd->a, column_own_name(cell->column, own));
	return heading_r->p == NULL ? no_room(rd->e) : 0;
}

/* A filled cell to the right of the headings, or under none. */
static int read_unheaded(struct reader *rd, const struct cell *cell, struct slice text)
{
	struct slice heading;

	if (own_heading(rd, cell, &heading) < 0)
		return -1;
	keep_extra(rd, heading, text);
	return 0;
}

/* A list of rejected rows, or any export, has an apostrophe before what a spreadsheet
 * would run: it is not the text's. */
static struct slice cell_text(const struct cell *cell)
{
	struct slice text = text_trim(cell->text), rest = slice_from(text, 1);

	if (slice_starts(text, SLICE("'")) && csv_is_formula(rest))
		return text_trim(rest);
	return text;
}

/* Walks cells and columns side by side; both rise. */
static int read_cells(struct reader *rd, const struct row *r)
{
	const struct column *column = rd->c->column, *end = column + rd->c->n;

	for (size_t i = 0; i < r->n; i++) {
		const struct cell *cell = &r->cells[i];
		struct slice text = cell_text(cell);
		int got = 0;

		while (column < end && column->column < cell->column)
			column++;
		if (text.n == 0)
			continue;
		if (column == end || column->column != cell->column)
			got = read_unheaded(rd, cell, text);
		else if (column->field == FIELD_EXTRA || column->shadowed)
			keep_extra(rd, column->heading, text);
		else
			got = read_field(rd, column, cell, text);
		if (got < 0)
			return -1;
	}
	return 0;
}

/* The parts of an address that came in one cell. A row that names any of them itself
 * knows better. */
static void split_address(struct reader *rd)
{
	struct slice *value = rd->w->value;
	struct address parts;

	if (value[FIELD_RECEIVER_ADDRESS].p == NULL || value[FIELD_PROVINCE].p != NULL ||
	    value[FIELD_CITY].p != NULL || value[FIELD_BARANGAY].p != NULL ||
	    value[FIELD_STREET].p != NULL ||
	    !address_split(value[FIELD_RECEIVER_ADDRESS], &parts))
		return;
	value[FIELD_PROVINCE] = parts.province;
	value[FIELD_CITY] = parts.city;
	value[FIELD_BARANGAY] = parts.barangay;
	value[FIELD_STREET] = parts.street;
	rd->notes->addresses_split++;
}

/* Fields that another one stands in for. */
static int derive(struct reader *rd)
{
	struct slice *value = rd->w->value;
	const struct slice parts[] = { value[FIELD_STREET], value[FIELD_BARANGAY],
				       value[FIELD_CITY], value[FIELD_PROVINCE] };

	if (value[FIELD_DESTINATION].p == NULL)
		value[FIELD_DESTINATION] = value[FIELD_CITY];
	if (value[FIELD_RECEIVER_ADDRESS].p != NULL)
		return 0;
	return join(rd, parts, sizeof(parts) / sizeof(parts[0]), SLICE(", "),
		    &value[FIELD_RECEIVER_ADDRESS]);
}

/* { "heading": "text", ... } */
static int write_extra(struct reader *rd)
{
	size_t size = 2 + 2 * rd->n_extra;
	char *to, *at;

	rd->w->extra = SLICE("{}");
	if (rd->n_extra == 0)
		return 0;
	for (size_t i = 0; i < rd->n_extra; i++)
		size += json_string_size(rd->extra[i].heading) +
			json_string_size(rd->extra[i].text);
	at = to = arena_alloc(rd->a, size);
	if (to == NULL)
		return no_room(rd->e);
	for (size_t i = 0; i < rd->n_extra; i++) {
		*at++ = i == 0 ? '{' : ',';
		at = json_string_put(rd->extra[i].heading, at);
		*at++ = ':';
		at = json_string_put(rd->extra[i].text, at);
	}
	*at++ = '}';
	rd->w->extra = (struct slice){ to, (size_t)(at - to) };
	return 0;
}

static const struct cell *cell_at(const struct row *r, uint32_t column)
{
	for (size_t i = 0; i < r->n && r->cells[i].column <= column; i++)
		if (r->cells[i].column == column)
			return &r->cells[i];
	return NULL;
}

static bool is_blank(const struct row *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (text_trim(r->cells[i].text).n > 0)
			return false;
	return true;
}

/* The row's number into w, or why there is none into rej; *ok_r says which. */
static int read_waybill_number(struct reader *rd, const struct row *r,
			       const struct cell *cell, struct reject *rej, bool *ok_r)
{
	const struct column *column = &rd->c->column[rd->c->of[FIELD_WAYBILL_NUMBER]];
	const struct cell none = { .column = column->column, .kind = CELL_TEXT };
	const char *reason, *fault;

	if (cell == NULL)
		cell = &none;
	if (waybill_number_cell(cell, rd->a, &rd->w->value[FIELD_WAYBILL_NUMBER], &reason,
				rd->e) < 0)
		return -1;
	fault = second_table_fault(rd->c, r, cell, rd->notes);
	if (fault != NULL)
		reason = fault;
	*ok_r = reason == NULL;
	if (reason == NULL)
		return 0;
	rej->heading = column->heading;
	rej->text = cell->text;
	rej->reason = slice_str(reason);
	return 0;
}

_Static_assert(TABLE_CELL_CHARS == 32767, "the reason below says 32,767");

/* The first cell that holds what no cell should, and why; or NULL. Nothing else looks at
 * the texts before this has: the work for a row stays bounded. */
static const struct cell *bad_cell(const struct row *r, struct slice *reason_r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct slice text = r->cells[i].text;

		if (!cell_fits(text, TABLE_CELL_CHARS)) {
			*reason_r = SLICE("the cell has more than 32,767 characters");
			return &r->cells[i];
		}
		if (r->nul && slice_find(text, '\0') != NULL) {
			*reason_r = SLICE("the cell has a NUL character, which cannot be "
					  "kept: type its text anew");
			return &r->cells[i];
		}
	}
	return NULL;
}

static int reject_cell(struct reader *rd, const struct cell *cell, struct reject *rej)
{
	struct slice text = cell->text;

	rej->text = slice_take(&text, REJECT_TEXT);
	rej->text.n = utf8_valid_prefix(rej->text);
	for (size_t i = 0; i < rd->c->n; i++)
		if (rd->c->column[i].column == cell->column) {
			rej->heading = rd->c->column[i].heading;
			return 0;
		}
	return own_heading(rd, cell, &rej->heading);
}

/* A comma without quotes: what is behind it belongs one column further left. */
static int reject_shifted(struct reader *rd, const struct row *r, struct reject *rej)
{
	rej->reason = arena_printf(
		rd->a,
		"%u cells under %u headings, so that values may stand in the wrong "
		"columns: put a value that has a comma in it (or what else parts the "
		"cells) in quotes, or give each column a heading",
		(unsigned)r->over, (unsigned)rd->c->headed);
	if (rej->reason.p == NULL)
		return no_room(rd->e);
	return reject_cell(rd, &r->cells[r->n - 1], rej);
}

/* Cells that a person sees filled, once a program has calculated them. */
static void note_no_result(struct reader *rd, const struct row *r)
{
	if (!r->no_result)
		return;
	rd->notes->no_results++;
	note_add(&rd->notes->first.no_results, r->number, SLICE(""), SLICE(""));
}

static void note_over(struct reader *rd, const struct row *r)
{
	char own[COLUMN_OWN_NAME];

	if (r->over == 0)
		return;
	rd->notes->over++;
	note_add(&rd->notes->first.over, r->number, column_own_name(r->over - 1, own),
		 text_trim(r->cells[r->n - 1].text));
}

int waybill_read(const struct columns *c, const struct row *r, struct arena *a,
		 struct waybill_notes *notes, enum row_verdict *verdict_r,
		 struct waybill *w, struct reject *rej, struct err *e)
{
	struct reader rd = { .c = c,
			     .a = a,
			     .notes = notes,
			     .row = r->number,
			     .date_1904 = r->date_1904,
			     .w = w,
			     .e = e };
	const struct cell *number =
		cell_at(r, c->column[c->of[FIELD_WAYBILL_NUMBER]].column);
	const struct cell *bad = bad_cell(r, &rej->reason);
	bool ok = false;

	*verdict_r = ROW_REJECTED;
	if (bad != NULL) {
		notes->hidden_rows += r->hidden;
		return reject_cell(&rd, bad, rej);
	}
	*verdict_r = ROW_BLANK;
	if (is_blank(r)) {
		note_no_result(&rd, r);
		return 0;
	}
	*verdict_r = ROW_FOOTER;
	if (footer_row(r, number)) {
		notes->footers++;
		note_add(&notes->first.footers, r->number, SLICE(""), SLICE(""));
		return 0;
	}
	if (r->hidden) {
		notes->hidden_rows++;
		note_add(&notes->first.hidden_rows, r->number, SLICE(""), SLICE(""));
	}
	*verdict_r = ROW_REJECTED;
	*w = (struct waybill){ .extra = { NULL, 0 } };
	if (read_waybill_number(&rd, r, number, rej, &ok) < 0)
		return -1;
	if (!ok)
		return 0;
	if (columns_shifted(c, r))
		return reject_shifted(&rd, r, rej);
	*verdict_r = ROW_WAYBILL;
	notes->last_waybill = r->number;
	note_over(&rd, r);
	rd.extra = arena_alloc(a, r->n * sizeof(*rd.extra));
	if (rd.extra == NULL)
		return no_room(e);
	note_no_result(&rd, r);
	if (read_cells(&rd, r) < 0)
		return -1;
	split_address(&rd);
	if (derive(&rd) < 0)
		return -1;
	return write_extra(&rd);
}
