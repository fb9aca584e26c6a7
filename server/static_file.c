/*
 * Files made ready for being served. Ignorant of folders, requests and of who holds
 * the file.
 */
#include "server/static_file.h"

#include "parse/http_date.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { FIELDS_CAP = 1024, MIN_HASH = 8 };

struct type {
	struct slice ending;
	const char *name;
	bool text; /* worth packing; the others are packed already */
};

static const struct type types[] = {
	{ SLICE_INIT(".html"), "text/html; charset=utf-8", true },
	{ SLICE_INIT(".css"), "text/css; charset=utf-8", true },
	{ SLICE_INIT(".js"), "text/javascript; charset=utf-8", true },
	{ SLICE_INIT(".mjs"), "text/javascript; charset=utf-8", true },
	{ SLICE_INIT(".json"), "application/json", true },
	{ SLICE_INIT(".map"), "application/json", true },
	{ SLICE_INIT(".webmanifest"), "application/manifest+json", true },
	{ SLICE_INIT(".svg"), "image/svg+xml", true },
	{ SLICE_INIT(".txt"), "text/plain; charset=utf-8", true },
	{ SLICE_INIT(".csv"), "text/csv; charset=utf-8", true },
	{ SLICE_INIT(".xml"), "application/xml", true },
	{ SLICE_INIT(".wasm"), "application/wasm", true },
	{ SLICE_INIT(".ico"), "image/vnd.microsoft.icon", false },
	{ SLICE_INIT(".png"), "image/png", false },
	{ SLICE_INIT(".jpg"), "image/jpeg", false },
	{ SLICE_INIT(".jpeg"), "image/jpeg", false },
	{ SLICE_INIT(".gif"), "image/gif", false },
	{ SLICE_INIT(".webp"), "image/webp", false },
	{ SLICE_INIT(".woff2"), "font/woff2", false },
	{ SLICE_INIT(".wav"), "audio/wav", false },
	{ SLICE_INIT(".mp3"), "audio/mpeg", false },
	{ SLICE_INIT(".ogg"), "audio/ogg", false },
	{ SLICE_INIT(".pdf"), "application/pdf", false },
	{ SLICE_INIT(".xlsx"),
	  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", false },
};

static const struct type *type_of(struct slice name)
{
	static const struct type other = { SLICE_INIT(""), "application/octet-stream",
					   false };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (slice_ends(name, types[i].ending))
			return &types[i];
	return &other;
}

/* What stands between the last two dots, like a hash. */
static bool has_hash(struct slice name)
{
	size_t end = name.n, start;
	bool letter = false;

	while (end > 0 && name.p[end - 1] != '.')
		end--;
	if (end == 0)
		return false;
	start = --end;
	for (; start > 0 && name.p[start - 1] != '.'; start--) {
		char c = slice_lower(name.p[start - 1]);

		if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
			return false;
		letter = letter || c >= 'a';
	}
	/* With start at 0 there is no name before it. */
	return start > 0 && end - start >= MIN_HASH && letter;
}

/* FNV-1a, 64 bits: names a content, guards nothing. */
static uint64_t content_hash(struct slice s)
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211ULL;
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

/* Packs into a place of `most` bytes; false when it does not fit. */
static bool deflate_into(struct slice plain, char *to, size_t most, size_t *n_r)
{
	z_stream z = { .next_in = NULL };
	bool all;

	/* 31: the largest window, in gzip's wrapping; its time is left at 0, so that
	 * equal files have equal tags. */
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		return false;
	/* zlib's type has no const; it does not write there. */
	z.next_in = (unsigned char *)(uintptr_t)plain.p;
	z.avail_in = (uInt)plain.n;
	z.next_out = (unsigned char *)to;
	z.avail_out = (uInt)most;
	all = deflate(&z, Z_FINISH) == Z_STREAM_END;
	*n_r = most - z.avail_out;
	(void)deflateEnd(&z);
	return all;
}

/* The gzip form, when it is at least a tenth smaller: less is not worth the client's
 * work and our memory. Without memory for it there is none. */
static void pack(struct static_file *file)
{
	struct slice plain = file->plain.body;
	size_t most = plain.n - plain.n / 10, n;
	char *bytes = NULL, *to = malloc(most + 1);

	if (to != NULL && deflate_into(plain, to, most, &n)) {
		bytes = malloc(n + 1);
		if (bytes != NULL)
			memcpy(bytes, to, n);
		file->gzip.body.p = bytes;
		file->gzip.body.n = n;
	}
	free(to);
}

/* A page's address gives data too, to those who ask for it: by Accept. */
static const char *vary_line(const struct static_file *file)
{
	bool page = slice_starts(slice_str(file->type), SLICE("text/html"));

	if (file->gzip.body.p != NULL)
		return page ? "Vary: Accept, Accept-Encoding\r\n"
			    : "Vary: Accept-Encoding\r\n";
	return page ? "Vary: Accept\r\n" : "";
}

static int describe(const struct static_file *file, struct static_form *form,
		    struct slice name, struct err *e)
{
	bool gzip = form == &file->gzip;
	char date[HTTP_DATE_SIZE];

	(void)snprintf(form->etag, sizeof(form->etag), "\"%016llx%s\"",
		       (unsigned long long)content_hash(form->body), gzip ? "-gz" : "");
	http_date_write(file->modified, date);
	if (buf_printf(
		    &form->fields, e, "ETag: %s\r\nCache-Control: %s\r\n%s", form->etag,
		    has_hash(name) ? "public, max-age=31536000, immutable" : "no-cache",
		    vary_line(file)) < 0 ||
	    buf_add(&form->fields,
		    SLICE("Content-Security-Policy: default-src 'none'; "
			  "script-src 'self'; style-src 'self'; connect-src 'self'; "
			  "img-src 'self'; worker-src 'self'; base-uri 'none'; "
			  "form-action 'self'; "
			  "frame-ancestors 'none'\r\nReferrer-Policy: same-origin\r\n"),
		    e) < 0)
		return -1;
	form->n_always = form->fields.n;
	return buf_printf(&form->fields, e,
			  "Last-Modified: %s\r\nAccept-Ranges: bytes\r\n%s", date,
			  gzip ? "Content-Encoding: gzip\r\n" : "");
}

static int fill(struct static_file *file, int fd, struct slice name, size_t size,
		struct err *e)
{
	const struct type *type = type_of(name);
	/* One byte more, so that an empty file has a place too. */
	char *bytes = malloc(size + 1);

	if (bytes == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	file->plain.body = (struct slice){ bytes, size };
	file->type = type->name;
	if (read_all(fd, bytes, size) < 0)
		return err_set(e, ERR_INPUT, "cannot read \"%.*s\"", (int)name.n, name.p);
	if (type->text)
		pack(file);
	if (file->gzip.body.p != NULL && describe(file, &file->gzip, name, e) < 0)
		return -1;
	return describe(file, &file->plain, name, e);
}

int static_file_read(int fd, struct slice name, size_t size, int64_t modified,
		     struct static_file **file_r, struct err *e)
{
	int64_t now = (int64_t)time(NULL);
	struct static_file *file;

	*file_r = NULL;
	if (size > STATIC_MAX_FILE)
		return err_set(e, ERR_INPUT, "\"%.*s\" has more than %d bytes",
			       (int)name.n, name.p, STATIC_MAX_FILE);
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	/* RFC 9110 section 8.8.2.1: not later than the answer's Date. */
	file->modified = modified < now ? modified : now;
	buf_init(&file->plain.fields, FIELDS_CAP);
	buf_init(&file->gzip.fields, FIELDS_CAP);
	if (fill(file, fd, name, size, e) < 0) {
		static_file_free(&file);
		return -1;
	}
	*file_r = file;
	return 0;
}

static void form_release(struct static_form *form)
{
	free((void *)(uintptr_t)form->body.p);
	buf_release(&form->fields);
}

void static_file_free(struct static_file **file)
{
	if (*file == NULL)
		return;
	form_release(&(*file)->plain);
	form_release(&(*file)->gzip);
	free(*file);
	*file = NULL;
}
