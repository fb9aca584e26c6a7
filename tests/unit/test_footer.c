/* Rows of totals, and rows that only look like them. */
#include "parse/footer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The cell of a waybill number, "" for none, behind two others of which one may be "". */
static const struct footer_case {
	const char *first, *second, *number;
	bool footer;
} cases[] = {
	{ "Total", "5000", "", true },
	{ "", "Total:", "", true },
	{ "Grand Total", "", "25", true },
	{ "Jumlah", "", "-", true },
	{ "合计：", "", "", true },
	{ "Total parcels: 25", "", "", true },
	{ "26", "Total", "", true },
	{ "", "", "TOTAL", true },
	{ "Total", "", "JT0000000000001", false },
	{ "Total parcels", "", "25", false },
	{ "", "", "TOTAL-0001", false },
	{ "Totally Fine", "", "", false },
	{ "Ana", "Total", "", false },
	{ "", "", "", false },
};

static void footers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *texts[] = { cases[i].first, cases[i].second,
					cases[i].number };
		const struct cell *number = NULL;
		struct row r = { .number = 9 };
		struct cell cells[3];

		for (uint32_t column = 0; column < 3; column++)
			if (texts[column][0] != '\0')
				cells[r.n++] =
					(struct cell){ .column = column,
						       .kind = CELL_TEXT,
						       .text = slice_str(texts[column]) };
		if (cases[i].number[0] != '\0')
			number = &cells[r.n - 1];
		r.cells = cells;
		if (footer_row(&r, number) != cases[i].footer)
			fail_msg("%s|%s|%s", texts[0], texts[1], texts[2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(footers) };

	return cmocka_run_group_tests_name("footer", tests, NULL, NULL);
}
