/*
 * One file as it is served: its bytes, a packed form where that saves something, and
 * the header fields of both, all made when it is read.
 */
#ifndef SERVER_STATIC_FILE_H
#define SERVER_STATIC_FILE_H

#include "parse/buf.h"
#include "parse/err.h"

#include <stdint.h>

enum { STATIC_MAX_FILE = 4 * 1024 * 1024 };

/* A representation (RFC 9110 section 8): as it is, or gzip. */
struct static_form {
	struct slice body; /* p NULL: there is no such form */
	char etag[32];     /* quoted, strong: of these bytes */
	struct buf fields; /* lines for response.fields */
	size_t n_always;   /* bytes of fields that belong to a 304 too */
};

struct static_file {
	const char *type;
	int64_t modified; /* never later than when it was read */
	struct static_form plain, gzip;
};

/*
 * Reads `size` bytes of fd, which stays the caller's. The name decides the type, and
 * whether the name holds a hash of the content ("app.0123abcd.js": eight hexadecimal
 * digits or more between dots, a letter among them, so that a date is none); then a
 * client may keep the file for a year without asking. `modified` later than now counts
 * as now. ERR_INPUT when the bytes are not there, or are too many.
 */
int static_file_read(int fd, struct slice name, size_t size, int64_t modified,
		     struct static_file **file_r, struct err *e) MUST_CHECK;
/* Frees *file and sets it to NULL. Fine on NULL. */
void static_file_free(struct static_file **file);

#endif
