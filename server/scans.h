/*
 * Scans as clients send them: their fields read and checked, and put to the database,
 * those that are ready together in one transaction.
 */
#ifndef SERVER_SCANS_H
#define SERVER_SCANS_H

#include "server/handle.h"
#include "server/params.h"

/* The parameters of sql/query/scan.sql. */
enum scan_field {
	SCAN_NUMBER,
	SCAN_MODE,
	SCAN_SESSION,
	SCAN_SCAN_ID,
	SCAN_STATION,
	SCAN_BY,
	SCAN_AT,
	SCAN_INVALID,
	SCAN_FIELDS
};

struct scan {
	struct slice field[SCAN_FIELDS]; /* in req's arena */
	struct request *req;             /* which asks */
	struct response *res;            /* its answer; several scans of one request
					    have one each */
};

/*
 * Fills s->field. What cannot be read makes the scan one with result "invalid", which is
 * recorded as such: SCAN_INVALID says why, and the field at fault is left out. Returns 0,
 * or -1 when memory is short.
 */
int scans_read(const struct params *p, struct scan *s, struct err *e) MUST_CHECK;
/* An item that holds no fields at all, for that reason (static, or in the arena). */
void scans_unreadable(struct scan *s, struct slice reason);

/*
 * Answers n scans, in this order, each in its own s->res. Up to SCANS_TOGETHER of them
 * share a transaction: they are committed when their answers are there. When it fails,
 * each is asked again by itself, so that none suffers for another; unless the connection
 * was lost and the outcome is not known, which all of them are told, or seconds went by
 * with waiting for locks: then the rest are answered "busy" unasked. Returns (mode
 * "return") wait for the locks of uploads and are asked by themselves.
 */
void scans_answer(struct handle_env *env, struct scan *s, size_t n);

#endif
