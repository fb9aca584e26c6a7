/*
 * Receiving a body. Ignorant of what it holds: multipart, JSON and forms are read
 * by those who asked for it.
 */
#include "server/body.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static enum err_kind kind_of(int error)
{
	if (error == EMFILE || error == ENFILE)
		return ERR_BUSY;
	return error == ENOSPC || error == EDQUOT ? ERR_ROOM : ERR_INTERNAL;
}

int body_spool_open(const char *dir, struct err *e)
{
	char path[1024];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/body.XXXXXX", dir) >= sizeof(path))
		return err_set(e, ERR_INTERNAL, "the path of spool_dir is too long");
	fd = mkstemp(path);
	if (fd < 0)
		return err_set(e, kind_of(errno), "cannot create a file in \"%s\": %s",
			       dir, strerror(errno));
	(void)unlink(path);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

int body_spool_write(int fd, struct slice s, struct err *e)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, kind_of(errno),
				       "cannot write to the spool folder: %s",
				       strerror(errno));
		(void)slice_take(&s, (size_t)n);
	}
	return 0;
}

enum { MIB = 1024 * 1024 };

/* What is spooled is a file of a person's, the rest is a program's. */
static int too_large(const struct body *b, struct err *e)
{
	bool file = b->spool_dir != NULL, large = b->max >= MIB;

	return err_set(
		e, ERR_LIMIT, "the %s is larger than the %llu %s that are allowed: %s",
		file ? "upload" : "body",
		(unsigned long long)(large ? b->max / MIB : b->max),
		large ? "MiB" : "bytes",
		file ? "split the file into several, or ask the administrator to raise "
		       "max_upload"
		     : "send less at once");
}

int body_init(struct body *b, const struct http_framing *f, uint64_t max,
	      const char *spool_dir, struct err *e)
{
	*b = (struct body){
		.fd = -1, .max = max, .spool_dir = spool_dir, .kind = f->body
	};
	buf_init(&b->mem, spool_dir == NULL ? (size_t)max : BODY_MEMORY);
	b->left = f->body == HTTP_BODY_LENGTH ? f->length : 0;
	return b->left > max ? too_large(b, e) : 0;
}

/* Moves what is in memory to a spool file. */
static int spill(struct body *b, const char *dir, struct err *e)
{
	b->fd = body_spool_open(dir, e);
	if (b->fd < 0)
		return -1;
	if (body_spool_write(b->fd, buf_slice(&b->mem), e) < 0)
		return -1;
	buf_release(&b->mem);
	return 0;
}

static int keep(struct body *b, struct slice data, struct err *e)
{
	if (data.n > b->max - b->size)
		return too_large(b, e);
	b->size += data.n;
	if (b->fd < 0 && b->spool_dir != NULL && data.n > b->mem.cap - b->mem.n &&
	    spill(b, b->spool_dir, e) < 0)
		return -1;
	return b->fd < 0 ? buf_add(&b->mem, data, e) : body_spool_write(b->fd, data, e);
}

int body_feed(struct body *b, struct slice *in, struct err *e)
{
	struct slice data;
	int r;

	switch (b->kind) {
	case HTTP_BODY_NONE:
		return PARSE_DONE;
	case HTTP_BODY_LENGTH:
		data = slice_take(in, b->left < in->n ? (size_t)b->left : in->n);
		b->left -= data.n;
		if (keep(b, data, e) < 0)
			return -1;
		return b->left == 0 ? PARSE_DONE : PARSE_MORE;
	case HTTP_BODY_CHUNKED:
	default:
		do {
			r = http_chunked_feed(&b->chunked, in, &data, e);
			if (r < 0 || keep(b, data, e) < 0)
				return -1;
			if (http_chunked_left(&b->chunked) > b->max - b->size)
				return too_large(b, e);
		} while (r == PARSE_MORE && in->n > 0);
		return r;
	}
}

int body_file(struct body *b, const char *spool_dir, struct err *e)
{
	if (b->fd < 0 && spill(b, spool_dir, e) < 0)
		return -1;
	return b->fd;
}

void body_release(struct body *b)
{
	buf_release(&b->mem);
	if (b->fd >= 0)
		(void)close(b->fd);
	b->fd = -1;
}
