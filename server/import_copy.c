/*
 * Escaping for COPY. PostgreSQL documentation, SQL commands, COPY, "Text Format":
 * backslash, newline, carriage return and the delimiter must be preceded by a backslash
 * when they appear in a value. Ignorant of what the fields mean.
 */
#include "server/import_copy.h"

#include "parse/scan.h"

/* The letter that stands for c behind a backslash, or 0. */
static char escaped(char c)
{
	switch (c) {
	case '\\':
		return '\\';
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	default:
		return 0;
	}
}

/* Writes what needs a backslash with one, and no NUL; returns what is behind. */
static char *put_escaped(char *to, struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i], letter = escaped(c);

		if (c == '\0')
			continue;
		if (letter != 0)
			*to++ = '\\';
		*to++ = letter != 0 ? letter : c;
	}
	return to;
}

int import_copy_field(struct buf *b, struct slice value, char behind, struct err *e)
{
	char *to;

	if (value.p == NULL) {
		const char null[] = { '\\', 'N', behind };

		return buf_add(b, (struct slice){ null, sizeof(null) }, e);
	}
	if (value.n > (SIZE_MAX - 1) / 2)
		return err_set(e, ERR_LIMIT, "a cell of %zu bytes", value.n);
	if (buf_reserve(b, 2 * value.n + 1, e) < 0)
		return -1;
	to = b->p + b->n;
	if (scan_copy(to, value, SCAN_ESCAPED))
		to = put_escaped(to, value);
	else
		to += value.n;
	*to++ = behind;
	b->n = (size_t)(to - b->p);
	return 0;
}

int import_copy_number(struct buf *b, uint64_t n, char behind, struct err *e)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return import_copy_field(b, (struct slice){ digits + at, sizeof(digits) - at },
				 behind, e);
}
