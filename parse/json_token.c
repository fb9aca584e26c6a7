/*
 * JSON texts, token by token. Ignorant of what the members mean and of repeated names:
 * the caller decides about both.
 */
#include "parse/json_token.h"

#include "parse/http_byte.h"
#include "parse/utf8.h"

/* What may come next. */
enum {
	NEXT_VALUE,
	NEXT_VALUE_OR_END, /* behind "[" */
	NEXT_KEY,          /* behind a comma in an object */
	NEXT_KEY_OR_END,   /* behind "{" */
	NEXT_COMMA_OR_END, /* behind a value in an array or object */
	NEXT_NOTHING       /* behind the outermost value */
};

static int refuse(const struct json *j, enum err_kind kind, struct err *e,
		  const char *what)
{
	return err_set(e, kind, "JSON, byte %zu: %s", j->all.n - j->rest.n, what);
}

void json_init(struct json *j, struct slice text, struct arena *a)
{
	*j = (struct json){ .all = text, .rest = text, .arena = a, .state = NEXT_VALUE };
}

/* ws = *( %x20 / %x09 / %x0A / %x0D ) (RFC 8259 section 2) */
static void white_space_skip(struct json *j)
{
	while (j->rest.n > 0 && (j->rest.p[0] == ' ' || j->rest.p[0] == '\t' ||
				 j->rest.p[0] == '\n' || j->rest.p[0] == '\r'))
		(void)slice_take(&j->rest, 1);
}

static void value_over(struct json *j)
{
	j->state = j->depth == 0 ? NEXT_NOTHING : NEXT_COMMA_OR_END;
}

static int container_open(struct json *j, char c, struct json_token *t, struct err *e)
{
	if (j->depth == JSON_MAX_DEPTH)
		return refuse(j, ERR_LIMIT, e, "nested too deeply");
	j->open[j->depth++] = (unsigned char)c;
	(void)slice_take(&j->rest, 1);
	t->kind = c == '{' ? JSON_OBJECT : JSON_ARRAY;
	j->state = c == '{' ? NEXT_KEY_OR_END : NEXT_VALUE_OR_END;
	return 0;
}

static int container_close(struct json *j, char c, struct json_token *t, struct err *e)
{
	if (j->open[j->depth - 1] != (c == '}' ? '{' : '['))
		return refuse(j, ERR_INPUT, e, "the wrong closing bracket");
	j->depth--;
	(void)slice_take(&j->rest, 1);
	t->kind = c == '}' ? JSON_OBJECT_END : JSON_ARRAY_END;
	value_over(j);
	return 0;
}

