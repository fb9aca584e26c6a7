/*
 * Passwords: how they are kept and compared, and what may be one. crypt(3) of the
 * system does the work, with the method that it holds to be the best (yescrypt where
 * there is crypt_gensalt(), else SHA-512), so a hash takes some 20 to 100 ms on purpose:
 * for tasks and the administrator's tool, never for a worker's loop.
 */
#ifndef SERVER_PASSWORD_H
#define SERVER_PASSWORD_H

#include "parse/arena.h"
#include "parse/err.h"

enum { PASSWORD_HASH = 256 };

/* PASSWORD_LEAST to PASSWORD_MOST bytes of UTF-8 without control characters: ERR_INPUT.
 */
int password_check(struct slice password, struct err *e) MUST_CHECK;
/* 1 to USER_NAME letters, digits and . _ @ -, as a name in lower case in the arena:
 * ERR_INPUT. */
int password_user(struct slice name, struct arena *a, struct slice *user_r,
		  struct err *e) MUST_CHECK;
/* A hash with a salt of its own. ERR_INTERNAL. The password must have passed
 * password_check(). */
int password_hash(struct slice password, char hash[PASSWORD_HASH],
		  struct err *e) MUST_CHECK;
/* Whether the password has that hash. With p NULL (there is no such user) it never has,
 * and finding out takes as long. ERR_INTERNAL when that cannot be told. */
int password_fits(struct slice password, struct slice hash, bool *fits_r,
		  struct err *e) MUST_CHECK;
/* Whether two texts are equal, in a time that does not tell where they differ. */
bool password_equal(const char *a, const char *b);

#endif
