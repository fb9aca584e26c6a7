/*
 * Reads one entry of an archive: its local header, then its bytes, stored or deflated.
 * Ignorant of what the bytes are; names and offsets come from zip_dir.c.
 */
#include "parse/zip_entry.h"

#include "parse/crc.h"
#include "parse/inflate.h"
#include "parse/le.h"

#include <assert.h>
#include <stdlib.h>

enum {
	LOCAL_SIG = 0x04034b50, /* 4.3.7 local file header */
	LOCAL_LEN = 30,
	STORED = 0,
	DEFLATED = 8,
	FLAG_ENCRYPTED = 1,
	FLAG_DESCRIPTOR = 8, /* CRC-32 and sizes stand behind the data */
	IN_SIZE = 64 * 1024,
	MAX_NAME_SHOWN = 80 /* bytes, in the text of an error */
};
#define ALL_32 UINT32_C(0xffffffff)

struct zip_stream {
	const struct file_part *file;
	const struct zip_entry *entry;
	struct inflate *inflate; /* NULL: stored */
	uint64_t max_unpacked;
	uint64_t data; /* where the packed bytes begin */
	uint64_t read; /* packed bytes read */
	uint64_t out;  /* unpacked bytes given */
	uint32_t crc;
	struct slice in; /* read and not yet unpacked */
	bool over;       /* the packed stream has ended */
	char buf[IN_SIZE];
};

/* Sizes may be all ones, which a ZIP64 extra field stands for: then only the directory
 * says them. */
static bool agrees(uint32_t local, uint64_t directory)
{
	return local == ALL_32 || local == directory;
}

/*
 * 4.3.7: signature, version needed, flags (6), method (8), time, date, CRC-32 (14),
 * compressed size (18), uncompressed size (22), name length (26), extra length (28),
 * name, extra field.
 */
