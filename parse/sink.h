/*
 * Where a writer's bytes go: a file, an HTTP response, a test's buffer. Writers
 * know nothing else about their output.
 */
#ifndef PARSE_SINK_H
#define PARSE_SINK_H

#include "parse/err.h"
#include "parse/slice.h"

struct sink {
	/* Takes all of the bytes, or returns -1 with e filled; the writer then passes
	 * the failure on and must only be closed. */
	int (*write)(void *to, struct slice bytes, struct err *e);
	void *to;
};

#endif
