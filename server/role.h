/*
 * What people may do. Each role may do what those before it may.
 */
#ifndef SERVER_ROLE_H
#define SERVER_ROLE_H

#include "parse/slice.h"

enum role {
	ROLE_UNSET,  /* nobody decided: no route may have it */
	ROLE_ANYONE, /* who has not logged in, too */
	ROLE_SCANNER,
	ROLE_OFFICE,
	ROLE_SUPERVISOR,
	ROLE_ADMIN
};

/* "scanner" and so on; "anyone" for the first two. */
const char *role_name(enum role role);
/* ROLE_UNSET for what is no role of a person. */
enum role role_of(struct slice name);

/* Who asks, as the session says. */
struct user {
	struct slice id;   /* users.id, in digits; p NULL: nobody logged in */
	struct slice name; /* lower case letters, digits and . _ @ - */
	enum role role;
};

enum { USER_NAME = 64, PASSWORD_LEAST = 8, PASSWORD_MOST = 200 };

#endif
