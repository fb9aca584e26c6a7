/* The examples of FIPS 180-4's author, and every length around a block's end. */
#include "parse/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	struct slice in;
	const char *hex;
} rows[] = {
	{ "empty", SLICE_INIT(""),
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "one block", SLICE_INIT("abc"),
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "two blocks",
	  SLICE_INIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "896 bits",
	  SLICE_INIT("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
		     "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
	  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

static void examples(void **state)
{
	char hex[SHA256_HEX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sha256_hex(rows[i].in, hex);
		if (strcmp(hex, rows[i].hex) != 0)
			fail_msg("%s: %s", rows[i].name, hex);
	}
}

static void a_million_letters(void **state)
{
	enum { MILLION = 1000000 };
	char *text = malloc(MILLION), hex[SHA256_HEX];

	(void)state;
	assert_non_null(text);
	memset(text, 'a', MILLION);
	sha256_hex((struct slice){ text, MILLION }, hex);
	assert_string_equal(
		hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(text);
}

/* The digest of the digests of 0 to 200 letters, as sha256sum gives them. */
static void every_length(void **state)
{
	char text[201], all[201 * 64], hex[SHA256_HEX];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t n = 0; n <= 200; n++) {
		sha256_hex((struct slice){ text, n }, hex);
		memcpy(all + n * 64, hex, 64);
	}
	sha256_hex((struct slice){ all, sizeof(all) }, hex);
	assert_string_equal(
		hex, "eb555248bd20c7831e511d4461b42c9b084e3a64b44d57b00051172f8afe03ff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples),
		cmocka_unit_test(a_million_letters),
		cmocka_unit_test(every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
