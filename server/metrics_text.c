/*
 * The names and the form of the metrics. Ignorant of who counts and who asks.
 *
 * The form, line by line (Prometheus exposition formats, text format 0.0.4):
 *   # HELP name text
 *   # TYPE name counter | gauge | histogram
 *   name{label="value",...} number
 * All lines of a name stand together; a label's value here needs no escaping.
 */
#include "server/metrics_text.h"

#include "server/clock.h"

#include <inttypes.h>
#include <stdbool.h>

enum { QUEUE_KNOWN_MS = 10000 };

/* In the order of enum metric. Equal names follow each other; only the first has a
 * help. us: counted in microseconds, shown in seconds. */
static const struct {
	const char *name, *label, *value, *help;
	bool us;
} counters[METRICS] = {
	[METRIC_RECEIVED] = { "received_bytes", NULL, NULL, "Bytes read from clients.",
			      false },
	[METRIC_SENT] = { "sent_bytes", NULL, NULL, "Bytes written to clients.", false },
	[METRIC_ACCEPTED] = { "connections_accepted", NULL, NULL, "Connections taken.",
			      false },
	[METRIC_ACCEPT_FAILED] = { "accepts_failed", NULL, NULL,
				   "Attempts to take a connection without a descriptor "
				   "or memory for it.",
				   false },
	[METRIC_REFUSED_CLIENT] = { "connections_refused", "reason", "client_limit",
				    "Connections answered with an error at once.",
				    false },
	[METRIC_REFUSED_FULL] = { "connections_refused", "reason", "full", NULL, false },
	[METRIC_REFUSED_PROXY] = { "connections_refused", "reason", "proxy_header", NULL,
				   false },
	[METRIC_SHED] = { "requests_shed", NULL, NULL,
			  "Requests refused because they had waited too long.", false },
	[METRIC_UNANSWERED] = { "requests_unanswered", NULL, NULL,
				"Requests that ended before their answer, mostly because "
				"the client left.",
				false },
	[METRIC_SLOW] = { "requests_slow", NULL, NULL,
			  "Requests that took slow_log or longer.", false },
	[METRIC_LOGIN_OK] = { "logins", "result", "ok", "Logins by their result.",
			      false },
	[METRIC_LOGIN_FAILED] = { "logins", "result", "failed", NULL, false },
	[METRIC_LOGIN_LIMITED] = { "logins", "result", "limited", NULL, false },
	[METRIC_AUTH_LOGIN] = { "auth_refused", "reason", "login_required",
				"Requests refused for who asked.", false },
	[METRIC_AUTH_ROLE] = { "auth_refused", "reason", "forbidden", NULL, false },
	[METRIC_AUTH_ORIGIN] = { "auth_refused", "reason", "cross_site", NULL, false },
	[METRIC_LOG_LOST] = { "access_log_lost", NULL, NULL,
			      "Lines of the access log that could not be written.",
			      false },
	[METRIC_TASKS] = { "tasks_started", NULL, NULL,
			   "Requests given to a process of their own.", false },
	[METRIC_TASKS_DIED] = { "tasks_died", NULL, NULL,
				"Tasks that ended without an answer.", false },
	[METRIC_SCAN_VALID] = { "scans", "result", "valid", "Scans by their result.",
				false },
	[METRIC_SCAN_DUPLICATE] = { "scans", "result", "duplicate", NULL, false },
	[METRIC_SCAN_NOT_FOUND] = { "scans", "result", "not_found", NULL, false },
	[METRIC_SCAN_ON_HOLD] = { "scans", "result", "on_hold", NULL, false },
	[METRIC_SCAN_DISPATCHED] = { "scans", "result", "already_dispatched", NULL,
				     false },
	[METRIC_SCAN_STATUS] = { "scans", "result", "wrong_status", NULL, false },
	[METRIC_SCAN_CLOSED] = { "scans", "result", "session_closed", NULL, false },
	[METRIC_SCAN_INVALID] = { "scans", "result", "invalid", NULL, false },
	[METRIC_SCAN_OTHER] = { "scans", "result", "other", NULL, false },
	[METRIC_SCANS_TOGETHER] = { "scans_together", NULL, NULL,
				    "Scans that shared their commit with others.",
				    false },
	[METRIC_ROWS_INSERTED] = { "import_rows", "result", "inserted",
				   "Rows of manifests that were loaded.", false },
	[METRIC_ROWS_UPDATED] = { "import_rows", "result", "updated", NULL, false },
	[METRIC_ROWS_UNCHANGED] = { "import_rows", "result", "unchanged", NULL, false },
	[METRIC_ROWS_DUPLICATE] = { "import_rows", "result", "duplicate", NULL, false },
	[METRIC_ROWS_REJECTED] = { "import_rows", "result", "rejected", NULL, false },
	[METRIC_DB_STATEMENTS] = { "database_statements", NULL, NULL,
				   "Statements sent to PostgreSQL.", false },
	[METRIC_DB_US] = { "database_seconds", NULL, NULL,
			   "Time spent waiting for PostgreSQL.", true },
	[METRIC_DB_CONNECTS] = { "database_connects", NULL, NULL,
				 "Connections made to PostgreSQL.", false },
	[METRIC_DB_CONNECT_FAILED] = { "database_connects_failed", NULL, NULL,
				       "Attempts to connect to it that failed.", false },
	[METRIC_DB_READ_PRIMARY] = { "database_read_primary", NULL, NULL,
				     "Statements for database_read that the primary "
				     "answered.",
				     false },
	[METRIC_DB_TRANSIENT] = { "database_errors", "kind", "transient",
				  "Statements that failed.", false },
	[METRIC_DB_UNCERTAIN] = { "database_errors", "kind", "uncertain", NULL, false },
	[METRIC_DB_INPUT] = { "database_errors", "kind", "input", NULL, false },
	[METRIC_DB_INTERNAL] = { "database_errors", "kind", "internal", NULL, false },
};

