/* The first cells of a kind: kept in order, cut between characters, no more than there is
 * room for. */
#include "parse/note.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void keeps_the_first(void **state)
{
	struct note n = { .n = 0 };

	(void)state;
	for (uint64_t row = 1; row <= NOTE_FIRST + 3; row++)
		note_add(&n, row, SLICE("COD"), SLICE("abc"));
	assert_int_equal(n.n, NOTE_FIRST);
	assert_int_equal(n.first[NOTE_FIRST - 1].row, NOTE_FIRST);
	assert_string_equal(n.first[0].heading, "COD");
	assert_string_equal(n.first[0].text, "abc");
}

static void cuts_between_characters(void **state)
{
	struct note n = { .n = 0 };
	char text[3 * NOTE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 3)
		memcpy(text + i, "\xe8\xbf\x90", 3);
	note_add(&n, 1, (struct slice){ NULL, 0 }, (struct slice){ text, sizeof(text) });
	assert_string_equal(n.first[0].heading, "");
	assert_int_equal(strlen(n.first[0].text), (NOTE_TEXT - 1) / 3 * 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_first),
		cmocka_unit_test(cuts_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
