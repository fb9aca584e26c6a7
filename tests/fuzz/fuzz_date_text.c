/* Any text as a date: what comes out is a date that reads as itself. */
#include "parse/date_text.h"
#include "parse/utf8.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, size_t n)
{
	struct date_text d;

	assert(n == sizeof("2025-01-31 08:05:00") - 1 ||
	       n == sizeof("2025-01-31 08:05:00+08:00") - 1);
	assert(date_text_read((struct slice){ text, n }, &d));
	assert(d.order == DATE_FIXED && d.n == n && memcmp(d.text, text, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = { (const char *)data, size };
	struct date_text d;
	double serial;

	if (utf8_valid(s) && date_text_read(s, &d)) {
		check(d.text, d.n);
		if (d.order == DATE_EITHER)
			check(d.day_first, d.n);
	}
	if (size >= sizeof(serial)) {
		memcpy(&serial, data, sizeof(serial));
		if (date_serial_read(serial, &d))
			check(d.text, d.n);
	}
	return 0;
}
