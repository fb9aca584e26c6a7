/*
 * What a handler may ask of a request. Ignorant of connections and routes.
 */
#include "server/request.h"

#include "parse/http_accept.h"

#include <time.h>
#include <unistd.h>

static struct slice moved(struct slice s, const char *from, const char *to)
{
	return s.p == NULL ? s : (struct slice){ to + (s.p - from), s.n };
}

int request_adopt(struct request *r, const struct http_head *h, struct arena *a,
		  struct err *e)
{
	const struct http_field *last =
		h->n_fields == 0 ? NULL : &h->field[h->n_fields - 1];
	const char *from = h->method_text.p;
	const char *end =
		last == NULL ? h->target.p + h->target.n : last->value.p + last->value.n;
	struct slice copy = arena_dup(a, (struct slice){ from, (size_t)(end - from) });

	if (copy.p == NULL)
		return err_set(e, ERR_INTERNAL, "no room for a request's head");
	r->arena = a;
	/* Not the whole of *h: its fields are large, and most of them empty. */
	r->head.method = h->method;
	r->head.minor = h->minor;
	r->head.n_fields = h->n_fields;
	r->head.method_text = moved(h->method_text, from, copy.p);
	r->head.target = moved(h->target, from, copy.p);
	r->head.host = moved(h->host, from, copy.p);
	for (size_t i = 0; i < h->n_fields; i++) {
		r->head.field[i].name = moved(h->field[i].name, from, copy.p);
		r->head.field[i].value = moved(h->field[i].value, from, copy.p);
	}
	return 0;
}

static bool id_fits(struct slice id)
{
	if (id.n == 0 || id.n > 64)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		      (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.' ||
		      c == ':'))
			return false;
	}
	return true;
}

void request_ids_init(struct request_ids *ids)
{
	*ids = (struct request_ids){ .count = 0 };
	ids->n =
		(size_t)snprintf(ids->start, sizeof(ids->start), "%llx-%lx-",
				 (unsigned long long)time(NULL), (unsigned long)getpid());
}

struct slice request_id_new(struct request_ids *ids, struct arena *a)
{
	char *to = arena_alloc(a, ids->n + 16);
	uint64_t left = ++ids->count;
	size_t digits = 1;

	if (to == NULL)
		return (struct slice){ NULL, 0 };
	memcpy(to, ids->start, ids->n);
	while (digits < 16 && left >> (4 * digits) != 0)
		digits++;
	for (size_t i = digits; i > 0; i--, left >>= 4)
		to[ids->n + i - 1] = "0123456789abcdef"[left & 15];
	return (struct slice){ to, ids->n + digits };
}

void request_identify(struct request *r, struct request_ids *ids)
{
	struct slice given = http_head_field(&r->head, SLICE("X-Request-Id"));

	r->id = id_fits(given) ? given : request_id_new(ids, r->arena);
}

struct slice request_media_type(const struct request *r)
{
	struct slice v = http_head_field(&r->head, SLICE("Content-Type"));

	return slice_trim(slice_split(&v, ';'));
}

bool request_wants_page(const struct request *r)
{
	return (r->head.method == HTTP_GET || r->head.method == HTTP_HEAD) &&
	       http_accept_html(http_head_field(&r->head, SLICE("Accept")));
}

bool request_wants_data(const struct request *r)
{
	return http_accept_json(http_head_field(&r->head, SLICE("Accept")));
}

struct slice request_actor(const struct request *r, struct slice given)
{
	return r->user.name.p != NULL ? r->user.name : given;
}

int request_query(const struct request *r, struct slice name, struct slice *value_r,
		  struct err *e)
{
	struct slice rest = r->url.query, k, v;
	int got;

	*value_r = (struct slice){ NULL, 0 };
	while ((got = url_pair_next(&rest, r->arena, &k, &v, e)) == PARSE_MORE)
		if (slice_eq(k, name)) {
			*value_r = v;
			return 0;
		}
	return got < 0 ? -1 : 0;
}
