/*
 * Choosing between a standby and the primary. Ignorant of what is read.
 *
 * How old a standby's data is cannot be asked of the standby alone: when nothing is
 * written its last transaction is old, and when its stream is cut it does not know. So a
 * place in the primary's log is taken, with the time: once the standby has come to
 * it, it is no older than that.
 */
#include "server/db_read.h"

#include "server/clock.h"
#include "server/db_state.h"
#include "server/log.h"

#include <poll.h>

enum {
	BEHIND_MS = 5000,
	LOOK_MS = 1000,
	AWAY_MS = 10000,
	CONNECT_MS = 500,
	STATEMENT_MS = 1000,
	WAIT_MS = 20,
	LONG_WAIT_MS = 1000,
	TRY_MS = 5,
	MARK = 32
};

struct db_read {
	struct config cfg; /* with the other database, and a time for statements */
	struct db *db;
	uint32_t statement_ms; /* the configured time */
	uint32_t wait_ms;      /* how long a look may wait for what is on its way */
	uint64_t away_ms;      /* it is left alone until then */
	uint64_t look_ms;      /* the next look */
	uint64_t mark_ms;      /* when the mark was the end of the primary's log */
	char mark[MARK];       /* "": none is awaited */
	uint64_t true_ms;      /* all that was written until then is there; 0: unknown */
	bool away;
	bool behind; /* seen, which is more than not to know its age */
	bool alone;  /* the primary is away: nothing newer is to be had */
};

int db_read_check(const struct config *cfg, struct err *e)
{
	PQconninfoOption *all;

	if (*cfg->database_read == '\0')
		return 0;
	if (pq_conninfo(cfg->database_read, &all, e) < 0)
		return err_prefix(e, "key 'database_read'");
	PQconninfoFree(all);
	return 0;
}

int db_read_open(const struct config *cfg, const char *name, struct db_read **r_r,
		 struct err *e)
{
	struct db_read *r;

	*r_r = NULL;
	if (*cfg->database_read == '\0')
		return 0;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory for a connection");
	r->cfg = *cfg;
	r->cfg.database = cfg->database_read;
	r->statement_ms = cfg->statement_timeout;
	if (r->cfg.statement_timeout > STATEMENT_MS)
		r->cfg.statement_timeout = STATEMENT_MS;
	r->wait_ms = WAIT_MS;
	if (db_open_few(&r->cfg, name, &r->db, e) < 0) {
		free(r);
		return -1;
	}
	r->db->connect_ms = CONNECT_MS;
	*r_r = r;
	return 0;
}

void db_read_close(struct db_read **r)
{
	if (*r != NULL)
		db_close(&(*r)->db);
	free(*r);
	*r = NULL;
}

void db_read_patient(struct db_read *r)
{
	if (r == NULL)
		return;
	r->cfg.statement_timeout = r->statement_ms;
	r->wait_ms = LONG_WAIT_MS;
}

void db_read_forget(struct db_read *r)
{
	if (r != NULL)
		db_forget(r->db);
}

void db_read_metrics(struct db_read *r, struct metrics *m)
{
	if (r != NULL)
		db_metrics(r->db, m);
}

static void gone(struct db_read *r, const struct err *why)
{
	if (!r->away)
		log_line(LOG_WARNING, "database_read: %s; the primary is asked instead",
			 why->text);
	r->away = true;
	r->away_ms = clock_ms() + AWAY_MS;
}

/* The end of the primary's log, to be looked for on the standby. */
static void set_mark(struct db_read *r, struct db *primary, struct arena *a)
{
	uint64_t now = clock_ms();
	struct stmt_result s;
	struct err e = { 0 };
	struct slice v;
	int rc = stmt_run(primary, STMT_READ_MARK, NULL, 0, a, &s, &e);

	r->mark[0] = '\0';
	/* A pooler is there even when what is behind it is not. */
	r->alone = db_socket(primary) < 0 ||
		   (rc < 0 && e.kind == ERR_TRANSIENT && r->cfg.database_pooled);
	if (rc < 0 || s.rows != 1)
		return;
	v = stmt_value(&s, 0, 0);
	(void)snprintf(r->mark, sizeof(r->mark), "%.*s", (int)v.n, v.p);
	r->mark_ms = now;
}

