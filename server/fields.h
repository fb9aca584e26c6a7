/*
 * What a route is told besides its path, by a table: each field is looked for in the
 * body (a form or JSON) and then in the query, and checked.
 */
#ifndef SERVER_FIELDS_H
#define SERVER_FIELDS_H

#include "server/request.h"
#include "server/response.h"

enum field_kind {
	FIELD_BY,     /* a label: who does it, when nobody logged in */
	FIELD_LABEL,  /* text of at most 200 characters without control characters */
	FIELD_ID,     /* a whole number */
	FIELD_LIMIT,  /* a whole number from 1 to `max` */
	FIELD_TIME,   /* RFC 3339 or a date */
	FIELD_SWITCH, /* true or false (1, 0, yes, no, on, off are understood) */
	FIELD_WORD,   /* one of `words` */
	FIELD_NUMBER  /* a waybill number, normalised */
};

struct field_rule {
	const char *name;
	const char *words; /* for FIELD_WORD: "open|closed" */
	enum field_kind kind;
	unsigned max; /* for FIELD_LIMIT */
};

/* Fills v[n]: an absent or empty field has p NULL. 0, or -1 with the error in res. */
int fields_read(const struct request *req, const struct field_rule *f, size_t n,
		struct slice *v, struct response *res) MUST_CHECK;

#endif
