/*
 * An import's answer (its JSON) as a report for a person.
 */
#ifndef SERVER_CTL_REPORT_H
#define SERVER_CTL_REPORT_H

#include "parse/arena.h"
#include "parse/err.h"

/* Prints the upload's counters, warnings and rejects to stdout; of a refusal, when rows
 * are to blame for it, else nothing. ERR_INTERNAL when the JSON is not what an import
 * answers. */
int ctl_report(struct slice json, struct arena *a, struct err *e) MUST_CHECK;
/* The answer's "message", or "error" without one; in the arena. Empty when there is
 * neither. */
struct slice ctl_report_message(struct slice json, struct arena *a);

#endif
