/* Any headings, a line feed between them: the mapping holds together. */
#include "parse/columns.h"
#include "parse/utf8.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CELLS = 64 };

static void check_fields(const struct columns *c)
{
	unsigned taken[FIELD_COUNT] = { 0 };

	for (size_t i = 0; i < c->n; i++) {
		const struct column *column = &c->column[i];

		assert(column->heading.n > 0 && utf8_valid(column->heading));
		assert(column->field != FIELD_EXTRA || !column->shadowed);
		for (size_t j = 0; j < i; j++)
			assert(!slice_eq(column->heading, c->column[j].heading));
		if (column->field == FIELD_EXTRA || column->shadowed)
			continue;
		if (taken[column->field]++ == 0)
			assert(c->of[column->field] == (int32_t)i);
		else
			assert(column->field == FIELD_REMARKS &&
			       taken[FIELD_REMARKS] <= 4);
	}
	for (size_t f = 0; f < FIELD_COUNT; f++)
		assert((taken[f] > 0) == (c->of[f] >= 0));
	assert(taken[FIELD_WAYBILL_NUMBER] == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size };
	struct cell cells[CELLS];
	struct row r = { .number = 1, .cells = cells };
	struct err e = { 0 };
	struct columns c;
	struct arena a;
	int got;

	if (!utf8_valid(rest) || slice_find(rest, '\0') != NULL)
		return 0;
	for (uint32_t i = 0; i < CELLS && rest.n > 0; i++) {
		struct slice text = slice_split(&rest, '\n');

		if (text.n > 0)
			cells[r.n++] = (struct cell){ .column = i,
						      .kind = CELL_TEXT,
						      .text = text };
	}
	arena_init(&a, 1 << 24);
	got = columns_map(&r, &a, &c, &e);
	assert((columns_score(&r) > 0) == (got == 0));
	if (got == 0)
		check_fields(&c);
	arena_release(&a);
	return 0;
}
