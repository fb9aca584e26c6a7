/*
 * pread() until all is there. Ignorant of what is read, and of the cursor of the
 * descriptor, which others may use.
 */
#include "parse/file_part.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int file_part_read(const struct file_part *f, uint64_t at, char *to, size_t n,
		   size_t *n_r, struct err *e)
{
	size_t got = 0;

	*n_r = 0;
	if (at >= f->size)
		return 0;
	if (n > f->size - at)
		n = (size_t)(f->size - at);
	if (f->start > INT64_MAX || f->size > INT64_MAX - f->start)
		return err_set(e, ERR_INTERNAL, "file part outside of any file");
	while (got < n) {
		ssize_t k = pread(f->fd, to + got, n - got, (off_t)(f->start + at + got));

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_set(e, ERR_INTERNAL, "cannot read the file: %s",
				       strerror(errno));
		if (k == 0)
			return err_set(e, ERR_INTERNAL,
				       "the file became shorter while it was read");
		got += (size_t)k;
	}
	*n_r = got;
	return 0;
}

int file_part_exact(const struct file_part *f, uint64_t at, char *to, size_t n,
		    struct err *e)
{
	size_t got;

	if (file_part_read(f, at, to, n, &got, e) < 0)
		return -1;
	if (got < n)
		return err_set(e, ERR_INPUT, "the file is cut off");
	return 0;
}
