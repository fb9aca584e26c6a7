/*
 * Phone numbers. Ignorant of who is called.
 */
#include "parse/phone.h"

#include "parse/num.h"

/* A Philippine mobile number is 09 and nine digits; stored as a number it loses the 0. */
static bool lost_its_zero(struct slice digits)
{
	uint64_t n;

	return digits.n == 10 && digits.p[0] == '9' && num_u64(digits, UINT64_MAX, &n);
}

bool phone_read(struct slice s, char *to, size_t *n_r, bool *mended_r)
{
	char digits[NUM_WHOLE_DIGITS];
	struct slice whole = { digits, 0 };
	size_t at = 0;

	if (slice_starts(s, SLICE("'")))
		(void)slice_take(&s, 1);
	switch (num_whole(s, digits, &whole.n)) {
	case NUM_WHOLE:
		s = whole;
		break;
	case NUM_LOST:
		return false;
	case NUM_FRACTION: /* 917.1234567: someone's way of writing it */
	case NUM_OTHER:
		break;
	}
	*mended_r = lost_its_zero(s);
	if (s.n == 0 || s.n > PHONE_MAX - (*mended_r ? 1u : 0u))
		return false;
	if (*mended_r)
		to[at++] = '0';
	memcpy(to + at, s.p, s.n);
	*n_r = at + s.n;
	return true;
}
