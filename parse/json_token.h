/*
 * JSON (RFC 8259) as a pull reader for small bodies that are whole in memory.
 */
#ifndef PARSE_JSON_TOKEN_H
#define PARSE_JSON_TOKEN_H

#include "parse/arena.h"
#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

enum json_kind {
	JSON_OBJECT, /* { */
	JSON_OBJECT_END,
	JSON_ARRAY, /* [ */
	JSON_ARRAY_END,
	JSON_KEY, /* text is the name, decoded; the value follows */
	JSON_STRING,
	JSON_NUMBER, /* text as written */
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
	JSON_END /* the document is over */
};

struct json_token {
	enum json_kind kind;
	struct slice text; /* KEY, STRING: decoded UTF-8; NUMBER: as written */
};

enum { JSON_MAX_DEPTH = 16 };

struct json {
	struct slice all, rest; /* private; set by json_init() */
	struct arena *arena;
	unsigned depth, state;
	unsigned char open[JSON_MAX_DEPTH];
};

/* text must outlive j; strings with escapes are decoded into the arena. */
void json_init(struct json *j, struct slice text, struct arena *a);
/* 0 with *t filled (JSON_END at the end, again and again), or -1: ERR_INPUT with the
 * byte offset (bad syntax, invalid UTF-8, lone surrogates, NUL in a string), ERR_LIMIT
 * (depth, arena). */
int json_next(struct json *j, struct json_token *t, struct err *e) MUST_CHECK;
/* Reads to the end of the object or array whose opening token was the last. */
int json_leave(struct json *j, struct err *e) MUST_CHECK;
/* Reads past the value that comes next. */
int json_skip(struct json *j, struct err *e) MUST_CHECK;

#endif
