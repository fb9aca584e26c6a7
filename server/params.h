/*
 * The fields of a small body, whether it came as JSON or as a form: a name, a value
 * as text. The same names in both (RFC 8259; WHATWG URL, section 5).
 */
#ifndef SERVER_PARAMS_H
#define SERVER_PARAMS_H

#include "parse/json_token.h"
#include "server/request.h"
#include "server/response.h"

enum { PARAMS_MAX = 32 };

struct params {
	struct {
		struct slice name;
		struct slice value; /* null is absent; an array or object is its text */
		bool nested;        /* it is an array or object */
	} item[PARAMS_MAX];
	size_t n;
	struct err
		fault; /* the first field that was not taken: given twice, or too many */
};

/* Reads the body. 0, or -1 with the error already written to res: 415 for another
 * media type, 400 for bad syntax or a field given twice. An absent body is no fields. */
int params_read(const struct request *r, struct params *p,
		struct response *res) MUST_CHECK;
/* The members of the JSON object whose opening token was read from j, up to its closing
 * one: 0, or -1 for bad syntax. p->n is 0 before; look at p->fault after. */
int params_object(struct json *j, struct params *p, struct err *e) MUST_CHECK;
/* 0 when no field but the one named holds an array or object, or -1 naming one that does.
 */
int params_flat(const struct params *p, struct slice but, struct err *e) MUST_CHECK;
/* 0 when no field but the one named holds an array or object; -1 with 400 in res. */
int params_scalars(const struct params *p, struct slice but,
		   struct response *res) MUST_CHECK;
/* The value, or p NULL. */
struct slice params_get(const struct params *p, struct slice name);

#endif
