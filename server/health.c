/*
 * The database's state as this host sees it. Ignorant of HTTP.
 */
#include "server/health.h"

#include "server/clock.h"
#include "server/log.h"
#include "server/stmt.h"

enum {
	CHECK_MS = 1000,
	LATE_MS = 3000,     /* then any worker makes it */
	PATIENCE_MS = 3000, /* of one check */
	OK_MS = 500,        /* how exactly the last success is known */
	GRACE_MS = 4000,    /* since the last success */
	QUEUE_MS = 2000     /* between two looks at the queue */
};

bool health_up(struct slots *s)
{
	return atomic_load_explicit(&slots_shared(s)->db, memory_order_relaxed) ==
	       SLOTS_DB_UP;
}

void health_inherit(struct slots *s)
{
	struct slots_shared *shared = slots_shared(s);

	atomic_store(&shared->db_ok_ms, clock_ms() + HEALTH_PATIENCE_MS);
	atomic_store(&shared->db, SLOTS_DB_UP);
}

void health_note(struct slots *s, bool up)
{
	struct slots_shared *shared = slots_shared(s);
	unsigned now = up ? SLOTS_DB_UP : SLOTS_DB_DOWN;
	uint64_t ok = atomic_load_explicit(&shared->db_ok_ms, memory_order_relaxed);
	uint64_t ms = clock_ms();
	unsigned was;

	if (!up && ms < ok + GRACE_MS)
		return;
	/* Every statement comes here, and usually nothing changes: siblings keep the line
	 * in their caches. */
	if (up && ms >= ok + OK_MS)
		atomic_store_explicit(&shared->db_ok_ms, ms, memory_order_relaxed);
	if (atomic_load_explicit(&shared->db, memory_order_relaxed) == now)
		return;
	was = atomic_exchange(&shared->db, now);
	if (was == now)
		return;
	if (!up)
		log_line(LOG_WARNING,
			 "the database cannot be reached; requests that need it are "
			 "answered with 503 until it is back");
	else if (was == SLOTS_DB_DOWN)
		log_line(LOG_INFO, "the database is back");
}

/* A worker that would have to connect first, and keep its clients waiting for that,
 * leaves the check to a sibling that is connected; unless none makes it, or something is
 * amiss. */
static bool may_check(const struct slots_shared *shared, const struct db *db,
		      uint64_t age)
{
	return db_socket(db) >= 0 || age >= LATE_MS ||
	       atomic_load_explicit(&shared->db, memory_order_relaxed) != SLOTS_DB_UP;
}

/* An answer under way: noted when it came, or was waited for too long. That a look at the
 * queue failed tells nothing while the connection is there. */
static void take(struct slots *s, struct db *db)
{
	struct err e = { .kind = ERR_NONE };
	enum stmt_id id;
	int got = stmt_take(db, &id, &e);

	if (got == PARSE_DONE)
		health_note(s, true);
	else if (got < 0 && id == STMT_QUEUE_DEPTH && db_socket(db) >= 0)
		return;
	else if (got < 0 || stmt_awaits_ms(db) >= PATIENCE_MS)
		health_note(s, false);
}

static void note_queue(struct slots_shared *shared, struct db *db, uint64_t now)
{
	uint64_t n[STMT_NUMBERS];

	if (!stmt_numbers(db, STMT_QUEUE_DEPTH, n))
		return;
	atomic_store(&shared->queue.queued, n[0]);
	atomic_store(&shared->queue.oldest_s, n[1]);
	atomic_store(&shared->queue.running, n[2]);
	atomic_store(&shared->queue.seen_ms, now);
}

/* True when the question is on its way. Every host asks, whether or not it has a worker
 * for the queue. */
static bool ask_queue(struct slots_shared *shared, struct db *db, uint64_t now)
{
	unsigned long long at = atomic_load(&shared->queue.asked_ms);
	struct err e = { .kind = ERR_NONE };

	return now >= at + QUEUE_MS && db_socket(db) >= 0 &&
	       atomic_compare_exchange_strong(&shared->queue.asked_ms, &at, now) &&
	       stmt_send(db, STMT_QUEUE_DEPTH, &e) == 0;
}

void health_tick(struct slots *s, struct db *db)
{
	struct slots_shared *shared = slots_shared(s);
	unsigned long long at = atomic_load(&shared->db_checked_ms);
	uint64_t now = clock_ms(), age = now < at ? 0 : now - at;
	struct err e = { .kind = ERR_NONE };

	if (stmt_awaits(db))
		take(s, db);
	note_queue(shared, db, now);
	if (stmt_awaits(db) || ask_queue(shared, db, now))
		return;
	if (age < CHECK_MS || !may_check(shared, db, age) ||
	    !atomic_compare_exchange_strong(&shared->db_checked_ms, &at, now))
		return;
	/* Clients of this worker do not wait for the answer. Without a connection they
	 * would have to wait for one anyway. */
	if (stmt_send(db, STMT_HEALTH, &e) == 0)
		return;
	e.kind = ERR_NONE;
	health_note(s, db_ready(db, &e) == 0);
}
