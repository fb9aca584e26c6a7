/* Which heading rows are a list of rejected rows. */
#include "parse/reject_columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 6 };

static const struct list {
	const char *name;
	struct slice heading[MOST]; /* from column B on; an empty one is no cell */
	uint32_t want;
	enum cell_kind last;
} lists[] = {
	{ "as it was written",
	  { SLICE_INIT("AWB"), SLICE_INIT("Row"), SLICE_INIT("Problem in column"),
	    SLICE_INIT("Reason") },
	  2,
	  CELL_TEXT },
	{ "with white space",
	  { SLICE_INIT("AWB"), SLICE_INIT(" Row"), SLICE_INIT("Problem in column "),
	    SLICE_INIT("Reason") },
	  2,
	  CELL_TEXT },
	{ "behind a reason of the file's own",
	  { SLICE_INIT("AWB"), SLICE_INIT("Reason"), SLICE_INIT("Row"),
	    SLICE_INIT("Problem in column"), SLICE_INIT("Reason") },
	  3,
	  CELL_TEXT },
	{ "nothing else",
	  { SLICE_INIT("Row"), SLICE_INIT("Problem in column"), SLICE_INIT("Reason") },
	  UINT32_MAX,
	  CELL_TEXT },
	{ "another order",
	  { SLICE_INIT("AWB"), SLICE_INIT("Row"), SLICE_INIT("Reason"),
	    SLICE_INIT("Problem in column") },
	  UINT32_MAX,
	  CELL_TEXT },
	{ "another word",
	  { SLICE_INIT("AWB"), SLICE_INIT("Row"), SLICE_INIT("Problem"),
	    SLICE_INIT("Reason") },
	  UINT32_MAX,
	  CELL_TEXT },
	{ "a column between",
	  { SLICE_INIT("AWB"), SLICE_INIT("Row"), SLICE_INIT("Problem in column"),
	    SLICE_INIT(""), SLICE_INIT("Reason") },
	  UINT32_MAX,
	  CELL_TEXT },
	{ "a column behind",
	  { SLICE_INIT("AWB"), SLICE_INIT("Row"), SLICE_INIT("Problem in column"),
	    SLICE_INIT("Reason"), SLICE_INIT("Note") },
	  UINT32_MAX,
	  CELL_TEXT },
	{ "no text",
	  { SLICE_INIT("AWB"), SLICE_INIT("Row"), SLICE_INIT("Problem in column"),
	    SLICE_INIT("Reason") },
	  UINT32_MAX,
	  CELL_ERROR },
	{ "nothing", { SLICE_INIT("") }, UINT32_MAX, CELL_TEXT },
};

static void lists_are_known_by_their_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct cell cells[MOST];
		struct row r = { .number = 1, .cells = cells };
		size_t n;
		uint32_t got;

		for (uint32_t k = 0; k < MOST; k++)
			if (lists[i].heading[k].n > 0)
				cells[r.n++] =
					(struct cell){ .column = k + 1,
						       .kind = CELL_TEXT,
						       .text = lists[i].heading[k] };
		if (r.n > 0)
			cells[r.n - 1].kind = lists[i].last;
		n = r.n;
		got = reject_columns_drop(&r);
		if (got != lists[i].want ||
		    r.n != (got == UINT32_MAX ? n : n - REJECT_COLUMNS))
			fail_msg("%s: column %u, %zu cells", lists[i].name, got, r.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_known_by_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
