/*
 * Range, for one range of bytes. Ignorant of whether a range may be given at all:
 * http_condition knows that.
 */
#include "parse/http_range.h"

/* int-range = first-pos "-" [ last-pos ]; suffix-range = "-" suffix-length */
struct range_spec {
	bool has_first, has_last;
	uint64_t first, last; /* last is the length of a suffix without a first */
};

/* 1*DIGIT, or nothing: then false. Numbers too large for us are larger than any file
 * all the same, so that they may stop at the largest. */
static bool number_take(struct slice *s, uint64_t *value_r)
{
	bool any = false;

	*value_r = 0;
	while (s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9') {
		unsigned digit = (unsigned)(*slice_take(s, 1).p - '0');

		any = true;
		if (*value_r > (UINT64_MAX - digit) / 10)
			*value_r = UINT64_MAX;
		else
			*value_r = *value_r * 10 + digit;
	}
	return any;
}

/* False for what is neither form, and for a last-pos before its first-pos, which is
 * invalid (section 14.1.1). */
static bool spec_read(struct slice s, struct range_spec *r)
{
	r->has_first = number_take(&s, &r->first);
	if (s.n == 0 || *slice_take(&s, 1).p != '-')
		return false;
	r->has_last = number_take(&s, &r->last);
	if (s.n > 0 || (!r->has_first && !r->has_last))
		return false;
	return !r->has_first || !r->has_last || r->last >= r->first;
}

/* range-set = 1#range-spec; empty elements are passed over (section 5.6.1). Takes the
 * one element that is not empty; p NULL when there is none, or more. */
static struct slice only_element(struct slice set)
{
	struct slice only = { NULL, 0 };

	while (set.n > 0) {
		struct slice element = slice_trim(slice_split(&set, ','));

		if (element.n == 0)
			continue;
		if (only.p != NULL)
			return (struct slice){ NULL, 0 };
		only = element;
	}
	return only;
}

/* Range = ranges-specifier; ranges-specifier = range-unit "=" range-set */
enum http_range http_range_read(struct slice value, uint64_t size, uint64_t *first_r,
				uint64_t *n_r)
{
	struct slice unit;
	struct range_spec r;

	*first_r = *n_r = 0;
	if (slice_find(value, '=') == NULL)
		return HTTP_RANGE_ALL;
	unit = slice_split(&value, '=');
	if (!slice_eq_nocase(unit, SLICE("bytes")) || !spec_read(only_element(value), &r))
		return HTTP_RANGE_ALL;
	if (!r.has_first) {
		if (r.last == 0)
			return HTTP_RANGE_OUTSIDE;
		/* The end of nothing may be asked for, but no Content-Range can name it.
		 */
		if (size == 0)
			return HTTP_RANGE_ALL;
		*n_r = r.last < size ? r.last : size;
		*first_r = size - *n_r;
		return HTTP_RANGE_PART;
	}
	if (r.first >= size)
		return HTTP_RANGE_OUTSIDE;
	*first_r = r.first;
	*n_r = (r.has_last && r.last < size ? r.last + 1 : size) - r.first;
	return HTTP_RANGE_PART;
}