static const char *const slot_states[] = { [SLOT_STARTING] = "starting",
					   [SLOT_IDLE] = "idle",
					   [SLOT_BUSY] = "busy",
					   [SLOT_DRAINING] = "draining" };
static const char *const causes[SLOTS_CAUSES] = { [SLOTS_EXITED] = "exit",
						  [SLOTS_SIGNALLED] = "signal",
						  [SLOTS_STUCK] = "stuck",
						  [SLOTS_RETIRED] = "max_requests",
						  [SLOTS_RELOADED] = "reload" };
static const char *const conn_states[SLOT_CONNS] = {
	[SLOT_CONN_IDLE] = "idle",    [SLOT_CONN_HEAD] = "head",
	[SLOT_CONN_BODY] = "body",    [SLOT_CONN_WAIT] = "waiting",
	[SLOT_CONN_TASK] = "task",    [SLOT_CONN_SEND] = "send",
	[SLOT_CONN_LINGER] = "linger"
};

static int heading(struct buf *b, const char *name, const char *type, const char *help,
		   struct err *e)
{
	return buf_printf(b, e, "# HELP waybill_%s %s\n# TYPE waybill_%s %s\n", name,
			  help, name, type);
}

static int gauge(struct buf *b, const char *name, const char *help, uint64_t value,
		 struct err *e)
{
	if (heading(b, name, "gauge", help, e) < 0)
		return -1;
	return buf_printf(b, e, "waybill_%s %" PRIu64 "\n", name, value);
}

static int labelled(struct buf *b, const char *name, const char *label, const char *value,
		    uint64_t n, struct err *e)
{
	return buf_printf(b, e, "waybill_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value,
			  n);
}

static int write_counters(const struct metrics_sum *sum, struct buf *b, struct err *e)
{
	char name[64];

	for (size_t i = 0; i < METRICS; i++) {
		uint64_t n = sum->count[i];
		int r;

		(void)snprintf(name, sizeof(name), "%s_total", counters[i].name);
		if (counters[i].help != NULL &&
		    heading(b, name, "counter", counters[i].help, e) < 0)
			return -1;
		if (counters[i].label != NULL)
			r = labelled(b, name, counters[i].label, counters[i].value, n, e);
		else if (counters[i].us)
			r = buf_printf(b, e, "waybill_%s %.6f\n", name, (double)n / 1e6);
		else
			r = buf_printf(b, e, "waybill_%s %" PRIu64 "\n", name, n);
		if (r < 0)
			return -1;
	}
	return 0;
}

