/*
 * Passwords. Ignorant of users, sessions and where hashes are kept.
 */
#include "server/password.h"

#include "parse/utf8.h"
#include "server/platform.h"
#include "server/role.h"

#include <errno.h>
#include <string.h>

int password_check(struct slice password, struct err *e)
{
	if (password.n < PASSWORD_LEAST || password.n > PASSWORD_MOST)
		return err_set(e, ERR_INPUT, "a password has %d to %d characters",
			       PASSWORD_LEAST, PASSWORD_MOST);
	if (!utf8_valid(password))
		return err_set(e, ERR_INPUT, "the password is not valid UTF-8");
	for (size_t i = 0; i < password.n; i++)
		if ((unsigned char)password.p[i] < 0x20 || password.p[i] == 0x7f)
			return err_set(e, ERR_INPUT,
				       "the password holds a control character");
	return 0;
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
	       c == '@' || c == '-';
}

int password_user(struct slice name, struct arena *a, struct slice *user_r, struct err *e)
{
	bool good = name.n > 0 && name.n <= USER_NAME;
	char lower[USER_NAME];

	for (size_t i = 0; good && i < name.n; i++) {
		lower[i] = slice_lower(name.p[i]);
		good = is_name(lower[i]);
	}
	if (!good)
		return err_set(e, ERR_INPUT,
			       "a user's name has 1 to %d letters (a to z), digits and "
			       ". _ @ -",
			       USER_NAME);
	*user_r = arena_dup(a, (struct slice){ lower, name.n });
	return user_r->p == NULL ? err_set(e, ERR_INTERNAL, "out of memory") : 0;
}

bool password_equal(const char *a, const char *b)
{
	size_t n = strlen(a);
	volatile unsigned char differ = 0;

	/* Their lengths are those of a method's hashes, which is no secret. */
	if (strlen(b) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		differ = (unsigned char)(differ |
					 ((unsigned char)a[i] ^ (unsigned char)b[i]));
	return differ == 0;
}

/* crypt() of a copy with an end. */
static int hash_with(struct slice password, const char *setting, char hash[PASSWORD_HASH],
		     struct err *e)
{
	char text[PASSWORD_MOST + 1];
	const char *made;

	if (password.n > PASSWORD_MOST)
		return err_set(e, ERR_INTERNAL, "the password was not checked");
	if (password.n > 0)
		memcpy(text, password.p, password.n);
	text[password.n] = '\0';
	made = platform_crypt(text, setting);
	memset(text, 0, sizeof(text));
	/* A failure is NULL, or a text that begins with '*'. */
	if (made == NULL || made[0] == '*' || strlen(made) >= PASSWORD_HASH)
		return err_set(e, ERR_INTERNAL, "crypt failed: %s", strerror(errno));
	(void)snprintf(hash, PASSWORD_HASH, "%s", made);
	return 0;
}

int password_hash(struct slice password, char hash[PASSWORD_HASH], struct err *e)
{
	char setting[PLATFORM_SALT];

	if (platform_salt(setting, e) < 0)
		return -1;
	return hash_with(password, setting, hash, e);
}

int password_fits(struct slice password, struct slice hash, bool *fits_r, struct err *e)
{
	char kept[PASSWORD_HASH], made[PASSWORD_HASH] = "";

	*fits_r = false;
	if (password.n > PASSWORD_MOST || slice_find(password, '\0') != NULL)
		return 0;
	if (hash.p == NULL || hash.n >= PASSWORD_HASH)
		return password_hash(password, made, e);
	memcpy(kept, hash.p, hash.n);
	kept[hash.n] = '\0';
	if (hash_with(password, kept, made, e) < 0)
		return -1;
	*fits_r = password_equal(kept, made);
	return 0;
}
