/*
 * The form of an upload: where in a spooled body the file stands, and the options
 * beside it.
 */
#ifndef SERVER_UPLOAD_FORM_H
#define SERVER_UPLOAD_FORM_H

#include "server/import.h"
#include "server/request.h"

struct upload_form {
	bool has_file;
	uint64_t start, size; /* of the file, in bytes of the body */
	struct import_options options;
	bool async, has_async; /* the option, and whether it was given */
};

/* Reads the options of the query and the multipart body behind fd. Views live in the
 * request's arena. 0, or -1: ERR_UNSUPPORTED (no multipart/form-data), ERR_INPUT,
 * ERR_LIMIT, ERR_INTERNAL. A form without a file is no error: has_file says so. */
int upload_form_read(const struct request *req, int fd, struct upload_form *form,
		     struct err *e) MUST_CHECK;

#endif
