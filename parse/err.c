/*
 * Failure records. Ignorant of logging and of HTTP: those read the record.
 */
#include "parse/err.h"

#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (e->kind != ERR_NONE)
		return -1;
	e->kind = kind;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
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
		(void)snprintf(e->text + n, sizeof(e->text) - (size_t)n, ": %.*s",
			       (int)(sizeof(e->text) - (size_t)n - 3), was);
	return -1;
}
