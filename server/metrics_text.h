/*
 * The scoreboard in the Prometheus text format, version 0.0.4.
 */
#ifndef SERVER_METRICS_TEXT_H
#define SERVER_METRICS_TEXT_H

#include "parse/buf.h"
#include "server/slots.h"

/* A label's value by its index, NULL behind the last: the names of the routes. */
typedef const char *metrics_route_fn(size_t route);

/* Appends all of it. */
int metrics_text(struct slots *s, metrics_route_fn *name, struct buf *b,
		 struct err *e) MUST_CHECK;

#endif