static bool is_old(const struct db_read *r)
{
	return r->true_ms == 0 || clock_ms() - r->true_ms > BEHIND_MS;
}

static void note_behind(struct db_read *r, bool behind)
{
	if (behind && !r->behind)
		log_line(LOG_WARNING,
			 "database_read is more than %d s behind; the "
			 "primary is asked instead",
			 BEHIND_MS / 1000);
	if (!behind && r->behind)
		log_line(LOG_INFO, "database_read has caught up");
	r->behind = behind;
}

/*
 * Has it come to the mark? Then the next is taken at once, for the next look to find it
 * reached. One that was awaited for too long shows how far behind it is, and makes room:
 * a primary that was replaced may never come to it.
 */
static int ask(struct db_read *r, struct db *primary, struct arena *a, struct err *e)
{
	struct slice mark = slice_str(r->mark);
	struct stmt_result s;
	bool reached, late;

	if (stmt_run(r->db, STMT_READ_REACHED, &mark, 1, a, &s, e) < 0)
		return -1;
	reached = s.rows == 1 && slice_eq(stmt_value(&s, 0, 0), SLICE("t"));
	late = !reached && clock_ms() - r->mark_ms > BEHIND_MS;
	if (reached)
		r->true_ms = r->mark_ms;
	if (late || !is_old(r))
		note_behind(r, late);
	if (reached || late)
		set_mark(r, primary, a);
	return 0;
}

static int look(struct db_read *r, struct db *primary, struct arena *a, struct err *e)
{
	uint64_t from = clock_ms();
	uint32_t wait = r->behind ? WAIT_MS : r->wait_ms;
	int rc = 0;

	r->look_ms = from + LOOK_MS;
	if (r->mark[0] == '\0' || db_socket(primary) < 0)
		set_mark(r, primary, a);
	while (r->mark[0] != '\0') {
		rc = ask(r, primary, a, e);
		if (rc < 0 || !is_old(r) || clock_ms() - from >= wait)
			break;
		/* What has just been written is on its way. */
		(void)poll(NULL, 0, TRY_MS);
	}
	return rc;
}

static bool is_usable(struct db_read *r, struct db *primary, struct arena *a)
{
	struct err e = { 0 };

	if (clock_ms() < r->away_ms)
		return false;
	if (db_ready(r->db, &e) < 0 ||
	    (clock_ms() >= r->look_ms && look(r, primary, a, &e) < 0)) {
		gone(r, &e);
		return false;
	}
	if (r->away)
		log_line(LOG_INFO, "database_read answers again");
	r->away = false;
	return r->alone || !is_old(r);
}

/* The standby or the primary. */
static struct db *pick(struct db_read *r, struct db *primary, struct arena *a)
{
	if (r == NULL)
		return primary;
	if (is_usable(r, primary, a))
		return r->db;
	metrics_add(primary->metrics, METRIC_DB_READ_PRIMARY, 1);
	return primary;
}

/* A request's time in the database is told by the primary's connection. */
static void hand_over_time(struct db *from, struct db *to)
{
	to->spent_us += from->spent_us;
	if (from->slowest_us > to->slowest_us) {
		to->slowest_us = from->slowest_us;
		to->slowest = from->slowest;
	}
	from->spent_us = from->slowest_us = 0;
}

int db_read_run(struct db_read *r, struct db *primary, enum stmt_id id,
		const struct slice *params, size_t n_params, struct arena *a,
		struct stmt_result *result, struct err *e)
{
	struct db *db = pick(r, primary, a);
	struct err why = { 0 };
	int rc;

	/* Of the look, whatever came of it. */
	if (r != NULL)
		hand_over_time(r->db, primary);
	if (db == primary)
		return stmt_run(primary, id, params, n_params, a, result, e);
	rc = stmt_run(db, id, params, n_params, a, result, &why);
	hand_over_time(db, primary);
	if (rc == 0)
		return 0;
	/* A standby ends what keeps it from replaying. */
	log_line(LOG_DEBUG, "database_read: %s", why.text);
	if (db_socket(db) < 0)
		gone(r, &why);
	metrics_add(primary->metrics, METRIC_DB_READ_PRIMARY, 1);
	return stmt_run(primary, id, params, n_params, a, result, e);
}
