/*
 * Reading scans and asking for their verdicts. Ignorant of how requests come to be ready
 * together, and of what the verdicts mean.
 */
#include "server/scans.h"

#include "server/check.h"
#include "server/clock.h"
#include "server/health.h"
#include "server/log.h"
#include "server/router.h"

#include "parse/waybill_number.h"

enum { LABEL = 100, SHOWN = 64, PATIENCE_MS = 5000 };

static int check_mode(const char *field, struct slice v, struct err *e)
{
	if (slice_eq(v, SLICE("dispatch")) || slice_eq(v, SLICE("return")) ||
	    slice_eq(v, SLICE("check")) || v.n == 0)
		return 0;
	return err_set(e, ERR_INPUT, "field \"%s\" must be dispatch, return or check",
		       field);
}

static int check_name(const char *field, struct slice v, struct err *e)
{
	return check_label(field, v, LABEL, e);
}

/* What was read off a parcel that is no waybill number is recorded too: its first bytes,
 * what cannot be stored replaced. */
static struct slice cleaned(struct slice s, struct arena *a)
{
	struct slice copy = arena_dup(a, slice_take(&s, SHOWN));
	char *p;

	if (copy.p == NULL)
		return SLICE("");
	p = (char *)(uintptr_t)copy.p; /* our own copy */
	for (size_t i = 0; i < copy.n; i++)
		if ((unsigned char)p[i] < 0x20 || (unsigned char)p[i] >= 0x7f)
			p[i] = '?';
	return copy;
}

static int read_number(const struct params *p, struct scan *s, struct err *e)
{
	struct slice text = params_get(p, SLICE("waybill_number"));
	struct arena *a = s->req->arena;
	struct err why = { .kind = ERR_NONE };

	if (waybill_number_normalise(text, a, &s->field[SCAN_NUMBER], &why) == 0)
		return 0;
	if (why.kind != ERR_INPUT)
		return err_set(e, why.kind, "%s", why.text);
	s->field[SCAN_NUMBER] = cleaned(text, a);
	s->field[SCAN_INVALID] = arena_dup(a, slice_str(why.text));
	return 0;
}

/* The first field that cannot be read says why, before a number that is none. */
static void refuse(struct scan *s, const struct err *why, bool *refused)
{
	if (!*refused)
		s->field[SCAN_INVALID] = arena_dup(s->req->arena, slice_str(why->text));
	*refused = true;
}

int scans_read(const struct params *p, struct scan *s, struct err *e)
{
	static const struct {
		const char *name;
		int (*check)(const char *field, struct slice v, struct err *e);
		enum scan_field field;
	} fields[] = {
		{ "mode", check_mode, SCAN_MODE },
		{ "session_id", check_id, SCAN_SESSION },
		{ "scan_id", check_uuid, SCAN_SCAN_ID },
		{ "station", check_name, SCAN_STATION },
		{ "scanned_by", check_name, SCAN_BY },
		{ "scanned_at", check_time, SCAN_AT },
	};
	struct err why = { .kind = ERR_NONE };
	bool refused = false;

	memset(s->field, 0, sizeof(s->field));
	if (read_number(p, s, e) < 0)
		return -1;
	if (params_flat(p, SLICE(""), &why) < 0)
		refuse(s, &why, &refused);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct slice v = params_get(p, slice_str(fields[i].name));

		why.kind = ERR_NONE;
		if (fields[i].check(fields[i].name, v, &why) < 0)
			refuse(s, &why, &refused);
		else
			s->field[fields[i].field] = v;
	}
	if (s->field[SCAN_MODE].n == 0)
		s->field[SCAN_MODE] = SLICE("dispatch");
	if (s->field[SCAN_BY].n == 0)
		s->field[SCAN_BY] = s->req->user.name;
	if (refused && s->field[SCAN_INVALID].p == NULL)
		return err_set(e, ERR_LIMIT, "out of memory for a scan");
	return 0;
}

void scans_unreadable(struct scan *s, struct slice reason)
{
	memset(s->field, 0, sizeof(s->field));
	s->field[SCAN_NUMBER] = SLICE("");
	s->field[SCAN_MODE] = SLICE("dispatch");
	s->field[SCAN_BY] = s->req->user.name;
	s->field[SCAN_INVALID] = reason;
}

static void answer_alone(struct handle_env *env, struct scan *s)
{
	handle_stmt(env, STMT_SCAN, s->field, SCAN_FIELDS, s->req, s->res);
}

/* One field of all scans as an array's text (PostgreSQL, 8.15.2): each element quoted, a
 * quote or backslash escaped, NULL without quotes. */