static int write_jobs(const struct metrics_sum *sum, struct buf *b, struct err *e)
{
	if (heading(b, "jobs_total", "counter",
		    "Attempts at jobs of the queue, by kind and result.", e) < 0)
		return -1;
	for (size_t k = 0; k < METRICS_JOB_KINDS; k++)
		for (size_t i = 0; i < METRICS_JOB_ENDS; i++)
			if (buf_printf(b, e,
				       "waybill_jobs_total{kind=\"%s\",result=\"%s\"} "
				       "%" PRIu64 "\n",
				       metrics_job_kind(k), metrics_job_end(i),
				       sum->job[k][i]) < 0)
				return -1;
	return 0;
}

static int write_requests(const struct metrics_sum *sum, metrics_route_fn *name,
			  struct buf *b, struct err *e)
{
	if (heading(b, "requests_total", "counter",
		    "Requests answered, by route and status.", e) < 0)
		return -1;
	for (size_t r = 0; r < METRICS_ROUTES && name(r) != NULL; r++)
		for (size_t i = 0; i < METRICS_STATUSES; i++) {
			uint64_t n = sum->route[r].status[i];
			char status[16];

			(void)snprintf(status, sizeof(status), "%u", metrics_status(i));
			if (n > 0 &&
			    buf_printf(
				    b, e,
				    "waybill_requests_total{route=\"%s\",status=\"%s\"} "
				    "%" PRIu64 "\n",
				    name(r), metrics_status(i) == 0 ? "other" : status,
				    n) < 0)
				return -1;
		}
	return 0;
}

/* Buckets are cumulative, and the last is +Inf and equals the count. */
static int write_histogram(const struct metrics_sum *sum, size_t r, const char *route,
			   struct buf *b, struct err *e)
{
	static const char name[] = "waybill_request_seconds";
	uint64_t n = 0;

	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		char le[32] = "+Inf";

		n += sum->route[r].bucket[i];
		if (metrics_bound(i) != UINT64_MAX)
			(void)snprintf(le, sizeof(le), "%g",
				       (double)metrics_bound(i) / 1e6);
		if (buf_printf(b, e, "%s_bucket{route=\"%s\",le=\"%s\"} %" PRIu64 "\n",
			       name, route, le, n) < 0)
			return -1;
	}
	return buf_printf(
		b, e, "%s_sum{route=\"%s\"} %.6f\n%s_count{route=\"%s\"} %" PRIu64 "\n",
		name, route, (double)sum->route[r].us / 1e6, name, route, n);
}

static bool is_used(const struct metrics_sum *sum, size_t r)
{
	for (size_t i = 0; i < METRICS_BUCKETS; i++)
		if (sum->route[r].bucket[i] > 0)
			return true;
	return false;
}

static int write_latencies(const struct metrics_sum *sum, metrics_route_fn *name,
			   struct buf *b, struct err *e)
{
	if (heading(b, "request_seconds", "histogram",
		    "From a whole request to its answer, without the time that the "
		    "client takes.",
		    e) < 0)
		return -1;
	for (size_t r = 0; r < METRICS_ROUTES && name(r) != NULL; r++)
		if (is_used(sum, r) && write_histogram(sum, r, name(r), b, e) < 0)
			return -1;
	return 0;
}

static unsigned slots_in(struct slots *s, enum slot_role role, enum slot_state state)
{
	size_t n;
	struct slot *slot = slots_of(s, role, &n);
	unsigned found = 0;

	for (size_t i = 0; i < n; i++)
		found += atomic_load(&slot[i].pid) != 0 &&
			 atomic_load(&slot[i].state) == (unsigned)state;
	return found;
}

static int write_children(struct slots *s, enum slot_role role, const char *name,
			  const char *help, struct buf *b, struct err *e)
{
	if (heading(b, name, "gauge", help, e) < 0)
		return -1;
	for (int i = SLOT_STARTING; i <= SLOT_DRAINING; i++)
		if (labelled(b, name, "state", slot_states[i],
			     slots_in(s, role, (enum slot_state)i), e) < 0)
			return -1;
	return 0;
}

