/*
 * Static files in memory. Ignorant of routes: it is asked for a file by its name; and of
 * what a file's fields say: static_file writes them.
 */
#include "server/static.h"

#include "parse/http_accept.h"
#include "parse/http_condition.h"
#include "parse/http_range.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/slots.h"
#include "server/static_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILES = 512, MAX_NAME = 512, CHECK_MS = 1000 };

/* O_NOFOLLOW: a link could lead outside. O_NONBLOCK: a pipe would be waited for. */
enum { OPEN_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC };

/* What tells one state of a file from another without reading it. */
struct stamp {
	ino_t ino;
	off_t size;
	struct timespec modified;
};

struct entry {
	char *name;                 /* below the folder: "scan.html", "img/icon.svg" */
	struct stamp stamp, failed; /* as read; as it could not be read last */
	uint64_t checked_ms;
	/* What static_open() read: shared by all workers, there as long as they are. */
	struct static_file *file;
	/* What this process read since; freed when it reads the next, so that answers
	 * hold copies. NULL while nothing changed. */
	struct static_file *newer;
};

struct static_files {
	int dir;
	struct entry *entry; /* MAX_FILES of them, in the order of their names */
	size_t n;
};

static struct stamp stamp_of(const struct stat *st)
{
	return (struct stamp){ st->st_ino, st->st_size, st->st_mtim };
}

static bool stamp_eq(const struct stamp *a, const struct stamp *b)
{
	return a->ino == b->ino && a->size == b->size &&
	       a->modified.tv_sec == b->modified.tv_sec &&
	       a->modified.tv_nsec == b->modified.tv_nsec;
}

