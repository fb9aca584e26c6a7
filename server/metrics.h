/*
 * Counters of one child, in the scoreboard's memory: written without locks by that
 * child alone, summed over all children by whoever reads them. They belong to the slot
 * and not to the process, and are never set back: a worker that is replaced takes
 * nothing with it.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdatomic.h>
#include <stdint.h>

enum { METRICS_ROUTES = 128, METRICS_STATUSES = 30, METRICS_BUCKETS = 16 };

/* The order is that of the table in metrics_text.c, which names them. */
enum metric {
	METRIC_RECEIVED, /* bytes */
	METRIC_SENT,
	METRIC_ACCEPTED,      /* connections */
	METRIC_ACCEPT_FAILED, /* for want of descriptors or memory */
	METRIC_REFUSED_CLIENT,
	METRIC_REFUSED_FULL,
	METRIC_REFUSED_PROXY,
	METRIC_SHED,       /* requests */
	METRIC_UNANSWERED, /* ... that ended otherwise */
	METRIC_SLOW,
	METRIC_LOGIN_OK,
	METRIC_LOGIN_FAILED,
	METRIC_LOGIN_LIMITED,
	METRIC_AUTH_LOGIN,  /* requests refused: nobody logged in ... */
	METRIC_AUTH_ROLE,   /* ... without the right */
	METRIC_AUTH_ORIGIN, /* ... begun by another site's page */
	METRIC_LOG_LOST,
	METRIC_TASKS,
	METRIC_TASKS_DIED,
	METRIC_SCAN_VALID,
	METRIC_SCAN_DUPLICATE,
	METRIC_SCAN_NOT_FOUND,
	METRIC_SCAN_ON_HOLD,
	METRIC_SCAN_DISPATCHED,
	METRIC_SCAN_STATUS,
	METRIC_SCAN_CLOSED,
	METRIC_SCAN_INVALID,
	METRIC_SCAN_OTHER,
	METRIC_SCANS_TOGETHER,
	METRIC_ROWS_INSERTED,
	METRIC_ROWS_UPDATED,
	METRIC_ROWS_UNCHANGED,
	METRIC_ROWS_DUPLICATE,
	METRIC_ROWS_REJECTED,
	METRIC_DB_STATEMENTS,
	METRIC_DB_US,
	METRIC_DB_CONNECTS,
	METRIC_DB_CONNECT_FAILED,
	METRIC_DB_READ_PRIMARY,
	METRIC_DB_TRANSIENT, /* by the kind of the error */
	METRIC_DB_UNCERTAIN,
	METRIC_DB_INPUT,
	METRIC_DB_INTERNAL,
	METRICS
};

/* The order is that of the tables in metrics.c, which name them. */
enum { METRICS_JOB_KINDS = 5 };
enum metrics_job {
	METRICS_JOB_DONE,
	METRICS_JOB_REFUSED,
	METRICS_JOB_CANCELLED,
	METRICS_JOB_RETRIED,
	METRICS_JOB_FAILED,
	METRICS_JOB_LOST,
	METRICS_JOB_ENDS
};

struct metrics_route {
	atomic_ullong status[METRICS_STATUSES];
	atomic_ullong bucket[METRICS_BUCKETS]; /* each counts what fits in no earlier */
	atomic_ullong us;
};

struct metrics {
	atomic_ullong count[METRICS];
	struct metrics_route route[METRICS_ROUTES]; /* 0: no route was found */
	atomic_ullong job[METRICS_JOB_KINDS][METRICS_JOB_ENDS];
};

/* m may be NULL: then nobody counts. */
static inline void metrics_add(struct metrics *m, enum metric what, uint64_t n)
{
	if (m != NULL)
		(void)atomic_fetch_add_explicit(&m->count[what], n, memory_order_relaxed);
}

/* A request was answered after `us` microseconds of work. route: router_index(). */
void metrics_request(struct metrics *m, size_t route, unsigned status, uint64_t us);
/* Counts each "result" in the JSON answer to one scan or to many. */
void metrics_scans(struct metrics *m, struct slice json);
/* Rows of a manifest were loaded. */
struct import_rows;
void metrics_rows(struct metrics *m, const struct import_rows *rows);
/* An attempt at a job of the queue has ended so. */
void metrics_job(struct metrics *m, struct slice kind, enum metrics_job end);
/* What the counters of jobs are called. */
const char *metrics_job_kind(size_t kind);
const char *metrics_job_end(size_t end);
/* A statement failed. */
void metrics_db_error(struct metrics *m, enum err_kind kind);

/* The same as plain numbers, to be added up. Large: static or allocated. */
struct metrics_sum {
	uint64_t count[METRICS];
	struct {
		uint64_t status[METRICS_STATUSES], bucket[METRICS_BUCKETS], us;
	} route[METRICS_ROUTES];
	uint64_t job[METRICS_JOB_KINDS][METRICS_JOB_ENDS];
};

void metrics_sum_add(struct metrics_sum *sum, struct metrics *m);
/* The status that status[i] counts; 0 for all others. */
unsigned metrics_status(size_t i);
/* The upper bound of bucket[i] in microseconds; UINT64_MAX for the last. */
uint64_t metrics_bound(size_t i);

#endif