static int write_connections(struct slots *s, struct buf *b, struct err *e)
{
	size_t n;
	struct slot *slot = slots_of(s, SLOT_WORKER, &n);

	if (heading(b, "connections", "gauge", "Open connections of clients.", e) < 0)
		return -1;
	for (size_t state = 0; state < SLOT_CONNS; state++) {
		uint64_t held = 0;

		for (size_t i = 0; i < n; i++)
			if (atomic_load(&slot[i].pid) != 0)
				held += atomic_load_explicit(&slot[i].conn[state],
							     memory_order_relaxed);
		if (labelled(b, "connections", "state", conn_states[state], held, e) < 0)
			return -1;
	}
	return 0;
}

static int write_shared(struct slots *s, struct buf *b, struct err *e)
{
	struct slots_shared *shared = slots_shared(s);

	if (gauge(b, "workers_wanted", "Workers that the master keeps.",
		  atomic_load(&shared->workers), e) < 0 ||
	    gauge(b, "uptime_seconds", "Since the master started.",
		  (clock_ms() - atomic_load(&shared->started_ms)) / 1000, e) < 0 ||
	    gauge(b, "draining", "1: this host asks to be left alone.", slots_leaves(s),
		  e) < 0 ||
	    gauge(b, "database_up", "1: PostgreSQL answered last time.",
		  atomic_load(&shared->db) == SLOTS_DB_UP, e) < 0 ||
	    heading(b, "worker_restarts_total", "counter",
		    "Workers replaced, by what ended them.", e) < 0)
		return -1;
	for (size_t i = 0; i < SLOTS_CAUSES; i++)
		if (labelled(b, "worker_restarts_total", "cause", causes[i],
			     atomic_load(&shared->restarted[i]), e) < 0)
			return -1;
	return heading(b, "event_log_lost_total", "counter",
		       "Lines of the event log that could not be written.", e) < 0
		       ? -1
		       : buf_printf(b, e, "waybill_event_log_lost_total %" PRIu64 "\n",
				    (uint64_t)atomic_load(&shared->log.lost));
}

/* Left out when nobody could look for a while: the database is away, or jobs locked. */
static int write_queue(struct slots *s, struct buf *b, struct err *e)
{
	struct slots_shared *shared = slots_shared(s);
	uint64_t seen = atomic_load(&shared->queue.seen_ms);

	if (seen == 0 || clock_ms() > seen + QUEUE_KNOWN_MS)
		return 0;
	if (gauge(b, "jobs_queued", "Jobs that wait in the database.",
		  atomic_load(&shared->queue.queued), e) < 0 ||
	    gauge(b, "jobs_queued_seconds",
		  "How long the oldest of those that are due has waited.",
		  atomic_load(&shared->queue.oldest_s), e) < 0)
		return -1;
	return gauge(b, "jobs_running", "Jobs that are being done, on any host.",
		     atomic_load(&shared->queue.running), e);
}

int metrics_text(struct slots *s, metrics_route_fn *name, struct buf *b, struct err *e)
{
	struct metrics_sum *sum = calloc(1, sizeof(*sum));
	int r = -1;

	if (sum == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	slots_sum(s, sum);
	if (write_requests(sum, name, b, e) == 0 &&
	    write_latencies(sum, name, b, e) == 0 && write_counters(sum, b, e) == 0 &&
	    write_jobs(sum, b, e) == 0 && write_connections(s, b, e) == 0 &&
	    write_children(s, SLOT_WORKER, "workers", "Workers, by what they do.", b,
			   e) == 0 &&
	    write_children(s, SLOT_QUEUE, "queue_workers",
			   "Processes that load queued uploads.", b, e) == 0 &&
	    gauge(b, "tasks", "Tasks that run.", slots_in(s, SLOT_TASK, SLOT_BUSY), e) ==
		    0)
		r = write_shared(s, b, e) < 0 ? -1 : write_queue(s, b, e);
	free(sum);
	return r;
}
