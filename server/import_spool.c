/*
 * A file that is unlinked as soon as it is made, so that whatever ends the process also
 * ends the file. Ignorant of what is kept.
 */
#include "server/import_spool.h"

#include "server/body.h"

#include <errno.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, PENDING_MAX = 64 * 1024 * 1024 };

void import_spool_init(struct import_spool *s, const char *dir)
{
	*s = (struct import_spool){ .dir = dir, .fd = -1 };
	buf_init(&s->pending, PENDING_MAX);
}

static int write_pending(struct import_spool *s, struct err *e)
{
	if (s->fd < 0)
		s->fd = body_spool_open(s->dir, e);
	if (s->fd < 0 || body_spool_write(s->fd, buf_slice(&s->pending), e) < 0)
		return -1;
	buf_drop(&s->pending, s->pending.n);
	return 0;
}

int import_spool_file(struct import_spool *s, int *fd_r, struct err *e)
{
	if (write_pending(s, e) < 0)
		return -1;
	*fd_r = s->fd;
	return 0;
}

int import_spool_add(struct import_spool *s, struct slice bytes, struct err *e)
{
	if (buf_add(&s->pending, bytes, e) < 0)
		return -1;
	s->size += bytes.n;
	return s->pending.n >= PIECE ? write_pending(s, e) : 0;
}

int import_spool_read(struct import_spool *s, struct sink to, struct err *e)
{
	char piece[PIECE];
	off_t at = 0;

	if (s->size == 0)
		return 0;
	if (write_pending(s, e) < 0)
		return -1;
	for (;;) {
		ssize_t n = pread(s->fd, piece, sizeof(piece), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, ERR_INTERNAL, "spool_dir: %s", strerror(errno));
		if (n == 0)
			return 0;
		if (to.write(to.to, (struct slice){ piece, (size_t)n }, e) < 0)
			return -1;
		at += n;
	}
}

int import_spool_clear(struct import_spool *s, struct err *e)
{
	buf_drop(&s->pending, s->pending.n);
	s->size = 0;
	if (s->fd < 0)
		return 0;
	if (ftruncate(s->fd, 0) < 0 || lseek(s->fd, 0, SEEK_SET) < 0)
		return err_set(e, ERR_INTERNAL, "spool_dir: %s", strerror(errno));
	return 0;
}

void import_spool_release(struct import_spool *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	buf_release(&s->pending);
}
