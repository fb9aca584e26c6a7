/*
 * Who asks, and whether they may: sessions in the database (any host serves any request),
 * roles by route, and no deeds begun by other sites' pages.
 *
 * A session is a cookie with 256 random bits; the database knows its SHA-256 only, so a
 * stolen table opens no session. Each request looks it up, in one round trip: logging
 * out, disabling a user, a new role or password take effect with the next request on
 * every host, and there is no cache that could be wrong.
 */
#ifndef SERVER_AUTH_H
#define SERVER_AUTH_H

#include "parse/sha256.h"
#include "server/handle.h"

enum { AUTH_TOKEN = 64 }; /* digits of a cookie's value */

/*
 * Decides about a request whose route is known, before its body is read, and fills
 * req->user. True when it may go on. Else res is the answer: 303 to /login for a page,
 * 401 login_required, 403 forbidden or cross_site, 404 auth_off, 429 too_many_logins, 503
 * when the session cannot be looked up. A page without data is served even then, as it
 * is with auth = off: what it shows it must ask for.
 */
bool auth_admit(struct handle_env *env, struct request *req, struct response *res);

/* The session's id, as the database has it, of the cookie that came; false when none did
 * that could be one. */
bool auth_session(const struct request *req, char id[SHA256_HEX]);
/* A fresh token, in the arena. */
int auth_token(struct arena *a, struct slice *token_r, struct err *e) MUST_CHECK;
/* Sets the cookie, or with an empty token takes it away. */
void auth_cookie(const struct handle_env *env, const struct request *req,
		 struct slice token, struct response *res);
/* A page of this server that one may be sent to: what was given when it is a path with
 * nothing in it that a browser takes for another host; else p NULL. */
struct slice auth_next(struct slice given);
/* Whether Origin or Sec-Fetch-Site say that another site's page began the request. */
bool auth_cross_site(const struct request *req);

#endif
