/*
 * Cookies as they come. Ignorant of what they are good for, and of how they are set.
 */
#include "parse/cookie.h"

#include "parse/http_byte.h"

/* cookie-octet = %x21 / %x23-2B / %x2D-3A / %x3C-5B / %x5D-7E
 *	; US-ASCII characters excluding CTLs, whitespace, DQUOTE, comma, semicolon, and
 *	  backslash (RFC 6265 section 4.1.1) */
static bool is_octet(char byte)
{
	unsigned char c = (unsigned char)byte;

	return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

/* cookie-value = *cookie-octet / ( DQUOTE *cookie-octet DQUOTE ) */
static bool take_value(struct slice *v)
{
	if (v->n >= 2 && v->p[0] == '"' && v->p[v->n - 1] == '"') {
		(void)slice_take(v, 1);
		v->n--;
	}
	for (size_t i = 0; i < v->n; i++)
		if (!is_octet(v->p[i]))
			return false;
	return true;
}

/* cookie-string = cookie-pair *( ";" SP cookie-pair ); cookie-pair = cookie-name "="
 * cookie-value; cookie-name = token (section 4.2.1) */
static bool take_pair(struct slice pair, struct slice *name_r, struct slice *value_r)
{
	if (slice_find(pair, '=') == NULL)
		return false;
	*name_r = slice_split(&pair, '=');
	*value_r = pair;
	return http_byte_token(*name_r) && take_value(value_r);
}

bool cookie_next(struct slice *rest, struct slice *name_r, struct slice *value_r)
{
	while (rest->n > 0) {
		struct slice pair = slice_split(rest, ';');

		if (rest->n > 0 && rest->p[0] == ' ')
			(void)slice_take(rest, 1);
		if (take_pair(pair, name_r, value_r))
			return true;
	}
	return false;
}

int cookie_find(struct slice field, struct slice name, struct slice *value_r,
		struct err *e)
{
	struct slice n, v;

	*value_r = (struct slice){ NULL, 0 };
	for (int i = 0; i < COOKIE_PAIRS && cookie_next(&field, &n, &v); i++) {
		if (!slice_eq(n, name))
			continue;
		if (value_r->p != NULL && !slice_eq(*value_r, v))
			return err_set(e, ERR_INPUT, "cookie \"%.*s\" is given twice",
				       (int)(name.n < 64 ? name.n : 64), name.p);
		*value_r = v;
	}
	return 0;
}
