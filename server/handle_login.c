/*
 * Logging in and out, and one's own password. A password's hash takes 20 to 100 ms of a
 * processor on purpose: in a worker all its other connections would wait that long, a
 * scan among them, so these run in tasks (ROUTE_QUICK: with places that uploads cannot
 * take).
 */
#include "server/audit.h"
#include "server/auth.h"
#include "server/handle.h"
#include "server/log.h"
#include "server/params.h"
#include "server/password.h"

#include "parse/http_accept.h"
#include "parse/json_write.h"

/* One person at the door. */
struct login {
	struct slice user, password, next;
	struct slice id, hash; /* p NULL: nobody may log in by that name */
	const char *why;       /* it fails */
};

static void trouble(struct handle_env *env, const struct request *req,
		    const struct err *e, struct response *res)
{
	log_line(LOG_ERROR, "login %.*s: %s", (int)req->id.n, req->id.p, e->text);
	handle_failure(env, e, res);
}

/* Somebody's browser, without scripts. */
static bool from_form(const struct request *req)
{
	return http_accept_html(http_head_field(&req->head, SLICE("Accept")));
}

static int look_up(struct handle_env *env, struct request *req, struct login *l,
		   struct err *e)
{
	struct stmt_result r;

	l->why = "no such user";
	if (stmt_run(env->db, STMT_LOGIN_USER, &l->user, 1, req->arena, &r, e) < 0)
		return -1;
	if (r.rows != 1) {
		/* Not in any log: it may be a password in the wrong field. */
		l->user = SLICE("?");
		return 0;
	}
	l->why = "disabled";
	if (slice_eq(stmt_value(&r, 0, 2), SLICE("t")))
		return 0;
	l->why = "wrong password";
	l->id = stmt_value(&r, 0, 0);
	l->hash = stmt_value(&r, 0, 1);
	return 0;
}

static void fail(struct handle_env *env, struct request *req, const struct login *l,
		 struct response *res)
{
	struct slice v[4] = { l->user, slice_str(l->why), slice_str(req->peer), req->id };
	struct err e = { .kind = ERR_NONE };
	struct stmt_result r;

	metrics_add(env->metrics, METRIC_LOGIN_FAILED, 1);
	log_line(LOG_WARNING, "login of %.*s from %s failed: %s", (int)l->user.n,
		 l->user.p, req->peer, l->why);
	if (stmt_run(env->db, STMT_LOGIN_FAILED, v, 4, req->arena, &r, &e) < 0) {
		trouble(env, req, &e, res);
		return;
	}
	response_error(res, 401, "wrong_login", "the user name or the password is wrong");
	response_field(res, "WWW-Authenticate",
		       SLICE("Cookie realm=\"waybills\", form-action=\"/login\""));
}

/* Where a person's work begins. */
static struct slice home_of(enum role role)
{
	return role == ROLE_SCANNER  ? SLICE("/scan")
	       : role == ROLE_OFFICE ? SLICE("/upload")
				     : SLICE("/");
}

static void welcome(struct handle_env *env, const struct request *req,
		    const struct login *l, enum role role, struct slice token,
		    struct response *res)
{
	struct slice next = auth_next(l->next);
	struct err e = { .kind = ERR_NONE };
	struct buf b;

	if (next.p == NULL)
		next = home_of(role);
	metrics_add(env->metrics, METRIC_LOGIN_OK, 1);
	auth_cookie(env, req, token, res);
	if (from_form(req)) {
		response_body(res, 303, SLICE("text/plain; charset=utf-8"),
			      SLICE("Welcome.\n"));
		response_field(res, "Location", next);
		return;
	}
	buf_init(&b, 8192);
	if (buf_printf(&b, &e, "{\"username\":\"%.*s\",\"role\":\"%s\",\"next\":",
		       (int)l->user.n, l->user.p, role_name(role)) == 0 &&
	    json_write_string(&b, next, &e) == 0 && buf_byte(&b, '}', &e) == 0)
		response_json(res, 200, arena_dup(req->arena, buf_slice(&b)));
	else
		trouble(env, req, &e, res);
	buf_release(&b);
}

