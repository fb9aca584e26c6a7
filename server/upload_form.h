/*
 * The form of an upload: where in a spooled body the file stands, and the options
 * beside it.
 */
#ifndef SERVER_UPLOAD_FORM_H
#define SERVER_UPLOAD_FORM_H

#include "server/import.h"
#include "server/request.h"
#include "server/response.h"

struct upload_form {
	bool has_file;
	uint64_t start, size; /* of the file, in bytes of the body */
	struct slice other;   /* a field with a file that is not read; empty: none */
	struct import_options options;
	bool async, has_async; /* the option, and whether it was given */
	bool keep;             /* a preview's file is kept for what follows */
	struct slice kept;     /* one that was, without a file; empty: none */
	struct err columns;    /* what is wrong with the columns that were chosen */
};

/* Reads the options of the query and the multipart body behind fd. Views live in the
 * request's arena. 0, or -1: ERR_UNSUPPORTED (no multipart/form-data), ERR_INPUT (a
 * field that is an option but for its spelling, too), ERR_LIMIT, ERR_INTERNAL. A form
 * without a file is no error: has_file says so. */
int upload_form_read(const struct request *req, int fd, struct upload_form *form,
		     struct err *e) MUST_CHECK;
/* 422: what is wrong with form->columns, and the fields that there are. */
void upload_form_bad_columns(const struct upload_form *form, struct response *res);

#endif
