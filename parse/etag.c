/*
 * Lists of entity tags. Ignorant of files and of how tags are made.
 */
#include "parse/etag.h"

/* etagc = %x21 / %x23-7E / obs-text */
static bool etagc(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 0x21 && u != '"' && u != 0x7f;
}

/* entity-tag = [ weak ] opaque-tag; weak = %s"W/"; opaque-tag = DQUOTE *etagc DQUOTE.
 * Takes it and returns the opaque tag with its quotes, or nothing. */
static struct slice tag_take(struct slice *s)
{
	size_t n = 1;

	if (slice_starts(*s, SLICE("W/")))
		(void)slice_take(s, 2);
	if (s->n == 0 || s->p[0] != '"')
		return (struct slice){ NULL, 0 };
	while (n < s->n && etagc(s->p[n]))
		n++;
	if (n == s->n || s->p[n] != '"')
		return (struct slice){ NULL, 0 };
	return slice_take(s, n + 1);
}

/* If-None-Match = If-Match = "*" / #entity-tag; empty elements are passed over (section
 * 5.6.1). Section 8.8.3.2: a strong comparison wants neither tag weak. */
static bool list_matches(struct slice list, struct slice tag, bool strong)
{
	bool usable = !strong || !slice_starts(tag, SLICE("W/"));
	struct slice want = tag_take(&tag);

	list = slice_trim(list);
	if (slice_eq(list, SLICE("*")))
		return true;
	while (list.n > 0) {
		bool weak = slice_starts(list, SLICE("W/"));
		struct slice one;

		if (list.p[0] == ',') {
			(void)slice_take(&list, 1);
			list = slice_trim(list);
			continue;
		}
		one = tag_take(&list);
		list = slice_trim(list);
		if (one.n == 0 || (list.n > 0 && list.p[0] != ','))
			return false;
		if (usable && slice_eq(one, want) && !(strong && weak))
			return true;
	}
	return false;
}

bool etag_matches(struct slice list, struct slice tag)
{
	return list_matches(list, tag, false);
}

bool etag_matches_strongly(struct slice list, struct slice tag)
{
	return list_matches(list, tag, true);
}