static void begin(struct handle_env *env, struct request *req, struct login *l,
		  struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	char id[SHA256_HEX], old[SHA256_HEX];
	struct slice token, v[8];
	struct stmt_result r;

	if (auth_token(req->arena, &token, &e) < 0) {
		trouble(env, req, &e, res);
		return;
	}
	sha256_hex(token, id);
	v[0] = l->id;
	v[1] = l->hash;
	v[2] = slice_str(id);
	v[3] = http_head_field(&req->head, SLICE("User-Agent"));
	v[4] = slice_str(req->peer);
	v[5] = req->id;
	v[6] = arena_printf(req->arena, "%u", env->cfg->session_lifetime / 1000);
	v[7] = auth_session(req, old) ? slice_str(old) : (struct slice){ NULL, 0 };
	if (stmt_run(env->db, STMT_LOGIN_BEGIN, v, 8, req->arena, &r, &e) < 0) {
		trouble(env, req, &e, res);
		return;
	}
	l->why = "changed meanwhile";
	if (r.rows == 1 && slice_eq(stmt_value(&r, 0, 0), SLICE("200")))
		welcome(env, req, l, role_of(stmt_value(&r, 0, 2)), token, res);
	else
		fail(env, req, l, res);
}

void handle_login(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct login l = { .why = "no name" };
	struct params p;
	bool fits;

	response_field(res, "Cache-Control", SLICE("no-store"));
	if (params_read(req, &p, res) < 0 || params_scalars(&p, SLICE(""), res) < 0)
		return;
	l.password = params_get(&p, SLICE("password"));
	l.next = params_get(&p, SLICE("next"));
	/* What cannot be a name is nobody's, and costs as long. */
	if (password_user(params_get(&p, SLICE("username")), req->arena, &l.user, &e) < 0)
		l.user = SLICE("?");
	e = (struct err){ .kind = ERR_NONE };
	if (look_up(env, req, &l, &e) < 0 ||
	    password_fits(l.password, l.hash, &fits, &e) < 0)
		trouble(env, req, &e, res);
	else if (!fits)
		fail(env, req, &l, res);
	else
		begin(env, req, &l, res);
}

void handle_logout(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	char id[SHA256_HEX];
	struct stmt_result r;

	response_field(res, "Cache-Control", SLICE("no-store"));
	if (auth_session(req, id)) {
		struct slice v[3] = { slice_str(id), slice_str(req->peer), req->id };

		if (stmt_run(env->db, STMT_LOGOUT, v, 3, req->arena, &r, &e) < 0) {
			trouble(env, req, &e, res);
			return;
		}
	}
	auth_cookie(env, req, SLICE(""), res);
	if (from_form(req)) {
		response_body(res, 303, SLICE("text/plain; charset=utf-8"),
			      SLICE("Good bye.\n"));
		response_field(res, "Location", SLICE("/login"));
	} else {
		response_json(res, 200, SLICE("{\"logged_in\":false}"));
	}
}

void handle_me(struct handle_env *env, struct request *req, struct response *res)
{
	response_field(res, "Cache-Control", SLICE("no-store"));
	if (!env->cfg->auth)
		response_json(res, 200, SLICE("{\"auth\":false}"));
	else
		response_json(
			res, 200,
			arena_printf(req->arena,
				     "{\"auth\":true,\"username\":\"%.*s\",\"role\":"
				     "\"%s\"}",
				     (int)req->user.name.n, req->user.name.p,
				     role_name(req->user.role)));
}

/* Who changes a password proves the old one: a station left open is not enough. */
static void change(struct handle_env *env, struct request *req, const struct login *l,
		   struct slice fresh, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	char hash[PASSWORD_HASH];
	struct slice v[3 + AUDIT_ACTOR];

	if (password_hash(fresh, hash, &e) < 0) {
		trouble(env, req, &e, res);
		return;
	}
	v[0] = l->user;
	v[1] = slice_str(hash);
	v[2] = l->hash;
	audit_actor(req, v + 3);
	handle_stmt(env, STMT_USER_PASSWORD, v, 3 + AUDIT_ACTOR, req, res);
}

void handle_me_password(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct login l = { .user = req->user.name };
	struct slice fresh;
	struct params p;
	bool fits;

	if (params_read(req, &p, res) < 0 || params_scalars(&p, SLICE(""), res) < 0)
		return;
	l.password = params_get(&p, SLICE("password"));
	fresh = params_get(&p, SLICE("new_password"));
	if (password_check(fresh, &e) < 0)
		response_failure(res, "bad_password", &e);
	else if (look_up(env, req, &l, &e) < 0 ||
		 password_fits(l.password, l.hash, &fits, &e) < 0)
		trouble(env, req, &e, res);
	else if (!fits)
		fail(env, req, &l, res);
	else
		change(env, req, &l, fresh, res);
}
