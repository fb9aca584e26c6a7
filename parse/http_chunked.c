/*
 * Chunked bodies, byte by byte but for the data. Ignorant of how large a body may be:
 * the caller counts what is handed out.
 */
#include "parse/http_chunked.h"

#include "parse/http_byte.h"

enum {
	NEXT_SIZE,       /* chunk-size = 1*HEXDIG */
	NEXT_SEMICOLON,  /* behind BWS that followed the size or a value */
	NEXT_NAME_BWS,   /* behind ";" */
	NEXT_NAME,       /* chunk-ext-name = token */
	NEXT_EQUALS,     /* behind BWS that followed a name */
	NEXT_VAL_BWS,    /* behind "=" */
	NEXT_VAL,        /* chunk-ext-val = token / quoted-string */
	NEXT_QUOTED,     /* inside a quoted-string */
	NEXT_ESCAPED,    /* behind its backslash */
	NEXT_VAL_END,    /* behind its closing quote */
	NEXT_SIZE_LF,    /* behind the CR of the size's line */
	NEXT_DATA,       /* chunk-data, then */
	NEXT_DATA_CR,    /* CRLF */
	NEXT_DATA_LF,    /* */
	NEXT_TRAILER,    /* a trailer's line, or the last CRLF */
	NEXT_FIELD_NAME, /* RFC 9110 section 6.5: as in the head */
	NEXT_FIELD_VALUE,
	NEXT_FIELD_LF,
	NEXT_END_LF,
	NEXT_NOTHING
};

static int refuse(unsigned char c, struct err *e, const char *where)
{
	return err_set(e, ERR_INPUT, "byte 0x%02x %s", c, where);
}

/* What may stand behind an element of the size's line: more extensions, BWS, CR. */
static int size_goes_on(struct http_chunked *c, char byte, unsigned behind_bws,
			struct err *e)
{
	if (byte == '\r')
		c->state = NEXT_SIZE_LF;
	else if (byte == ';')
		c->state = NEXT_NAME_BWS;
	else if (byte == ' ' || byte == '\t')
		c->state = behind_bws;
	else
		return refuse((unsigned char)byte, e, "in a chunk's size or extension");
	return 0;
}

static int size_digit(struct http_chunked *c, char byte, struct err *e)
{
	int digit = http_byte_hex(byte);

	if (digit < 0 && c->digits == 0)
		return refuse((unsigned char)byte, e,
			      "where a chunk's size should begin");
	if (digit < 0)
		return size_goes_on(c, byte, NEXT_SEMICOLON, e);
	if (++c->digits > HTTP_CHUNKED_DIGITS)
		return err_set(e, ERR_LIMIT, "a chunk's size has more than %d digits",
			       HTTP_CHUNKED_DIGITS);
	c->left = c->left * 16 + (unsigned)digit;
	return 0;
}

/* chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
 * (RFC 9112 section 7.1.1) */
static int extension(struct http_chunked *c, char byte, struct err *e)
{
	bool bws = byte == ' ' || byte == '\t';
	bool token = http_byte_is(byte, HTTP_TCHAR);

	switch (c->state) {
	case NEXT_SEMICOLON:
	case NEXT_EQUALS:
		if (bws)
			return 0;
		if (byte == ';')
			c->state = NEXT_NAME_BWS;
		else if (byte == '=' && c->state == NEXT_EQUALS)
			c->state = NEXT_VAL_BWS;
		else
			break;
		return 0;
	case NEXT_NAME_BWS:
		if (!bws && !token)
			break;
		c->state = bws ? NEXT_NAME_BWS : NEXT_NAME;
		return 0;
	case NEXT_NAME:
		if (token)
			return 0;
		if (byte != '=')
			return size_goes_on(c, byte, NEXT_EQUALS, e);
		c->state = NEXT_VAL_BWS;
		return 0;
	case NEXT_VAL_BWS:
		if (!bws && !token && byte != '"')
			break;
		if (!bws)
			c->state = token ? NEXT_VAL : NEXT_QUOTED;
		return 0;
	case NEXT_VAL:
		return token ? 0 : size_goes_on(c, byte, NEXT_SEMICOLON, e);
	case NEXT_QUOTED:
		if (byte == '"')
			c->state = NEXT_VAL_END;
		else if (byte == '\\')
			c->state = NEXT_ESCAPED;
		else if (!http_byte_is(byte, HTTP_VALUE))
			break;
		return 0;
	case NEXT_ESCAPED:
		if (!http_byte_is(byte, HTTP_VALUE))
			break;
		c->state = NEXT_QUOTED;
		return 0;
	default:
		return size_goes_on(c, byte, NEXT_SEMICOLON, e);
	}
	return refuse((unsigned char)byte, e, "in a chunk's extension");
}

