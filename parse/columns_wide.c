/*
 * Wide rows. Ignorant of what becomes of them.
 */
#include "parse/columns_wide.h"

#include "parse/num.h"
#include "parse/text.h"

enum { LOOKED_AT = 100, MOST = 9, OF = 10 };

uint32_t columns_over(const struct columns *c, const struct row *r)
{
	if (r->width == 0)
		return 0;
	for (size_t i = r->n; i > 0 && r->cells[i - 1].column >= c->headed; i--)
		if (text_trim(r->cells[i - 1].text).n > 0)
			return r->cells[i - 1].column + 1;
	return 0;
}

bool columns_shifted(const struct columns *c, const struct row *r)
{
	return r->over > 0 && !c->wide && r->width > c->width;
}

static bool has_digit(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			return true;
	return false;
}

/* Whether the cell may well be of that field. */
static bool fits(enum field field, struct slice text)
{
	switch (field) {
	case FIELD_SENDER_PHONE:
	case FIELD_RECEIVER_PHONE:
	case FIELD_WEIGHT:
	case FIELD_NUMBER_OF_ITEMS:
	case FIELD_SIGNING_TIME:
	case FIELD_SUBMISSION_TIME:
		return text.n == 0 || text_is_filler(text) || has_digit(text);
	case FIELD_COD_AMOUNT:
		return text.n == 0 || text_is_filler(text) || has_digit(text) ||
		       num_money_flag(text);
	default:
		return true;
	}
}

static bool row_fits(const struct columns *c, const struct row *r)
{
	const struct column *column = c->column, *end = column + c->n;

	for (size_t i = 0; i < r->n; i++) {
		while (column < end && column->column < r->cells[i].column)
			column++;
		if (column < end && column->column == r->cells[i].column &&
		    !column->shadowed &&
		    !fits(column->field, text_trim(r->cells[i].text)))
			return false;
	}
	return true;
}

void columns_wide_look(struct table *t, struct columns *c)
{
	unsigned rows = 0, wide = 0;
	bool fit = true;
	struct err e = { 0 };
	struct row r;

	while (rows < LOOKED_AT && columns_next(c, t, &r, &e) == PARSE_MORE) {
		rows++;
		if (!columns_shifted(c, &r))
			continue;
		wide++;
		fit = fit && row_fits(c, &r);
	}
	c->wide = fit && rows > 1 && wide * OF >= rows * MOST;
}