static struct slice array_of(const struct scan *s, size_t n, enum scan_field f,
			     struct arena *a)
{
	size_t most = 2, at = 0;
	char *to;

	for (size_t i = 0; i < n; i++)
		most += 2 * s[i].field[f].n + sizeof("NULL,");
	to = arena_alloc(a, most);
	if (to == NULL)
		return (struct slice){ NULL, 0 };
	to[at++] = '{';
	for (size_t i = 0; i < n; i++) {
		struct slice v = s[i].field[f];

		if (i > 0)
			to[at++] = ',';
		if (v.n == 0 && f != SCAN_NUMBER) {
			memcpy(to + at, "NULL", 4);
			at += 4;
			continue;
		}
		to[at++] = '"';
		for (size_t k = 0; k < v.n; k++) {
			if (v.p[k] == '"' || v.p[k] == '\\')
				to[at++] = '\\';
			to[at++] = v.p[k];
		}
		to[at++] = '"';
	}
	to[at++] = '}';
	return (struct slice){ to, at };
}

/* A verdict in the arena of the scan that it is for. */
static void tell(struct scan *s, struct slice status, struct slice body)
{
	struct slice own = arena_dup(s->req->arena, body);

	if (own.p == NULL)
		response_error(s->res, 500, "internal_error",
			       "the server is out of memory; the scan is recorded");
	else
		response_json(s->res, handle_status(status), own);
}

/* All in one transaction. 0 with *own_r how many of them are to be asked by themselves,
 * whose answers have no status yet. */
static int answer_together(struct handle_env *env, struct scan *s, size_t n,
			   size_t *own_r, struct err *e)
{
	struct slice v[SCAN_FIELDS];
	struct stmt_result r;

	for (int f = 0; f < SCAN_FIELDS; f++) {
		v[f] = array_of(s, n, (enum scan_field)f, s->req->arena);
		if (v[f].p == NULL)
			return err_set(e, ERR_LIMIT, "too little memory for %zu scans",
				       n);
	}
	if (stmt_run(env->db, STMT_SCAN_MANY, v, SCAN_FIELDS, s->req->arena, &r, e) < 0)
		return -1;
	if (r.rows != n || r.columns != 2)
		return err_set(e, ERR_UNCERTAIN, "%zu scans gave %zu verdicts", n,
			       r.rows);
	health_note(env->slots, true);
	*own_r = 0;
	for (size_t i = 0; i < n; i++)
		if (stmt_value(&r, i, 0).p == NULL)
			(*own_r)++;
		else
			tell(&s[i], stmt_value(&r, i, 0), stmt_value(&r, i, 1));
	metrics_add(env->metrics, METRIC_SCANS_TOGETHER, n - *own_r);
	return 0;
}

/* A lock that one waits for in vain is a matter of seconds, and the others of this worker
 * wait behind it: after PATIENCE_MS of that the rest are to come again. */
static bool out_of_patience(uint64_t lost_ms)
{
	return lost_ms >= PATIENCE_MS;
}

/* Adds what was lost to *lost_ms. */
static void answer_some(struct handle_env *env, struct scan *s, size_t n,
			uint64_t *lost_ms)
{
	static const struct err busy = { .kind = ERR_TRANSIENT };
	struct err e = { .kind = ERR_NONE };
	uint64_t from = clock_ms();
	size_t own = n;

	if (n > 1 && !out_of_patience(*lost_ms) &&
	    answer_together(env, s, n, &own, &e) < 0) {
		log_line(LOG_WARNING, "%s %.*s: %zu scans together: %s",
			 s->req->route->name, (int)s->req->id.n, s->req->id.p, n, e.text);
		*lost_ms += clock_ms() - from;
	}
	for (size_t i = 0; own > 0 && i < n; i++) {
		if (s[i].res->status != 0)
			continue;
		if (e.kind == ERR_UNCERTAIN || out_of_patience(*lost_ms)) {
			handle_failure(env, e.kind == ERR_UNCERTAIN ? &e : &busy,
				       s[i].res);
			continue;
		}
		from = clock_ms();
		answer_alone(env, &s[i]);
		if (s[i].res->status == 503)
			*lost_ms += clock_ms() - from;
	}
}

static bool is_return(const struct scan *s)
{
	return slice_eq(s->field[SCAN_MODE], SLICE("return"));
}

void scans_answer(struct handle_env *env, struct scan *s, size_t n)
{
	uint64_t lost_ms = 0;

	for (size_t i = 0; i < n;) {
		size_t from = i++;

		while (!is_return(&s[from]) && i < n && i - from < SCANS_TOGETHER &&
		       !is_return(&s[i]))
			i++;
		answer_some(env, &s[from], i - from, &lost_ms);
	}
}
