/*
 * From a request's head to its answer: which route, what body it may have, who does
 * it. Between conn, which knows bytes, and the handlers, which know meaning.
 */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "server/handle.h"

/*
 * Decide about a request whose head was read: what it is for (framing, url and route are
 * filled here); then whose it is, which may wait for the database, and whether its body
 * shall be received (body_init() was done). Both return true to go on, false when res is
 * already the answer, for which res->close is set if a body would follow.
 */
bool serve_head(struct request *req, struct response *res);
bool serve_admit(struct handle_env *env, struct request *req, struct response *res);
/* Whether the route's handler must run in a task. */
bool serve_in_task(const struct request *req);
/* Runs the handler of a whole request; res is filled. */
void serve_request(struct handle_env *env, struct request *req, struct response *res);
/* The same for n requests (SCANS_TOGETHER at most) of routes with ROUTE_TOGETHER. */
void serve_together(struct handle_env *env, struct request *const req[],
		    struct response *const res[], size_t n);
/* The answer when no head could be read. */
void serve_bad_head(unsigned status, const struct err *e, struct response *res);

#endif
