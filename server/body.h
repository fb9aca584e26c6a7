/*
 * A request's body on its way in: decoded, bounded, kept in memory while small and
 * in an unlinked file of the spool folder beyond that.
 */
#ifndef SERVER_BODY_H
#define SERVER_BODY_H

#include "parse/buf.h"
#include "parse/http_chunked.h"
#include "parse/http_framing.h"

#include <stdbool.h>

enum { BODY_MEMORY = 64 * 1024 };

struct body {
	struct buf mem;        /* the bytes, while fd is -1 */
	int fd;                /* the spool file, or -1 */
	uint64_t size;         /* bytes received and decoded */
	uint64_t max;          /* over it: ERR_LIMIT */
	uint64_t left;         /* HTTP_BODY_LENGTH: bytes still to come */
	const char *spool_dir; /* NULL: memory only */
	enum http_body kind;
	struct http_chunked chunked;
};

/* spool_dir NULL keeps the whole body in memory; it must outlive b. ERR_LIMIT when a
 * Content-Length over max was announced. */
int body_init(struct body *b, const struct http_framing *f, uint64_t max,
	      const char *spool_dir, struct err *e) MUST_CHECK;
/* Takes what belongs to the body from *in. PARSE_DONE at its end, PARSE_MORE, or -1:
 * ERR_INPUT bad chunks, ERR_LIMIT over max, or as body_spool_open(). */
int body_feed(struct body *b, struct slice *in, struct err *e) MUST_CHECK;
/* The body as a descriptor to read from byte 0 on, for code that needs a file: bytes in
 * memory are moved to a spool file. The descriptor stays b's. */
int body_file(struct body *b, const char *spool_dir, struct err *e) MUST_CHECK;
void body_release(struct body *b);

/* A new unlinked file in dir. Returns the descriptor, or -1 with e: ERR_ROOM dir is full,
 * ERR_BUSY no descriptor is left, ERR_INTERNAL. */
int body_spool_open(const char *dir, struct err *e) MUST_CHECK;
/* Writes all of s; the same. */
int body_spool_write(int fd, struct slice s, struct err *e) MUST_CHECK;

#endif
