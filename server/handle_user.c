/*
 * Users and the audit log, for administrators.
 */
#include "server/audit.h"
#include "server/check.h"
#include "server/handle.h"
#include "server/log.h"
#include "server/params.h"
#include "server/password.h"

enum { LABEL = 100, PAGE = 100, PAGE_MOST = 1000 };

void handle_user_list(struct handle_env *env, struct request *req, struct response *res)
{
	response_field(res, "Cache-Control", SLICE("no-store"));
	handle_stmt(env, STMT_USER_LIST, NULL, 0, req, res);
}

/* The fields of a change: 0, or -1 with the answer written. */
static int fields(const struct request *req, struct params *p, struct response *res)
{
	return params_read(req, p, res) < 0 ? -1 : params_scalars(p, SLICE(""), res);
}

static bool is_role(struct slice role, struct response *res)
{
	if (role_of(role) != ROLE_UNSET)
		return true;
	response_error(res, 400, "bad_role",
		       "field \"role\" must be scanner, office, supervisor or admin");
	return false;
}

/* The user named in the path; false with the answer written. */
static bool named(const struct request *req, struct slice *user_r, struct response *res)
{
	struct err e = { .kind = ERR_NONE };

	if (password_user(req->segment[0], req->arena, user_r, &e) == 0)
		return true;
	response_failure(res, "bad_username", &e);
	return false;
}

/* The hash of a password that may be one; false with the answer written. */
static bool hashed(const struct request *req, struct slice password, struct slice *hash_r,
		   struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	char hash[PASSWORD_HASH];

	if (password_check(password, &e) == 0 && password_hash(password, hash, &e) == 0) {
		*hash_r = arena_dup(req->arena, slice_str(hash));
		return true;
	}
	if (e.kind != ERR_INPUT)
		log_line(LOG_ERROR, "password %.*s: %s", (int)req->id.n, req->id.p,
			 e.text);
	response_failure(res, "bad_password", &e);
	return false;
}

void handle_user_add(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct slice v[3 + AUDIT_ACTOR];
	struct params p;

	if (fields(req, &p, res) < 0)
		return;
	if (password_user(params_get(&p, SLICE("username")), req->arena, &v[0], &e) < 0) {
		response_failure(res, "bad_username", &e);
		return;
	}
	v[2] = params_get(&p, SLICE("role"));
	if (!is_role(v[2], res) ||
	    !hashed(req, params_get(&p, SLICE("password")), &v[1], res))
		return;
	audit_actor(req, v + 3);
	handle_stmt(env, STMT_USER_ADD, v, 3 + AUDIT_ACTOR, req, res);
}

void handle_user_password(struct handle_env *env, struct request *req,
			  struct response *res)
{
	struct slice v[3 + AUDIT_ACTOR];
	struct params p;

	if (fields(req, &p, res) < 0 || !named(req, &v[0], res) ||
	    !hashed(req, params_get(&p, SLICE("password")), &v[1], res))
		return;
	v[2] = (struct slice){ NULL, 0 };
	audit_actor(req, v + 3);
	handle_stmt(env, STMT_USER_PASSWORD, v, 3 + AUDIT_ACTOR, req, res);
}

void handle_user_role(struct handle_env *env, struct request *req, struct response *res)
{
	struct slice v[2 + AUDIT_ACTOR];
	struct params p;

	if (fields(req, &p, res) < 0 || !named(req, &v[0], res))
		return;
	v[1] = params_get(&p, SLICE("role"));
	if (!is_role(v[1], res))
		return;
	audit_actor(req, v + 2);
	handle_stmt(env, STMT_USER_ROLE, v, 2 + AUDIT_ACTOR, req, res);
}

static void able(struct handle_env *env, struct request *req, struct slice what,
		 struct response *res)
{
	struct slice v[2 + AUDIT_ACTOR];

	if (!named(req, &v[0], res))
		return;
	v[1] = what;
	audit_actor(req, v + 2);
	handle_stmt(env, STMT_USER_ABLE, v, 2 + AUDIT_ACTOR, req, res);
}

void handle_user_disable(struct handle_env *env, struct request *req,
			 struct response *res)
{
	able(env, req, SLICE("disable"), res);
}

void handle_user_enable(struct handle_env *env, struct request *req, struct response *res)
{
	able(env, req, SLICE("enable"), res);
}

/* The parameters of sql/query/audit_list.sql. */
enum { USER, ACTION, FROM, TO, CURSOR, LIMIT, PARAMS };

static int filter(const struct request *req, struct slice v[PARAMS], struct err *e)
{
	static const struct slice names[PARAMS] = {
		SLICE_INIT("user"), SLICE_INIT("action"), SLICE_INIT("from"),
		SLICE_INIT("to"),   SLICE_INIT("cursor"), SLICE_INIT("limit")
	};

	for (size_t i = 0; i < PARAMS; i++) {
		if (request_query(req, names[i], &v[i], e) < 0)
			return -1;
		if (v[i].n == 0) /* a form's empty field */
			v[i].p = NULL;
	}
	if (check_label("user", v[USER], LABEL, e) < 0 ||
	    check_label("action", v[ACTION], LABEL, e) < 0 ||
	    check_time("from", v[FROM], e) < 0 || check_time("to", v[TO], e) < 0 ||
	    check_id("cursor", v[CURSOR], e) < 0 || check_id("limit", v[LIMIT], e) < 0)
		return -1;
	return 0;
}

void handle_audit(struct handle_env *env, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct slice v[PARAMS];
	uint64_t limit = PAGE;

	response_field(res, "Cache-Control", SLICE("no-store"));
	if (filter(req, v, &e) < 0) {
		response_failure(res, "bad_field", &e);
		return;
	}
	if (v[LIMIT].p != NULL) {
		limit = 0;
		for (size_t i = 0; i < v[LIMIT].n; i++) /* 18 digits at most */
			limit = limit * 10 + (uint64_t)(v[LIMIT].p[i] - '0');
	}
	if (limit < 1 || limit > PAGE_MOST) {
		response_error(res, 400, "bad_field", "field \"limit\" must be 1 to %d",
			       PAGE_MOST);
		return;
	}
	v[LIMIT] = arena_printf(req->arena, "%u", (unsigned)limit);
	handle_stmt_read(env, STMT_AUDIT_LIST, v, PARAMS, req, res);
}
