/*
 * Admission. Ignorant of passwords (handle_login knows them) and of what routes do.
 */
#include "server/auth.h"

#include "parse/cookie.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/platform.h"
#include "server/router.h"

enum { TOKEN_BYTES = AUTH_TOKEN / 2, NEXT = 1024, SECOND_MS = 1000 };

static const struct slice cookie_name = SLICE_INIT("waybill_session");

static bool changes(const struct request *req)
{
	return req->head.method != HTTP_GET && req->head.method != HTTP_HEAD &&
	       req->head.method != HTTP_OPTIONS;
}

static bool is_token(struct slice v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!((v.p[i] >= '0' && v.p[i] <= '9') ||
		      (v.p[i] >= 'a' && v.p[i] <= 'f')))
			return false;
	return v.n == AUTH_TOKEN;
}

bool auth_session(const struct request *req, char id[SHA256_HEX])
{
	struct err e = { .kind = ERR_NONE };
	struct slice v, field = http_head_field(&req->head, SLICE("Cookie"));

	if (cookie_find(field, cookie_name, &v, &e) < 0 || !is_token(v))
		return false;
	sha256_hex(v, id);
	return true;
}

int auth_token(struct arena *a, struct slice *token_r, struct err *e)
{
	unsigned char random[TOKEN_BYTES];
	char hex[AUTH_TOKEN + 1];

	if (platform_random(random, sizeof(random), e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", random[i]);
	*token_r = arena_dup(a, (struct slice){ hex, AUTH_TOKEN });
	return token_r->p == NULL ? err_set(e, ERR_INTERNAL, "out of memory") : 0;
}

/* RFC 6265 section 4.1. Without Max-Age it ends with the browser; on the server sooner.
 */
void auth_cookie(const struct handle_env *env, const struct request *req,
		 struct slice token, struct response *res)
{
	response_field(
		res, "Set-Cookie",
		arena_printf(req->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Lax%s%s",
			     cookie_name.p, (int)token.n, token.n == 0 ? "" : token.p,
			     req->secure || env->cfg->cookie_secure ? "; Secure" : "",
			     token.n == 0 ? "; Max-Age=0" : ""));
}

struct slice auth_next(struct slice given)
{
	bool local = given.n > 0 && given.n <= NEXT && given.p[0] == '/' &&
		     !(given.n > 1 && (given.p[1] == '/' || given.p[1] == '\\'));

	/* A browser drops tabs and line breaks and reads '\' as '/'. */
	for (size_t i = 0; local && i < given.n; i++)
		local = given.p[i] > 0x20 && given.p[i] < 0x7f && given.p[i] != '\\';
	return local ? given : (struct slice){ NULL, 0 };
}

/* Sec-Fetch-Site (W3C Fetch Metadata) where the browser knows it; else Origin, whose host
 * and port must be those that were asked (Fetch section 3.2). Programs send neither. */
bool auth_cross_site(const struct request *req)
{
	struct slice site = http_head_field(&req->head, SLICE("Sec-Fetch-Site"));
	struct slice origin = http_head_field(&req->head, SLICE("Origin"));

	if (site.p != NULL)
		return !slice_eq(site, SLICE("same-origin")) &&
		       !slice_eq(site, SLICE("none"));
	if (origin.p == NULL)
		return false;
	if (slice_starts(origin, SLICE("https://")))
		(void)slice_take(&origin, SLICE("https://").n);
	else if (slice_starts(origin, SLICE("http://")))
		(void)slice_take(&origin, SLICE("http://").n);
	return !slice_eq_nocase(origin, req->head.host);
}

static bool refuse(struct handle_env *env, enum metric why, unsigned status,
		   const char *code, const char *text, struct response *res)
{
	metrics_add(env->metrics, why, 1);
	response_error(res, status, code, "%s", text);
	response_field(res, "Cache-Control", SLICE("no-store"));
	return false;
}

static bool too_often(struct handle_env *env, const struct request *req,
		      struct response *res)
{
	struct slots_shared *shared = slots_shared(env->slots);
	uint64_t key, wait;

	if ((req->route->flags & ROUTE_PASSWORD) == 0 || env->cfg->login_rate == 0)
		return false;
	key = throttle_key(slice_str(req->peer), atomic_load(&shared->seed));
	wait = throttle_try(&shared->logins, key, env->cfg->login_rate, clock_ms());
	if (wait == 0)
		return false;
	wait = (wait + SECOND_MS - 1) / SECOND_MS;
	metrics_add(env->metrics, METRIC_LOGIN_LIMITED, 1);
	response_error(res, 429, "too_many_logins",
		       "too many logins were tried from this address; try again in %u "
		       "seconds",
		       (unsigned)wait);
	response_field(res, "Retry-After",
		       arena_printf(req->arena, "%u", (unsigned)wait));
	return true;
}

/* Once a minute is often enough to know who is still there. */
static void touch(struct handle_env *env, struct request *req, struct slice id)
{
	struct err e = { .kind = ERR_NONE };
	struct stmt_result r;

	if (stmt_run(env->db, STMT_AUTH_TOUCH, &id, 1, req->arena, &r, &e) < 0)
		log_line(LOG_WARNING, "session of %.*s not refreshed: %s",
			 (int)req->user.name.n, req->user.name.p, e.text);
}

/* Fills req->user when a session came and is good. */
static int look_up(struct handle_env *env, struct request *req, struct err *e)
{
	char id[SHA256_HEX];
	struct slice v[3];
	struct stmt_result r;

	if (!auth_session(req, id))
		return 0;
	v[0] = arena_dup(req->arena, slice_str(id));
	v[1] = arena_printf(req->arena, "%u", env->cfg->session_lifetime / SECOND_MS);
	v[2] = arena_printf(req->arena, "%u", env->cfg->session_max / SECOND_MS);
	if (stmt_run(env->db, STMT_AUTH_CHECK, v, 3, req->arena, &r, e) < 0)
		return -1;
	if (r.rows != 1)
		return 0;
	req->user = (struct user){ stmt_value(&r, 0, 0), stmt_value(&r, 0, 1),
				   role_of(stmt_value(&r, 0, 2)) };
	if (slice_eq(stmt_value(&r, 0, 3), SLICE("t")))
		touch(env, req, v[0]);
	return 0;
}

/* "/login?next=" and where the request wanted to go, escaped. */
static void send_to_login(const struct request *req, struct response *res)
{
	static const char hex[] = "0123456789ABCDEF";
	struct slice to = req->head.target;
	char at[3 * NEXT];
	size_t n = 0;

	for (size_t i = 0; i < to.n && i < NEXT; i++) {
		char c = to.p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			     (c >= 'A' && c <= 'Z') || c == '/' || c == '-' || c == '_' ||
			     c == '.' || c == '~';

		if (!plain) {
			at[n++] = '%';
			at[n++] = hex[(unsigned char)c >> 4];
			c = hex[(unsigned char)c & 15];
		}
		at[n++] = c;
	}
	response_body(res, 303, SLICE("text/plain; charset=utf-8"), SLICE("Log in.\n"));
	response_field(
		res, "Location",
		slice_eq(to, SLICE("/")) || auth_next(to).p == NULL
			? SLICE("/login")
			: arena_printf(req->arena, "/login?next=%.*s", (int)n, at));
	response_field(res, "Cache-Control", SLICE("no-store"));
}

static bool forbid(struct handle_env *env, const struct request *req,
		   struct response *res)
{
	const char *needed = role_name(req->route->least);
	struct slice json;

	metrics_add(env->metrics, METRIC_AUTH_ROLE, 1);
	json = arena_printf(req->arena,
			    "{\"error\":\"forbidden\",\"message\":\"This needs the role "
			    "%s; you are logged in as %.*s, %s.\",\"role\":\"%s\"}",
			    needed, (int)req->user.name.n, req->user.name.p,
			    role_name(req->user.role), needed);
	response_json(res, 403, json);
	return false;
}

static bool known_user(struct handle_env *env, struct request *req, bool page,
		       struct response *res)
{
	if (req->user.name.p != NULL)
		return page || req->user.role >= req->route->least ||
		       forbid(env, req, res);
	if (page ||
	    ((req->route->flags & ROUTE_PRINTED) != 0 && request_wants_page(req))) {
		metrics_add(env->metrics, METRIC_AUTH_LOGIN, 1);
		send_to_login(req, res);
		return false;
	}
	(void)refuse(env, METRIC_AUTH_LOGIN, 401, "login_required",
		     "log in first: there is no session, or it has ended", res);
	/* RFC 9110 section 11.6.1 wants a challenge; no browser asks for this one. */
	response_field(res, "WWW-Authenticate",
		       SLICE("Cookie realm=\"waybills\", form-action=\"/login\""));
	return false;
}

bool auth_admit(struct handle_env *env, struct request *req, struct response *res)
{
	const struct route *r = req->route;
	bool page = r->page != NULL && (r->handle == NULL || request_wants_page(req));
	struct err e = { .kind = ERR_NONE };

	if (!env->cfg->auth) {
		if ((r->flags & ROUTE_AUTH) == 0)
			return true;
		response_error(res, 404, "auth_off",
			       "nobody logs in to this server: it runs with auth = off");
		return false;
	}
	if (changes(req) && auth_cross_site(req))
		return refuse(env, METRIC_AUTH_ORIGIN, 403, "cross_site",
			      "this was begun by a page of another site; nothing was "
			      "changed",
			      res);
	if (too_often(env, req, res))
		return false;
	if (r->least == ROLE_ANYONE)
		return true;
	if (look_up(env, req, &e) < 0) {
		log_line(LOG_ERROR, "%s %.*s: %s", r->name, (int)req->id.n, req->id.p,
			 e.text);
		if (page)
			return true;
		handle_failure(env, &e, res);
		return false;
	}
	return known_user(env, req, page, res);
}
