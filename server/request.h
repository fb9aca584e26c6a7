/*
 * One request as a handler sees it: never a socket.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include "parse/arena.h"
#include "parse/http_framing.h"
#include "parse/http_head.h"
#include "parse/url.h"
#include "server/body.h"
#include "server/role.h"

enum { REQUEST_SEGMENTS = 4 };

struct route;

struct request {
	struct arena *arena;   /* emptied when the answer is sent */
	struct http_head head; /* views into the arena */
	struct http_framing framing;
	struct url url;
	struct body body;
	const struct route *route;              /* NULL when none fits */
	struct slice segment[REQUEST_SEGMENTS]; /* what the route's {} stand for */
	struct slice id;                        /* X-Request-Id: taken over or made */
	struct user user;                       /* who asks; name.p NULL: nobody known */
	const char *peer;                       /* the client's address */
	bool secure;                            /* it came to a trusted proxy by https */
	uint64_t started_us;
};

/* Copies the head's views into the arena, so that the connection's buffer may move. */
int request_adopt(struct request *r, const struct http_head *h, struct arena *a,
		  struct err *e) MUST_CHECK;
/* Ids that no other request of this host has. */
struct request_ids {
	char start[40]; /* when this process began and which it is */
	size_t n;       /* bytes of it */
	uint64_t count;
};

void request_ids_init(struct request_ids *ids);
/* The next one, in the arena. */
struct slice request_id_new(struct request_ids *ids, struct arena *a);
/* Sets r->id: the client's X-Request-Id when it is 1 to 64 harmless characters. */
void request_identify(struct request *r, struct request_ids *ids);
/* The media type of the body, without parameters: "application/json". */
struct slice request_media_type(const struct request *r);
/* GET or HEAD by someone who prefers a page to data. */
bool request_wants_page(const struct request *r);
/* Somebody who would rather have JSON than a page. */
bool request_wants_data(const struct request *r);
/* Whose a deed is: the user's who logged in; else, nobody being asked to, what the
 * request itself says. */
struct slice request_actor(const struct request *r, struct slice given);
/* A query parameter, decoded into the arena; p NULL when it is not there. ERR_INPUT. */
int request_query(const struct request *r, struct slice name, struct slice *value_r,
		  struct err *e) MUST_CHECK;

#endif
