/*
 * One answer: status, fields and a body that lives in the request's arena or in the
 * static files. Framing and the fields that every answer has are added when it is
 * written.
 */
#ifndef SERVER_RESPONSE_H
#define SERVER_RESPONSE_H

#include "parse/arena.h"
#include "parse/buf.h"
#include "parse/err.h"

#include <stdint.h>
#include <time.h>

struct response {
	struct arena *arena;
	unsigned status;           /* 0 until it was set */
	struct slice content_type; /* empty: no body */
	struct slice fields;       /* further field lines, each with its CRLF */
	struct slice body;
	void *map; /* the file that body is a view of, or NULL */
	size_t map_size;
	int file;           /* in a task: the body is this file's first file_size bytes */
	uint64_t file_size; /* 0: no file */
	bool close;         /* end the connection after it */
};

void response_init(struct response *res, struct arena *a);
/* Sets status, type and body; the views must live as long as the arena. */
void response_body(struct response *res, unsigned status, struct slice type,
		   struct slice body);
/*
 * In a task: the body is a file's first `size` bytes (1 and more), whatever they are; fd
 * is duplicated. The worker gets the file itself, so that no process holds its bytes.
 */
int response_file(struct response *res, struct slice type, int fd, uint64_t size,
		  struct err *e) MUST_CHECK;
/* Takes a file over as the body: closes fd, whatever comes of it. */
int response_map(struct response *res, int fd, uint64_t size, struct err *e) MUST_CHECK;
/* Gives back what response_map() took. Fine without. */
void response_unmap(struct response *res);
void response_json(struct response *res, unsigned status, struct slice json);
/* {"error": code, "message": sentence}. The sentence is made with printf and written as
 * JSON with all that it needs escaped; its first letter is made a capital, a stop is
 * added. */
void response_error(struct response *res, unsigned status, const char *code,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The answer to a failure of ours or of the input, by its kind; `code` names an input
 * error. Our own troubles are answered with their kind only. */
void response_failure(struct response *res, const char *code, const struct err *e);
/* Adds a field. name and value must hold no CR or LF: a value that does is left out. */
void response_field(struct response *res, const char *name, struct slice value);

/* What the connection knows when the head is written. */
struct response_context {
	bool head_only;  /* answering HEAD */
	bool keep_alive; /* the connection goes on */
	struct slice request_id;
	struct slice date; /* as http_date_write() writes it */
};
/* Appends the whole head to out: status line, Date, framing, fields, empty line. */
int response_head(const struct response *res, const struct response_context *c,
		  struct buf *out, struct err *e) MUST_CHECK;
/* "404" -> "Not Found" (RFC 9110 section 15); "Unknown" for others. */
const char *response_reason(unsigned status);

#endif