/* trailer-section = *( field-line CRLF ) (RFC 9112 section 7.1.2) */
static int trailer(struct http_chunked *c, char byte, struct err *e)
{
	switch (c->state) {
	case NEXT_TRAILER:
		if (byte == '\r')
			c->state = NEXT_END_LF;
		else if (http_byte_is(byte, HTTP_TCHAR))
			c->state = NEXT_FIELD_NAME;
		else
			break;
		return 0;
	case NEXT_FIELD_NAME:
		if (byte == ':')
			c->state = NEXT_FIELD_VALUE;
		else if (!http_byte_is(byte, HTTP_TCHAR))
			break;
		return 0;
	default:
		if (byte == '\r')
			c->state = NEXT_FIELD_LF;
		else if (!http_byte_is(byte, HTTP_VALUE))
			break;
		return 0;
	}
	return refuse((unsigned char)byte, e, "in a trailer");
}

static int line_feed(struct http_chunked *c, char byte, unsigned next, struct err *e)
{
	if (byte != '\n')
		return refuse((unsigned char)byte, e, "behind a CR: not a line feed");
	c->state = next;
	return 0;
}

/* One byte of anything but data. */
static int step(struct http_chunked *c, char byte, struct err *e)
{
	switch (c->state) {
	case NEXT_SIZE:
		return size_digit(c, byte, e);
	case NEXT_SIZE_LF:
		/* last-chunk = 1*("0") [ chunk-ext ] CRLF */
		c->digits = 0;
		return line_feed(c, byte, c->left > 0 ? NEXT_DATA : NEXT_TRAILER, e);
	case NEXT_DATA_CR:
		if (byte != '\r')
			return refuse((unsigned char)byte, e, "behind a chunk's data");
		c->state = NEXT_DATA_LF;
		return 0;
	case NEXT_DATA_LF:
		return line_feed(c, byte, NEXT_SIZE, e);
	case NEXT_FIELD_LF:
		return line_feed(c, byte, NEXT_TRAILER, e);
	case NEXT_END_LF:
		return line_feed(c, byte, NEXT_NOTHING, e);
	default:
		break;
	}
	if (++c->overhead > HTTP_CHUNKED_OVERHEAD)
		return err_set(e, ERR_LIMIT,
			       "more than %d bytes of chunk extensions and trailers",
			       HTTP_CHUNKED_OVERHEAD);
	return c->state < NEXT_SIZE_LF ? extension(c, byte, e) : trailer(c, byte, e);
}

uint64_t http_chunked_left(const struct http_chunked *c)
{
	return c->state == NEXT_DATA ? c->left : 0;
}

int http_chunked_feed(struct http_chunked *c, struct slice *in, struct slice *data_r,
		      struct err *e)
{
	*data_r = (struct slice){ in->p, 0 };
	while (c->state != NEXT_NOTHING && in->n > 0) {
		if (c->state == NEXT_DATA) {
			*data_r =
				slice_take(in, c->left < in->n ? (size_t)c->left : in->n);
			c->left -= data_r->n;
			if (c->left == 0)
				c->state = NEXT_DATA_CR;
			return PARSE_MORE;
		}
		if (step(c, *slice_take(in, 1).p, e) < 0)
			return -1;
	}
	return c->state == NEXT_NOTHING ? PARSE_DONE : PARSE_MORE;
}
