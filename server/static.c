/*
 * Static files in memory. Ignorant of routes: it is asked for a file by its name.
 */
#include "server/static.h"

#include "parse/etag.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILE = 4 * 1024 * 1024, MAX_FILES = 512 };

struct static_file {
	char *name; /* below the folder: "scan.html", "img/icon.svg" */
	char *bytes;
	size_t n;
	char etag[24]; /* quoted */
	const char *type;
};

struct static_files {
	struct static_file file[MAX_FILES];
	size_t n;
};

static const char *type_of(struct slice name)
{
	static const struct {
		struct slice ending;
		const char *type;
	} types[] = {
		{ SLICE_INIT(".html"), "text/html; charset=utf-8" },
		{ SLICE_INIT(".css"), "text/css; charset=utf-8" },
		{ SLICE_INIT(".js"), "text/javascript; charset=utf-8" },
		{ SLICE_INIT(".mjs"), "text/javascript; charset=utf-8" },
		{ SLICE_INIT(".json"), "application/json" },
		{ SLICE_INIT(".svg"), "image/svg+xml" },
		{ SLICE_INIT(".png"), "image/png" },
		{ SLICE_INIT(".ico"), "image/vnd.microsoft.icon" },
		{ SLICE_INIT(".webmanifest"), "application/manifest+json" },
		{ SLICE_INIT(".txt"), "text/plain; charset=utf-8" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (slice_ends(name, types[i].ending))
			return types[i].type;
	return "application/octet-stream";
}

/* FNV-1a, 64 bits: names a content, guards nothing. */
static uint64_t content_hash(const char *p, size_t n)
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 1099511628211ULL;
	return h;
}

static int read_all(int fd, char *to, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, to, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		to += got;
		n -= (size_t)got;
	}
	return 0;
}

static int add_file(struct static_files *f, int fd, const char *name, size_t size,
		    struct err *e)
{
	struct static_file *file = &f->file[f->n];

	if (f->n == MAX_FILES)
		return err_set(e, ERR_INPUT, "more than %d files", MAX_FILES);
	if (size > MAX_FILE)
		return err_set(e, ERR_INPUT, "\"%s\" has more than %d bytes", name,
			       MAX_FILE);
	*file = (struct static_file){ .name = strdup(name),
				      .bytes = malloc(size + 1),
				      .n = size,
				      .type = type_of(slice_str(name)) };
	f->n++;
	if (file->name == NULL || file->bytes == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (read_all(fd, file->bytes, size) < 0)
		return err_set(e, ERR_INPUT, "cannot read \"%s\"", name);
	(void)snprintf(file->etag, sizeof(file->etag), "\"%016llx\"",
		       (unsigned long long)content_hash(file->bytes, size));
	return 0;
}

static int add_folder(struct static_files *f, int fd, const char *prefix, struct err *e);

static int add_entry(struct static_files *f, int dir, const char *prefix,
		     const char *entry, struct err *e)
{
	char name[512];
	struct stat st;
	int fd, r = 0;

	if ((size_t)snprintf(name, sizeof(name), "%s%s", prefix, entry) >=
	    sizeof(name) - 1)
		return err_set(e, ERR_INPUT, "the name of \"%s\" is too long", entry);
	/* A link could lead outside the folder. */
	fd = openat(dir, entry, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? 0
				      : err_set(e, ERR_INPUT, "cannot open \"%s\": %s",
						name, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		(void)snprintf(name + strlen(name), 2, "/");
		return add_folder(f, fd, name, e);
	}
	if (S_ISREG(st.st_mode))
		r = add_file(f, fd, name, (size_t)st.st_size, e);
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

int static_open(const char *dir, struct static_files **f_r, struct err *e)
{
	struct static_files *f = calloc(1, sizeof(*f));
	int fd;

	*f_r = NULL;
	if (f == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		(void)err_set(e, ERR_INPUT, "%s", strerror(errno));
	if (fd < 0 || add_folder(f, fd, "", e) < 0) {
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
		free((*f)->file[i].name);
		free((*f)->file[i].bytes);
	}
	free(*f);
	*f = NULL;
}

size_t static_count(const struct static_files *f)
{
	return f->n;
}

static const struct static_file *find(const struct static_files *f, struct slice name)
{
	for (size_t i = 0; i < f->n; i++)
		if (slice_eq(slice_str(f->file[i].name), name))
			return &f->file[i];
	return NULL;
}

void static_serve(const struct static_files *f, struct slice name,
		  const struct request *req, struct response *res)
{
	const struct static_file *file = find(f, name);
	struct slice known;

	if (file == NULL) {
		response_error(res, 404, "not_found", "there is no such file");
		return;
	}
	response_field(res, "ETag", slice_str(file->etag));
	response_field(res, "Cache-Control", SLICE("no-cache"));
	response_field(res, "Vary", SLICE("Accept"));
	response_field(res, "Content-Security-Policy",
		       SLICE("default-src 'none'; script-src 'self'; style-src 'self'; "
			     "connect-src 'self'; img-src 'self'; base-uri 'none'; "
			     "form-action 'self'; frame-ancestors 'none'"));
	response_field(res, "Referrer-Policy", SLICE("same-origin"));
	known = http_head_field(&req->head, SLICE("If-None-Match"));
	if (known.p != NULL && etag_matches(known, slice_str(file->etag)))
		res->status = 304;
	else
		response_body(res, 200, slice_str(file->type),
			      (struct slice){ file->bytes, file->n });
}
