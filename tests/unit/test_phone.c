/* Phone numbers, and the zeros that spreadsheets take. */
#include "parse/phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *in, *want; /* want NULL: refused */
	bool mended;
} rows[] = {
	{ "09171234567", "09171234567", false },
	{ "9171234567", "09171234567", true },
	{ "'09171234567", "09171234567", false },
	{ "'9171234567", "09171234567", true },
	{ "9.171234567E+9", "09171234567", true },
	{ "9.171234567E+09", "09171234567", true },
	{ "9171234567.0", "09171234567", true },
	{ "639171234567", "639171234567", false },
	{ "+63 917 123 4567", "+63 917 123 4567", false },
	{ "0917-123-4567", "0917-123-4567", false },
	{ "0917.1234567", "0917.1234567", false },
	{ "917.1234567", "917.1234567", false },
	{ "0917****567", "0917****567", false },
	{ "8171234567", "8171234567", false },
	{ "917123456", "917123456", false },
	{ "91712345678", "91712345678", false },
	{ "917123456x", "917123456x", false },
	{ "09171234567 / 09181234567", "09171234567 / 09181234567", false },
	{ "-", "-", false },
	{ "9.17123E+09", NULL, false },
	{ "9.17E+9", NULL, false },
	{ "'", NULL, false },
	{ "0123456789012345678901234567890123456789012345678901234567890123",
	  "0123456789012345678901234567890123456789012345678901234567890123", false },
	{ "01234567890123456789012345678901234567890123456789012345678901234", NULL,
	  false },
};

static void mends_only_what_lost_its_zero(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char to[PHONE_MAX];
		bool mended = false;
		size_t n = 0;
		bool got = phone_read(slice_str(rows[i].in), to, &n, &mended);

		if (got != (rows[i].want != NULL))
			fail_msg("\"%s\": %s", rows[i].in, got ? "read" : "refused");
		if (!got)
			continue;
		if (!slice_eq((struct slice){ to, n }, slice_str(rows[i].want)))
			fail_msg("\"%s\": \"%.*s\"", rows[i].in, (int)n, to);
		if (mended != rows[i].mended)
			fail_msg("\"%s\": mended %d", rows[i].in, mended);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mends_only_what_lost_its_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
