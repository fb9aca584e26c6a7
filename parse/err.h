/*
 * What failed: a kind that says what to do, and a text that says what happened.
 * Functions return 0 or -1 and take a struct err last; step parsers return
 * PARSE_DONE, PARSE_MORE or -1. The text is lower case, without a final stop,
 * quotes names and states the reason, so that it can be joined after a colon.
 */
#ifndef PARSE_ERR_H
#define PARSE_ERR_H

#include <stdarg.h>

#define MUST_CHECK __attribute__((warn_unused_result))

enum { PARSE_MORE = 0, PARSE_DONE = 1 };

enum err_kind {
	ERR_NONE = 0,
	ERR_INPUT,       /* the sender's bytes are wrong: 400 or 422 */
	ERR_UNSUPPORTED, /* not a kind of file that we read: 415 */
	ERR_LIMIT,       /* well formed but over a configured limit: 413 */
	ERR_TRANSIENT,   /* safe to run again from the start: 503 */
	ERR_UNCERTAIN,   /* a commit may or may not have happened: look first */
	ERR_MEMORY,      /* no memory for what the input asks for: 422 or 503 */
	ERR_ROOM,        /* no room on our disk just now: 503 */
	ERR_BUSY,        /* our process or machine has no descriptor left: 503 */
	ERR_INTERNAL     /* our bug or our machine: 500 */
};

struct err {
	enum err_kind kind;
	char text[240]; /* shown to the client for the first three kinds, else to the log
			 */
};

/* Records a failure and returns -1. The first record wins, so that cleanup that
 * fails too cannot hide the cause. Clear with `= { 0 }` before reuse. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "<prefix>: " before the text already recorded: where it happened. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