/* Four hexadecimal digits at s.p[at], or -1. */
static int32_t hex4(struct slice s, size_t at)
{
	int32_t code = 0;

	if (s.n < 4 || at > s.n - 4)
		return -1;
	for (size_t i = at; i < at + 4; i++) {
		int digit = http_byte_hex(s.p[i]);

		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

/* "\" "u" 4HEXDIG, two of them beyond U+FFFF (RFC 8259 section 7); raw begins at the
 * backslash. Returns the code point and how many bytes it took, or -1. */
static int32_t unicode_escape(struct slice raw, size_t *n_r)
{
	int32_t code = hex4(raw, 2), low;

	*n_r = 6;
	if (code < 0xd800 || code > 0xdfff)
		return code;
	if (code > 0xdbff || raw.n < 12 || raw.p[6] != '\\' || raw.p[7] != 'u')
		return -1;
	low = hex4(raw, 8);
	if (low < 0xdc00 || low > 0xdfff)
		return -1;
	*n_r = 12;
	return 0x10000 + (code - 0xd800) * 0x400 + (low - 0xdc00);
}

/* escape = "\" ( " / \ / slash / b / f / n / r / t / uXXXX ); takes it from *raw and
 * writes it, or returns 0: bad, or a NUL, which no column of ours can hold. */
static size_t escape_decode(struct slice *raw, char to[4])
{
	static const char name[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *at = raw->n < 2 || raw->p[1] == '\0' ? NULL : strchr(name, raw->p[1]);
	int32_t code;
	size_t n;

	if (at != NULL) {
		to[0] = means[at - name];
		(void)slice_take(raw, 2);
		return 1;
	}
	if (raw->n < 2 || raw->p[1] != 'u')
		return 0;
	code = unicode_escape(*raw, &n);
	if (code <= 0)
		return 0;
	(void)slice_take(raw, n);
	return utf8_put((uint32_t)code, to);
}

/* The text of a string that has escapes: never longer than it is written. */
static int string_decode(struct json *j, struct slice raw, struct slice *text_r,
			 struct err *e)
{
	char *to = arena_alloc(j->arena, raw.n), *end = to;

	if (to == NULL)
		return refuse(j, ERR_LIMIT, e, "too much text");
	while (raw.n > 0) {
		const char *at = slice_find(raw, '\\');
		struct slice plain =
			slice_take(&raw, at == NULL ? raw.n : (size_t)(at - raw.p));
		char code[4];
		size_t n = 0;

		if (plain.n > 0)
			memcpy(end, plain.p, plain.n);
		end += plain.n;
		if (raw.n == 0)
			break;
		n = escape_decode(&raw, code);
		if (n == 0)
			return refuse(j, ERR_INPUT, e, "a bad escape in the string");
		memcpy(end, code, n);
		end += n;
	}
	*text_r = (struct slice){ to, (size_t)(end - to) };
	return 0;
}

/* string = quotation-mark *char quotation-mark (RFC 8259 section 7) */
static int string_read(struct json *j, struct slice *text_r, struct err *e)
{
	struct slice raw = slice_from(j->rest, 1);
	bool escapes = false;
	size_t n = 0;

	while (n < raw.n && raw.p[n] != '"') {
		if ((unsigned char)raw.p[n] < 0x20)
			return refuse(j, ERR_INPUT, e,
				      "a control character in the string");
		if (raw.p[n] == '\\') {
			escapes = true;
			n++;
		}
		n++;
	}
	if (n >= raw.n)
		return refuse(j, ERR_INPUT, e, "the string has no end");
	raw.n = n;
	if (!utf8_valid(raw))
		return refuse(j, ERR_INPUT, e, "the string is not UTF-8");
	*text_r = raw;
	if (escapes && string_decode(j, raw, text_r, e) < 0)
		return -1;
	(void)slice_take(&j->rest, n + 2);
	return 0;
}

static size_t digits(struct slice s, size_t at)
{
	size_t n = 0;

	while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9')
		n++;
	return n;
}

/* number = [ "-" ] int [ frac ] [ exp ] (RFC 8259 section 6); its length, or 0 */
static size_t number_length(struct slice s)
{
	size_t at = s.p[0] == '-' ? 1 : 0, n = digits(s, at);

	if (n == 0)
		return 0;
	at += s.p[at] == '0' ? 1 : n;
	if (at < s.n && s.p[at] == '.') {
		n = digits(s, at + 1);
		if (n == 0)
			return 0;
		at += 1 + n;
	}
	if (at < s.n && (s.p[at] == 'e' || s.p[at] == 'E')) {
		at++;
		if (at < s.n && (s.p[at] == '+' || s.p[at] == '-'))
			at++;
		n = digits(s, at);
		if (n == 0)
			return 0;
		at += n;
	}
	return at;
}

static int literal_read(struct json *j, struct json_token *t, struct err *e)
{
	static const struct literal {
		struct slice text;
		enum json_kind kind;
	} literals[] = {
		{ SLICE_INIT("true"), JSON_TRUE },
		{ SLICE_INIT("false"), JSON_FALSE },
		{ SLICE_INIT("null"), JSON_NULL },
	};

	for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++)
		if (slice_starts(j->rest, literals[i].text)) {
			t->kind = literals[i].kind;
			(void)slice_take(&j->rest, literals[i].text.n);
			return 0;
		}
	return refuse(j, ERR_INPUT, e, "not a value");
}

/* value = false / null / true / object / array / number / string (section 3) */
static int value_read(struct json *j, char c, struct json_token *t, struct err *e)
{
	if (c == '{' || c == '[')
		return container_open(j, c, t, e);
	if (c == '"') {
		t->kind = JSON_STRING;
		if (string_read(j, &t->text, e) < 0)
			return -1;
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		t->kind = JSON_NUMBER;
		t->text = slice_take(&j->rest, number_length(j->rest));
		if (t->text.n == 0)
			return refuse(j, ERR_INPUT, e, "not a number");
	} else if (literal_read(j, t, e) < 0) {
		return -1;
	}
	value_over(j);
	return 0;
}

/* member = string name-separator value (section 4) */
static int key_read(struct json *j, char c, struct json_token *t, struct err *e)
{
	if (c != '"')
		return refuse(j, ERR_INPUT, e, "not a member's name");
	t->kind = JSON_KEY;
	if (string_read(j, &t->text, e) < 0)
		return -1;
	white_space_skip(j);
	if (j->rest.n == 0 || j->rest.p[0] != ':')
		return refuse(j, ERR_INPUT, e, "no colon behind a member's name");
	(void)slice_take(&j->rest, 1);
	j->state = NEXT_VALUE;
	return 0;
}

/* Behind a value in a container: its end, or a comma and what that announces. */
static int comma_read(struct json *j, char c, struct json_token *t, struct err *e)
{
	if (c == '}' || c == ']')
		return container_close(j, c, t, e);
	if (c != ',')
		return refuse(j, ERR_INPUT, e, "neither a comma nor a closing bracket");
	(void)slice_take(&j->rest, 1);
	j->state = j->open[j->depth - 1] == '{' ? NEXT_KEY : NEXT_VALUE;
	return json_next(j, t, e);
}

int json_next(struct json *j, struct json_token *t, struct err *e)
{
	char c;

	*t = (struct json_token){ .kind = JSON_END };
	white_space_skip(j);
	if (j->state == NEXT_NOTHING)
		return j->rest.n == 0
			       ? 0
			       : refuse(j, ERR_INPUT, e, "something behind the value");
	if (j->rest.n == 0)
		return refuse(j, ERR_INPUT, e, "the text ends too early");
	c = j->rest.p[0];
	switch (j->state) {
	case NEXT_COMMA_OR_END:
		return comma_read(j, c, t, e);
	case NEXT_KEY_OR_END:
		if (c == '}')
			return container_close(j, c, t, e);
		return key_read(j, c, t, e);
	case NEXT_KEY:
		return key_read(j, c, t, e);
	case NEXT_VALUE_OR_END:
		if (c == ']')
			return container_close(j, c, t, e);
		return value_read(j, c, t, e);
	default:
		return value_read(j, c, t, e);
	}
}

int json_leave(struct json *j, struct err *e)
{
	unsigned depth = j->depth;
	struct json_token t;

	while (j->depth >= depth)
		if (json_next(j, &t, e) < 0)
			return -1;
	return 0;
}

int json_skip(struct json *j, struct err *e)
{
	unsigned depth = j->depth;
	struct json_token t;

	do {
		if (json_next(j, &t, e) < 0)
			return -1;
		if (j->depth < depth || t.kind == JSON_END)
			return err_set(e, ERR_INTERNAL, "no JSON value to skip");
	} while (j->depth > depth || t.kind == JSON_KEY);
	return 0;
}
