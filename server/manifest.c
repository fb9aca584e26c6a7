/*
 * What the forms of a manifest share, and its form as JSON.
 */
#include "server/manifest.h"

enum { PAGE = 500, PAGE_CAP = 16 * 1024 * 1024, LAST = 256 };

struct slice manifest_place(struct slice destination)
{
	return destination.n > 0 ? destination : SLICE("(none)");
}

/* Keeps a page's last value for the next page's statement. */
static struct slice keep(char to[LAST], struct slice v)
{
	size_t n = v.n < LAST ? v.n : LAST;

	memcpy(to, v.p, n);
	return (struct slice){ to, n };
}

int manifest_parcels(struct manifest *m,
		     int (*row)(void *ctx, const struct stmt_result *r, size_t i,
				struct err *e),
		     void *ctx, struct err *e)
{
	char count[8], number[LAST], mode[LAST];
	struct slice v[] = { m->session, SLICE(""), SLICE(""), SLICE("") };
	struct stmt_result r;
	struct arena page;
	int got;

	(void)snprintf(count, sizeof(count), "%d", PAGE);
	v[1] = slice_str(count);
	arena_init(&page, PAGE_CAP);
	do {
		arena_reset(&page);
		got = stmt_run(m->db, STMT_MANIFEST_PARCELS, v, 4, &page, &r, e);
		for (size_t i = 0; got == 0 && i < r.rows; i++)
			got = row(ctx, &r, i, e);
		if (got == 0 && r.rows == PAGE) {
			v[2] = keep(number, stmt_value(&r, PAGE - 1, PARCEL_NUMBER));
			v[3] = keep(mode, stmt_value(&r, PAGE - 1, PARCEL_MODE));
		}
	} while (got == 0 && r.rows == PAGE);
	arena_release(&page);
	return got;
}

/* Where JSON goes, and whether a value came before. */
struct json_out {
	const struct sink *out;
	bool more;
};

static int put(const struct json_out *o, struct slice s, struct err *e)
{
	return o->out->write(o->out->to, s, e);
}

static int item(struct json_out *o, struct slice json, struct err *e)
{
	bool comma = o->more;

	o->more = true;
	if (comma && put(o, SLICE(",\n"), e) < 0)
		return -1;
	return put(o, json, e);
}

static int parcel(void *ctx, const struct stmt_result *r, size_t row, struct err *e)
{
	return item(ctx, stmt_value(r, row, PARCEL_JSON), e);
}

int manifest_json(struct manifest *m, const struct sink *out, struct err *e)
{
	struct json_out o = { .out = out };
	struct slice head = manifest_head(m, HEAD_JSON);

	/* An object that goes on: without its last brace. */
	if (put(&o, slice_take(&head, head.n - 1), e) < 0 ||
	    put(&o, SLICE(", \"totals\" : "), e) < 0 ||
	    put(&o, stmt_value(&m->sums, 0, SUM_JSON), e) < 0 ||
	    put(&o, SLICE(", \"destinations\" : ["), e) < 0)
		return -1;
	for (size_t i = 1; i < m->sums.rows; i++)
		if (item(&o, stmt_value(&m->sums, i, SUM_JSON), e) < 0)
			return -1;
	o.more = false;
	if (put(&o, SLICE("], \"parcels\" : ["), e) < 0 ||
	    manifest_parcels(m, parcel, &o, e) < 0)
		return -1;
	return put(&o, SLICE("]}"), e);
}
