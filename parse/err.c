/*
 * Failure records. Ignorant of logging and of HTTP: those read the record.
 */
#include "parse/err.h"

#include <stdio.h>
#include <string.h>

/* A text that was cut off does not end inside of a UTF-8 sequence. */
static void mend_cut(struct err *e)
{
	size_t n = sizeof(e->text) - 1;

	while (n > 0 && ((unsigned char)e->text[n - 1] & 0xc0) == 0x80)
		n--;
	if (n > 0 && (unsigned char)e->text[n - 1] >= 0xc0)
		n--;
	e->text[n] = '\0';
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (e->kind != ERR_NONE)
		return -1;
	e->kind = kind;
	va_start(ap, fmt);
	n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(e->text))
		mend_cut(e);
	return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char was[sizeof(e->text)];
	va_list ap;
	int n;

	memcpy(was, e->text, sizeof(was));
	va_start(ap, fmt);
	n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	/* what does not fit is cut off: the text is for people */
	if (n >= 0 && (size_t)n < sizeof(e->text) - 2)
		n += snprintf(e->text + n, sizeof(e->text) - (size_t)n, ": %.*s",
			      (int)(sizeof(e->text) - (size_t)n - 3), was);
	if (n >= (int)sizeof(e->text) - 1)
		mend_cut(e);
	return -1;
}
