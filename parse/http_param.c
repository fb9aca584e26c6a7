/*
 * Parameters by their grammar. Ignorant of what they mean and of what a backslash in a
 * quoted value stands for: browsers and RFC 9110 differ about it.
 */
#include "parse/http_param.h"

#include "parse/http_byte.h"

static void white_space_skip(struct slice *s)
{
	while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
		(void)slice_take(s, 1);
}

static struct slice token_take(struct slice *s)
{
	size_t n = 0;

	while (n < s->n && http_byte_is(s->p[n], HTTP_TCHAR))
		n++;
	return slice_take(s, n);
}

/* quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE (RFC 9110 section 5.6.4) */
static int quoted_take(struct slice *s, struct slice *value_r, struct err *e)
{
	size_t n = 1;

	while (n < s->n && s->p[n] != '"') {
		if (s->p[n] == '\\')
			n++;
		if (n < s->n && !http_byte_is(s->p[n], HTTP_VALUE))
			return err_set(e, ERR_INPUT, "byte 0x%02x in a quoted string",
				       (unsigned char)s->p[n]);
		n++;
	}
	if (n >= s->n)
		return err_set(e, ERR_INPUT, "a quoted string has no end");
	*value_r = slice_from(slice_take(s, n), 1);
	(void)slice_take(s, 1);
	return 0;
}

/* parameter = parameter-name "=" parameter-value; value = token / quoted-string */
int http_param_next(struct slice *rest, struct slice *name_r, struct slice *value_r,
		    struct err *e)
{
	white_space_skip(rest);
	if (rest->n == 0)
		return PARSE_DONE;
	if (*slice_take(rest, 1).p != ';')
		return err_set(e, ERR_INPUT, "no semicolon before a parameter");
	white_space_skip(rest);
	*name_r = token_take(rest);
	if (name_r->n == 0 || rest->n == 0 || rest->p[0] != '=')
		return err_set(e, ERR_INPUT, "a parameter is not name=value");
	(void)slice_take(rest, 1);
	if (rest->n > 0 && rest->p[0] == '"')
		return quoted_take(rest, value_r, e) < 0 ? -1 : PARSE_MORE;
	*value_r = token_take(rest);
	if (value_r->n == 0)
		return err_set(e, ERR_INPUT, "the parameter \"%.*s\" has no value",
			       (int)(name_r->n < 40 ? name_r->n : 40), name_r->p);
	return PARSE_MORE;
}
