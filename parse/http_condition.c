/*
 * Preconditions. Ignorant of what is answered, and of ranges' values.
 */
#include "parse/http_condition.h"

#include "parse/etag.h"
#include "parse/http_date.h"

/* The value of a field that stands there once; p NULL when it does not. */
static struct slice field_once(const struct http_head *h, struct slice name)
{
	struct slice only = { NULL, 0 };

	for (size_t i = 0; i < h->n_fields; i++) {
		if (!slice_eq_nocase(h->field[i].name, name))
			continue;
		if (only.p != NULL)
			return (struct slice){ NULL, 0 };
		only = h->field[i].value;
	}
	return only;
}

static bool date_field(const struct http_head *h, struct slice name, int64_t now,
		       int64_t *t_r)
{
	struct slice value = field_once(h, name);

	return value.p != NULL && http_date_parse(value, now, t_r);
}

enum list_result { LIST_ABSENT, LIST_MATCHES, LIST_OTHERS };

/* All the lines of a field of entity tags. */
static enum list_result list_check(const struct http_head *h, struct slice name,
				   struct slice etag,
				   bool matches(struct slice list, struct slice tag))
{
	enum list_result r = LIST_ABSENT;

	for (size_t i = 0; i < h->n_fields; i++) {
		if (!slice_eq_nocase(h->field[i].name, name))
			continue;
		if (matches(h->field[i].value, etag))
			return LIST_MATCHES;
		r = LIST_OTHERS;
	}
	return r;
}

/* Steps 1 and 2 of section 13.2.2: what the sender supposes. */
static bool supposed(const struct http_head *h, const struct http_validators *v,
		     int64_t now)
{
	enum list_result list =
		list_check(h, SLICE("If-Match"), v->etag, etag_matches_strongly);
	int64_t t;

	if (list != LIST_ABSENT)
		return list == LIST_MATCHES;
	return !date_field(h, SLICE("If-Unmodified-Since"), now, &t) || v->modified <= t;
}

/* Steps 3 and 4: what the sender has. */
static bool had_already(const struct http_head *h, const struct http_validators *v,
			bool reads, int64_t now)
{
	enum list_result list =
		list_check(h, SLICE("If-None-Match"), v->etag, etag_matches);
	int64_t t;

	if (list != LIST_ABSENT)
		return list == LIST_MATCHES;
	return reads && date_field(h, SLICE("If-Modified-Since"), now, &t) &&
	       v->modified <= t;
}

enum http_condition http_condition_check(const struct http_head *h,
					 const struct http_validators *v, int64_t now)
{
	bool reads = h->method == HTTP_GET || h->method == HTTP_HEAD;

	if (!supposed(h, v, now))
		return HTTP_CONDITION_FALSE;
	if (!had_already(h, v, reads, now))
		return HTTP_CONDITION_TRUE;
	return reads ? HTTP_CONDITION_UNCHANGED : HTTP_CONDITION_FALSE;
}

/* If-Range = entity-tag / HTTP-date, compared strongly. */
static bool same_state(struct slice value, const struct http_validators *v, int64_t now)
{
	int64_t t;

	if (slice_eq(value, v->etag))
		return true;
	return !v->date_shared && http_date_parse(value, now, &t) && t == v->modified &&
	       t < now;
}

struct slice http_condition_range(const struct http_head *h,
				  const struct http_validators *v, int64_t now)
{
	const struct slice none = { NULL, 0 };
	struct slice range = field_once(h, SLICE("Range"));

	if (h->method != HTTP_GET || range.p == NULL)
		return none;
	if (http_head_field(h, SLICE("If-Range")).p != NULL &&
	    !same_state(field_once(h, SLICE("If-Range")), v, now))
		return none;
	return range;
}
