/* Any text as each kind of number: what is written reads back as itself. */
#include "parse/num.h"
#include "parse/utf8.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef bool read_fn(struct slice s, struct num *n_r);

static void check(read_fn *read, struct slice s)
{
	char text[NUM_TEXT], again[NUM_TEXT];
	struct num n, m;
	size_t len;

	if (!read(s, &n))
		return;
	assert(n.n <= NUM_DIGITS && (n.n == 0 || n.digit[0] != '0'));
	len = num_write(&n, 10, 3, text);
	if (len == 0)
		return;
	assert(num_plain((struct slice){ text, len }, &m));
	assert(num_write(&m, 10, 3, again) == len && memcmp(text, again, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = { (const char *)data, size };
	char digits[NUM_WHOLE_DIGITS];
	uint64_t value;
	size_t n = 0;

	if (!utf8_valid(s))
		return 0;
	check(num_plain, s);
	check(num_money, s);
	check(num_weight, s);
	check(num_count, s);
	if (num_whole(s, digits, &n) == NUM_WHOLE) {
		assert(n > 0 && n <= NUM_WHOLE_DIGITS);
		assert(num_u64((struct slice){ digits, n }, UINT64_MAX, &value));
	}
	if (num_u64(s, 1000, &value))
		assert(value <= 1000);
	return 0;
}