static int add_file(struct static_files *f, int fd, const char *name,
		    const struct stat *st, struct err *e)
{
	struct entry *entry = &f->entry[f->n];

	if (f->n == MAX_FILES)
		return err_set(e, ERR_INPUT, "more than %d files", MAX_FILES);
	*entry = (struct entry){ .name = strdup(name), .stamp = stamp_of(st) };
	if (entry->name == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	f->n++;
	return static_file_read(fd, slice_str(name), (size_t)st->st_size,
				(int64_t)st->st_mtim.tv_sec, &entry->file, e);
}

static int add_folder(struct static_files *f, int fd, const char *prefix, struct err *e);

static int add_entry(struct static_files *f, int dir, const char *prefix,
		     const char *entry, struct err *e)
{
	char name[MAX_NAME];
	struct stat st;
	int fd, r = 0;

	if ((size_t)snprintf(name, sizeof(name), "%s%s", prefix, entry) >=
	    sizeof(name) - 1)
		return err_set(e, ERR_INPUT, "the name of \"%s\" is too long", entry);
	fd = openat(dir, entry, OPEN_FLAGS);
	if (fd < 0) /* ENXIO: a socket */
		return errno == ELOOP || errno == ENXIO
			       ? 0
			       : err_set(e, ERR_INPUT, "cannot open \"%s\": %s", name,
					 strerror(errno));
	if (fstat(fd, &st) < 0)
		r = err_set(e, ERR_INPUT, "cannot read \"%s\": %s", name,
			    strerror(errno));
	else if (S_ISREG(st.st_mode))
		r = add_file(f, fd, name, &st, e);
	else if (S_ISDIR(st.st_mode)) {
		(void)snprintf(name + strlen(name), 2, "/");
		return add_folder(f, fd, name, e);
	}
	(void)close(fd);
	return r;
}

/* Takes fd over. */
static int add_folder(struct static_files *f, int fd, const char *prefix, struct err *e)
{
	DIR *dir = fdopendir(fd);
	struct dirent *d;
	int r = 0;

	if (dir == NULL) {
		(void)close(fd);
		return err_set(e, ERR_INPUT, "cannot list \"%s\": %s", prefix,
			       strerror(errno));
	}
	while (r == 0 && (d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.')
			r = add_entry(f, fd, prefix, d->d_name, e);
	(void)closedir(dir);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static int open_all(struct static_files *f, const char *dir, struct err *e)
{
	int fd;

	f->entry = calloc(MAX_FILES, sizeof(*f->entry));
	if (f->entry == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	f->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dir < 0)
		return err_set(e, ERR_INPUT, "%s", strerror(errno));
	fd = openat(f->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_INPUT, "%s", strerror(errno));
	if (add_folder(f, fd, "", e) < 0)
		return -1;
	qsort(f->entry, f->n, sizeof(*f->entry), by_name);
	return 0;
}

int static_open(const char *dir, struct static_files **f_r, struct err *e)
{
	struct static_files *f = calloc(1, sizeof(*f));

	*f_r = NULL;
	if (f == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	f->dir = -1;
	if (open_all(f, dir, e) < 0) {
		static_close(&f);
		return err_prefix(e, "key 'static_dir': \"%s\"", dir);
	}
	*f_r = f;
	return 0;
}

void static_close(struct static_files **f)
{
	if (*f == NULL)
		return;
	for (size_t i = 0; i < (*f)->n; i++) {
		free((*f)->entry[i].name);
		static_file_free(&(*f)->entry[i].file);
		static_file_free(&(*f)->entry[i].newer);
	}
	free((*f)->entry);
	if ((*f)->dir >= 0)
		(void)close((*f)->dir);
	free(*f);
	*f = NULL;
}

size_t static_count(const struct static_files *f)
{
	return f->n;
}

static int slice_order(struct slice a, struct slice b)
{
	int r = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	if (r != 0 || a.n == b.n)
		return r;
	return a.n < b.n ? -1 : 1;
}

static struct entry *find(const struct static_files *f, struct slice name)
{
	size_t low = 0, high = f->n;

	while (low < high && name.n > 0) {
		size_t mid = low + (high - low) / 2;
		int r = slice_order(name, slice_str(f->entry[mid].name));

		if (r == 0)
			return &f->entry[mid];
		if (r < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

bool static_has(const struct static_files *f, struct slice name)
{
	return find(f, name) != NULL;
}

/* Opens a name with slashes, none of its folders being a link; -1 with errno. */
static int open_below(int dir, const char *name)
{
	char part[MAX_NAME];
	struct slice rest = slice_str(name);
	int at = dir, fd = -1;

	while (rest.n > 0) {
		struct slice s = slice_split(&rest, '/');

		(void)snprintf(part, sizeof(part), "%.*s", (int)s.n, s.p);
		fd = openat(at, part, OPEN_FLAGS);
		if (at != dir)
			(void)close(at);
		if (fd < 0)
			return -1;
		at = fd;
	}
	return fd;
}

static int read_again(struct entry *entry, int fd, struct err *e)
{
	struct static_file *file;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, ERR_INPUT, "cannot open \"%s\": %s", entry->name,
			       strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "\"%s\" is not a file any more",
			       entry->name);
	if (static_file_read(fd, slice_str(entry->name), (size_t)st.st_size,
			     (int64_t)st.st_mtim.tv_sec, &file, e) < 0)
		return -1;
	static_file_free(&entry->newer);
	entry->newer = file;
	entry->stamp = stamp_of(&st);
	return 0;
}

/* Looks whether the file changed, unless that was done within the second. What cannot
 * be read stays as it was, is said once and tried again: a page does not vanish under its
 * users. */
static void refresh(const struct static_files *f, struct entry *entry)
{
	uint64_t now = clock_ms();
	struct err e = { .kind = ERR_NONE };
	struct stamp stamp;
	struct stat st;
	int fd;

	if (now - entry->checked_ms < CHECK_MS)
		return;
	entry->checked_ms = now;
	if (fstatat(f->dir, entry->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	stamp = stamp_of(&st);
	if (stamp_eq(&stamp, &entry->stamp))
		return;
	fd = open_below(f->dir, entry->name);
	if (read_again(entry, fd, &e) < 0 && !stamp_eq(&stamp, &entry->failed)) {
		log_line(LOG_WARNING, "static_dir: what was read before is served on: %s",
			 e.text);
		entry->failed = stamp;
	}
	if (fd >= 0)
		(void)close(fd);
}

/* A form on its way into an answer. */
struct giving {
	const struct static_file *file;
	const struct static_form *form;
	bool lasts; /* as long as this process: else the answer needs copies */
	struct response *res;
};

static bool give_fields(const struct giving *g, size_t n)
{
	struct slice lines = { g->form->fields.p, n };
	struct response *res = g->res;

	if (!g->lasts || res->fields.n > 0)
		lines = arena_printf(res->arena, "%.*s%.*s", (int)res->fields.n,
				     res->fields.n == 0 ? "" : res->fields.p,
				     (int)lines.n, lines.p);
	res->fields = lines;
	return lines.p != NULL;
}

static void give(const struct giving *g, unsigned status, struct slice body)
{
	if (!g->lasts)
		body = arena_dup(g->res->arena, body);
	if (body.p != NULL && give_fields(g, g->form->fields.n)) {
		response_body(g->res, status, slice_str(g->file->type), body);
		return;
	}
	g->res->fields = (struct slice){ NULL, 0 };
	response_error(g->res, 500, "internal_error", "the server is out of memory");
}

/* RFC 9110 section 14.4: Content-Range = range-unit SP ( range-resp / unsatisfied-range )
 */
static void give_range(const struct giving *g, struct slice range)
{
	const struct slice all = g->form->body;
	uint64_t first, n;
	char text[96];

	switch (http_range_read(range, all.n, &first, &n)) {
	case HTTP_RANGE_PART:
		(void)snprintf(text, sizeof(text), "bytes %llu-%llu/%zu",
			       (unsigned long long)first,
			       (unsigned long long)(first + n - 1), all.n);
		response_field(g->res, "Content-Range", slice_str(text));
		give(g, 206, (struct slice){ all.p + first, (size_t)n });
		break;
	case HTTP_RANGE_OUTSIDE:
		(void)snprintf(text, sizeof(text), "bytes */%zu", all.n);
		response_field(g->res, "Content-Range", slice_str(text));
		if (g->file->gzip.body.p != NULL)
			response_field(g->res, "Vary", SLICE("Accept-Encoding"));
		response_error(g->res, 416, "range_not_satisfiable",
			       "the range lies behind the file's %zu bytes", all.n);
		break;
	case HTTP_RANGE_ALL:
	default:
		give(g, 200, all);
		break;
	}
}

/* RFC 9110 section 13.2.2: conditions first, then the range. */
static void answer(const struct giving *g, const struct http_head *h)
{
	const struct http_validators v = { slice_str(g->form->etag), g->file->modified,
					   g->file->gzip.body.p != NULL };
	int64_t now = (int64_t)time(NULL);
	struct slice range;

	switch (http_condition_check(h, &v, now)) {
	case HTTP_CONDITION_UNCHANGED:
		(void)give_fields(g, g->form->n_always);
		g->res->status = 304;
		break;
	case HTTP_CONDITION_FALSE:
		response_error(g->res, 412, "precondition_failed",
			       "the file is not in the state that the request names");
		break;
	case HTTP_CONDITION_TRUE:
	default:
		range = http_condition_range(h, &v, now);
		if (range.p != NULL)
			give_range(g, range);
		else
			give(g, 200, g->form->body);
		break;
	}
}

void static_serve(const struct static_files *f, struct slice name,
		  const struct request *req, struct response *res)
{
	struct entry *entry = find(f, name);
	struct giving g = { .res = res };

	if (entry == NULL) {
		response_error(res, 404, "not_found", "there is no such file");
		return;
	}
	refresh(f, entry);
	g.lasts = entry->newer == NULL;
	g.file = g.lasts ? entry->file : entry->newer;
	g.form = g.file->gzip.body.p != NULL && http_accept_gzip(&req->head)
			 ? &g.file->gzip
			 : &g.file->plain;
	answer(&g, &req->head);
}
