/*
 * A scan: cleaned and checked here, decided by one statement.
 */
#include "server/check.h"
#include "server/handle.h"
#include "server/params.h"

#include "parse/waybill.h"

enum { LABEL = 100 };

/* The parameters of sql/query/scan.sql. */
enum { NUMBER, MODE, SESSION, SCAN_ID, STATION, SCANNED_BY, SCANNED_AT, INVALID, PARAMS };

static int check_mode(struct slice v, struct err *e)
{
	if (slice_eq(v, SLICE("dispatch")) || slice_eq(v, SLICE("return")) ||
	    slice_eq(v, SLICE("check")))
		return 0;
	return err_set(e, ERR_INPUT, "field \"mode\" must be dispatch, return or check");
}

static int check_fields(const struct slice v[PARAMS], struct err *e)
{
	if (check_mode(v[MODE], e) < 0 || check_id("session_id", v[SESSION], e) < 0 ||
	    check_uuid("scan_id", v[SCAN_ID], e) < 0 ||
	    check_label("station", v[STATION], LABEL, e) < 0 ||
	    check_label("scanned_by", v[SCANNED_BY], LABEL, e) < 0)
		return -1;
	return check_time("scanned_at", v[SCANNED_AT], e);
}

/* What was read off a parcel that is no waybill number is recorded too: its first 64
 * bytes, what cannot be stored replaced. */
static struct slice cleaned(struct slice s, struct arena *a)
{
	struct slice copy = arena_dup(a, slice_take(&s, 64));
	char *p;

	if (copy.p == NULL)
		return SLICE("");
	p = (char *)(uintptr_t)copy.p; /* our own copy */
	for (size_t i = 0; i < copy.n; i++)
		if ((unsigned char)p[i] < 0x20 || (unsigned char)p[i] >= 0x7f)
			p[i] = '?';
	return copy;
}

void handle_scan(struct handle_env *env, struct request *req, struct response *res)
{
	struct slice v[PARAMS] = { { NULL, 0 } };
	struct err e = { .kind = ERR_NONE };
	struct slice number;
	struct params p;

	if (params_read(req, &p, res) < 0 || params_scalars(&p, SLICE(""), res) < 0)
		return;
	v[MODE] = params_get(&p, SLICE("mode"));
	if (v[MODE].n == 0)
		v[MODE] = SLICE("dispatch");
	v[SESSION] = params_get(&p, SLICE("session_id"));
	v[SCAN_ID] = params_get(&p, SLICE("scan_id"));
	v[STATION] = params_get(&p, SLICE("station"));
	v[SCANNED_BY] = params_get(&p, SLICE("scanned_by"));
	if (v[SCANNED_BY].n == 0)
		v[SCANNED_BY] = req->user.name;
	v[SCANNED_AT] = params_get(&p, SLICE("scanned_at"));
	if (check_fields(v, &e) < 0) {
		response_failure(res, "bad_field", &e);
		return;
	}
	number = params_get(&p, SLICE("waybill_number"));
	if (waybill_number_normalise(number, req->arena, &v[NUMBER], &e) < 0) {
		if (e.kind != ERR_INPUT) {
			response_failure(res, "bad_field", &e);
			return;
		}
		v[NUMBER] = cleaned(number, req->arena);
		v[INVALID] = slice_str(e.text);
	}
	handle_stmt(env, STMT_SCAN, v, PARAMS, req, res);
}
