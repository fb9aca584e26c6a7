/*
 * Counting. Ignorant of where the counters live and of how they are shown.
 */
#include "server/metrics.h"

#include "server/import.h"

static const unsigned statuses[METRICS_STATUSES - 1] = {
	200, 201, 202, 204, 206, 303, 304, 400, 401, 403, 404, 405, 408, 409, 410,
	411, 412, 413, 414, 415, 416, 417, 422, 429, 431, 500, 501, 503, 505
};

static const uint64_t bounds[METRICS_BUCKETS - 1] = { 500,     1000,     2500,    5000,
						      10000,   25000,    50000,   100000,
						      250000,  500000,   1000000, 2500000,
						      5000000, 10000000, 30000000 };

unsigned metrics_status(size_t i)
{
	return i < METRICS_STATUSES - 1 ? statuses[i] : 0;
}

uint64_t metrics_bound(size_t i)
{
	return i < METRICS_BUCKETS - 1 ? bounds[i] : UINT64_MAX;
}

static void count(atomic_ullong *at, uint64_t n)
{
	(void)atomic_fetch_add_explicit(at, n, memory_order_relaxed);
}

void metrics_request(struct metrics *m, size_t route, unsigned status, uint64_t us)
{
	struct metrics_route *r;
	size_t s = 0, b = 0;

	if (m == NULL)
		return;
	r = &m->route[route < METRICS_ROUTES ? route : 0];
	while (s < METRICS_STATUSES - 1 && statuses[s] != status)
		s++;
	while (us > metrics_bound(b))
		b++;
	count(&r->status[s], 1);
	count(&r->bucket[b], 1);
	count(&r->us, us);
}

static enum metric scan_result(struct slice s)
{
	static const struct {
		struct slice name;
		enum metric metric;
	} results[] = {
		{ SLICE_INIT("valid"), METRIC_SCAN_VALID },
		{ SLICE_INIT("duplicate"), METRIC_SCAN_DUPLICATE },
		{ SLICE_INIT("not_found"), METRIC_SCAN_NOT_FOUND },
		{ SLICE_INIT("on_hold"), METRIC_SCAN_ON_HOLD },
		{ SLICE_INIT("already_dispatched"), METRIC_SCAN_DISPATCHED },
		{ SLICE_INIT("wrong_status"), METRIC_SCAN_STATUS },
		{ SLICE_INIT("session_closed"), METRIC_SCAN_CLOSED },
		{ SLICE_INIT("invalid"), METRIC_SCAN_INVALID },
	};

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (slice_eq(s, results[i].name))
			return results[i].metric;
	return METRIC_SCAN_OTHER;
}

/* Within a string every quote is escaped, so that "result" followed by a colon can
 * only be a member's name. */
void metrics_scans(struct metrics *m, struct slice json)
{
	static const struct slice name = SLICE_INIT("\"result\"");

	while (m != NULL && json.n > 0) {
		const char *at = slice_find(json, '"');

		if (at == NULL)
			return;
		json = slice_from(json, (size_t)(at - json.p));
		if (!slice_starts(json, name)) {
			(void)slice_take(&json, 1);
			continue;
		}
		(void)slice_take(&json, name.n);
		json = slice_trim(json);
		if (!slice_starts(json, SLICE(":")))
			continue;
		(void)slice_take(&json, 1);
		json = slice_trim(json);
		if (slice_starts(json, SLICE("\""))) {
			(void)slice_take(&json, 1);
			metrics_add(m, scan_result(slice_split(&json, '"')), 1);
		}
	}
}

void metrics_rows(struct metrics *m, const struct import_rows *rows)
{
	metrics_add(m, METRIC_ROWS_INSERTED, rows->inserted);
	metrics_add(m, METRIC_ROWS_UPDATED, rows->updated);
	metrics_add(m, METRIC_ROWS_UNCHANGED, rows->unchanged);
	metrics_add(m, METRIC_ROWS_DUPLICATE, rows->duplicate);
	metrics_add(m, METRIC_ROWS_REJECTED, rows->rejected);
}

const char *metrics_job_kind(size_t kind)
{
	static const char *const names[METRICS_JOB_KINDS] = { "upload", "session_purge",
							      "hold_expiry", "retention",
							      "scans_match" };

	return names[kind];
}

const char *metrics_job_end(size_t end)
{
	static const char *const names[METRICS_JOB_ENDS] = {
		[METRICS_JOB_DONE] = "done",           [METRICS_JOB_REFUSED] = "refused",
		[METRICS_JOB_CANCELLED] = "cancelled", [METRICS_JOB_RETRIED] = "retried",
		[METRICS_JOB_FAILED] = "failed",       [METRICS_JOB_LOST] = "lost",
	};

	return names[end];
}

void metrics_job(struct metrics *m, struct slice kind, enum metrics_job end)
{
	for (size_t i = 0; m != NULL && i < METRICS_JOB_KINDS; i++)
		if (slice_eq(kind, slice_str(metrics_job_kind(i))))
			count(&m->job[i][end], 1);
}

void metrics_db_error(struct metrics *m, enum err_kind kind)
{
	switch (kind) {
	case ERR_TRANSIENT:
		metrics_add(m, METRIC_DB_TRANSIENT, 1);
		break;
	case ERR_UNCERTAIN:
		metrics_add(m, METRIC_DB_UNCERTAIN, 1);
		break;
	case ERR_INPUT:
		metrics_add(m, METRIC_DB_INPUT, 1);
		break;
	case ERR_NONE:
	case ERR_UNSUPPORTED:
	case ERR_LIMIT:
	case ERR_INTERNAL:
	default:
		metrics_add(m, METRIC_DB_INTERNAL, 1);
		break;
	}
}

static uint64_t get(atomic_ullong *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

void metrics_sum_add(struct metrics_sum *sum, struct metrics *m)
{
	for (size_t i = 0; i < METRICS; i++)
		sum->count[i] += get(&m->count[i]);
	for (size_t k = 0; k < METRICS_JOB_KINDS; k++)
		for (size_t i = 0; i < METRICS_JOB_ENDS; i++)
			sum->job[k][i] += get(&m->job[k][i]);
	for (size_t r = 0; r < METRICS_ROUTES; r++) {
		for (size_t i = 0; i < METRICS_STATUSES; i++)
			sum->route[r].status[i] += get(&m->route[r].status[i]);
		for (size_t i = 0; i < METRICS_BUCKETS; i++)
			sum->route[r].bucket[i] += get(&m->route[r].bucket[i]);
		sum->route[r].us += get(&m->route[r].us);
	}
}