static int local_check(struct zip_stream *s, const char *h, struct err *e)
{
	const struct zip_entry *entry = s->entry;
	size_t n = entry->name.n;
	uint64_t room = entry->limit - entry->local_header - LOCAL_LEN;
	char *name;
	int rc;

	if (le_32(h) != LOCAL_SIG)
		return err_set(e, ERR_INPUT, "no local header where the directory says");
	if ((le_16(h + 6) & FLAG_ENCRYPTED) != 0)
		return err_set(e, ERR_INPUT, "it is encrypted");
	if (le_16(h + 8) != entry->method || le_16(h + 26) != n)
		return err_set(e, ERR_INPUT, "local header differs from the directory");
	if ((le_16(h + 6) & FLAG_DESCRIPTOR) == 0 &&
	    (le_32(h + 14) != entry->crc || !agrees(le_32(h + 18), entry->packed) ||
	     !agrees(le_32(h + 22), entry->unpacked)))
		return err_set(e, ERR_INPUT, "local sizes differ from the directory");
	/* zip_dir_open() has seen to name and packed being within the room */
	if (le_16(h + 28) > room - n - entry->packed)
		return err_set(e, ERR_INPUT, "it overlaps what is behind it");
	s->data = entry->local_header + LOCAL_LEN + n + le_16(h + 28);
	name = malloc(n + 1);
	if (name == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	rc = file_part_exact(s->file, entry->local_header + LOCAL_LEN, name, n, e);
	if (rc == 0 && !slice_eq(entry->name, (struct slice){ name, n }))
		rc = err_set(e, ERR_INPUT, "local name differs from the directory");
	free(name);
	return rc;
}

static int entry_open(struct zip_stream *s, const struct zip_limits *limits,
		      struct err *e)
{
	const struct zip_entry *entry = s->entry;
	char header[LOCAL_LEN];

	if (entry->encrypted)
		return err_set(e, ERR_INPUT, "it is encrypted");
	if (entry->method != STORED && entry->method != DEFLATED)
		return err_set(e, ERR_INPUT, "packed with unknown method %u",
			       (unsigned)entry->method);
	if (entry->method == STORED && entry->packed != entry->unpacked)
		return err_set(e, ERR_INPUT, "stored, with two different sizes");
	if (file_part_exact(s->file, entry->local_header, header, LOCAL_LEN, e) < 0 ||
	    local_check(s, header, e) < 0)
		return -1;
	if (entry->method == DEFLATED)
		return inflate_open(limits->max_unpacked, limits->max_ratio, &s->inflate,
				    e);
	return 0;
}

/* Says where it happened. Names are bytes of some encoding: what is not ASCII, or not
 * to be printed, is shown as a question mark. */
static int fail_at(const struct zip_entry *entry, struct err *e)
{
	char shown[MAX_NAME_SHOWN + 1] = "";
	struct slice name = entry->name;

	name = slice_take(&name, MAX_NAME_SHOWN);
	for (size_t i = 0; i < name.n; i++)
		shown[i] = name.p[i] >= ' ' && name.p[i] <= '~' ? name.p[i] : '?';
	return err_prefix(e, "\"%s\" in the archive", shown);
}

int zip_stream_open(const struct zip_dir *dir, const struct zip_entry *entry,
		    const struct zip_limits *limits, struct zip_stream **s_r,
		    struct err *e)
{
	struct zip_stream *s = malloc(sizeof(*s));

	*s_r = NULL;
	if (s == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	s->file = zip_dir_file(dir);
	s->entry = entry;
	s->inflate = NULL;
	s->max_unpacked = limits->max_unpacked;
	s->data = s->read = s->out = 0;
	s->crc = 0;
	s->in = (struct slice){ s->buf, 0 };
	s->over = false;
	if (entry_open(s, limits, e) < 0) {
		zip_stream_close(&s);
		return fail_at(entry, e);
	}
	*s_r = s;
	return 0;
}

/* Reads the next packed bytes of the entry; *n_r == 0 behind the last. */
static int packed_read(struct zip_stream *s, char *to, size_t size, size_t *n_r,
		       struct err *e)
{
	uint64_t left = s->entry->packed - s->read;

	if (size > left)
		size = (size_t)left;
	*n_r = size;
	if (size == 0)
		return 0;
	if (file_part_exact(s->file, s->data + s->read, to, size, e) < 0)
		return -1;
	s->read += size;
	return 0;
}

static int read_stored(struct zip_stream *s, char *to, size_t size, size_t *n_r,
		       struct err *e)
{
	if (packed_read(s, to, size, n_r, e) < 0)
		return -1;
	s->over = s->read == s->entry->packed;
	if (*n_r > s->max_unpacked - s->out)
		return err_set(e, ERR_LIMIT,
			       "it has more than %llu bytes, which is the limit",
			       (unsigned long long)s->max_unpacked);
	return 0;
}

static int read_deflated(struct zip_stream *s, char *to, size_t size, size_t *n_r,
			 struct err *e)
{
	size_t got = 0;

	while (!s->over && got < size) {
		size_t n;
		int rc;

		if (s->in.n == 0 && s->read < s->entry->packed) {
			s->in.p = s->buf;
			if (packed_read(s, s->buf, sizeof(s->buf), &s->in.n, e) < 0)
				return -1;
		}
		rc = inflate_feed(s->inflate, &s->in, to + got, size - got, &n, e);
		if (rc < 0)
			return -1;
		got += n;
		s->over = rc == PARSE_DONE;
		if (n == 0 && !s->over && s->in.n == 0 && s->read == s->entry->packed)
			return err_set(e, ERR_INPUT, "its packed data ends early");
	}
	if (s->over && (s->in.n > 0 || s->read != s->entry->packed))
		return err_set(e, ERR_INPUT, "bytes behind the end of its packed data");
	*n_r = got;
	return 0;
}

/* Takes n bytes into length and CRC-32, and looks at both behind the last. */
static int account(struct zip_stream *s, const char *bytes, size_t n, struct err *e)
{
	if (n > s->entry->unpacked - s->out)
		return err_set(e, ERR_INPUT, "longer than the directory says");
	s->out += n;
	s->crc = crc_32(s->crc, (struct slice){ bytes, n });
	if (!s->over)
		return 0;
	if (s->out != s->entry->unpacked)
		return err_set(e, ERR_INPUT, "shorter than the directory says");
	if (s->crc != s->entry->crc)
		return err_set(e, ERR_INPUT, "damaged: its CRC-32 is wrong");
	return 0;
}

int zip_stream_read(struct zip_stream *s, char *to, size_t size, size_t *n_r,
		    struct err *e)
{
	bool was_over = s->over;
	size_t n = 0;
	int rc;

	assert(size > 0);
	*n_r = 0;
	if (was_over)
		return PARSE_DONE;
	rc = s->inflate == NULL ? read_stored(s, to, size, &n, e)
				: read_deflated(s, to, size, &n, e);
	if (rc < 0 || account(s, to, n, e) < 0)
		return fail_at(s->entry, e);
	*n_r = n;
	return n == 0 ? PARSE_DONE : PARSE_MORE;
}

uint64_t zip_stream_packed(const struct zip_stream *s)
{
	return s->read - s->in.n;
}

void zip_stream_close(struct zip_stream **s)
{
	if (*s == NULL)
		return;
	inflate_close(&(*s)->inflate);
	free(*s);
	*s = NULL;
}
