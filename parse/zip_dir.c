/*
 * Finds and checks the central directory of a ZIP archive. Ignorant of the entries'
 * bytes and local headers (zip_entry.c), and of what the names mean.
 *
 * Offsets and lengths in an archive are its sender's claims: each is compared with what
 * is left before it is used, and two of them are never added.
 */
#include "parse/zip_dir.h"

#include "parse/le.h"

#include <assert.h>
#include <stdlib.h>

enum {
	/* 4.3.16 End of central directory record, 4.3.15 ZIP64 locator, 4.3.14 ZIP64
	 * end of central directory record, 4.3.12 central directory file header */
	EOCD_SIG = 0x06054b50,
	EOCD_LEN = 22,
	LOCATOR_SIG = 0x07064b50,
	LOCATOR_LEN = 20,
	EOCD64_SIG = 0x06064b50,
	EOCD64_LEN = 56,
	CENTRAL_SIG = 0x02014b50,
	CENTRAL_LEN = 46,
	LOCAL_LEN = 30,
	MAX_COMMENT = 0xffff,
	EXTRA_ZIP64 = 0x0001,
	ALL_16 = 0xffff,
	FLAG_ENCRYPTED = 1,
	LEAST_DIR = 64 * 1024 /* bytes of a directory that are always read */
};
#define ALL_32 UINT32_C(0xffffffff)

struct zip_dir {
	struct file_part file;
	char *bytes; /* the central directory as stored; names are views into it */
	size_t n_bytes;
	struct zip_entry *entry; /* in the directory's order */
	struct zip_entry **by_name;
	size_t n;
};

/* What the end of central directory records say. */
struct end {
	uint64_t at;    /* of the first end record: no directory byte is behind it */
	uint64_t dir;   /* offset of the directory, as claimed */
	uint64_t size;  /* of the directory */
	uint64_t count; /* of entries */
	uint64_t shift; /* bytes in front of the archive that its offsets leave out */
};

/*
 * 4.3.16: signature, number of this disk, disk with the start of the directory, entries
 * on this disk, entries, size, offset, comment length, comment. The comment reaches
 * exactly to the end of the file.
 */
static int end_find(const struct file_part *f, char record[EOCD_LEN], uint64_t *at_r,
		    struct err *e)
{
	size_t n = EOCD_LEN + MAX_COMMENT;
	char *tail;
	size_t i;

	if (f->size < EOCD_LEN)
		return err_set(e, ERR_INPUT, "the file is too short for a ZIP archive");
	if (n > f->size)
		n = (size_t)f->size;
	tail = malloc(n);
	if (tail == NULL)
		return err_set(e, ERR_MEMORY, "out of memory for %zu bytes", n);
	if (file_part_exact(f, f->size - n, tail, n, e) < 0) {
		free(tail);
		return -1;
	}
	for (i = n - EOCD_LEN + 1; i-- > 0;)
		if (le_32(tail + i) == EOCD_SIG &&
		    le_16(tail + i + 20) == n - EOCD_LEN - i) {
			memcpy(record, tail + i, EOCD_LEN);
			*at_r = f->size - n + i;
			free(tail);
			return 0;
		}
	free(tail);
	return err_set(e, ERR_INPUT,
		       "the ZIP archive has no end: the file was cut off or damaged");
}

/* A field of the old record holds the value, or all ones when only ZIP64 can. */
static bool agrees(uint64_t old, uint64_t all_ones, uint64_t new)
{
	return old == all_ones || old == new;
}

/* 4.3.15: signature, disk with the record, offset of the record, number of disks.
 * The record stands at that offset, or, behind prefix bytes, right before the locator. */
static int end64_find(const struct file_part *f, uint64_t locator,
		      char record[EOCD64_LEN], struct end *end, struct err *e)
{
	char bytes[LOCATOR_LEN];
	uint64_t claimed;

	if (file_part_exact(f, locator, bytes, sizeof(bytes), e) < 0)
		return -1;
	claimed = le_64(bytes + 8);
	if (le_32(bytes + 4) != 0 || le_32(bytes + 16) > 1)
		return err_set(e, ERR_INPUT, "the ZIP archive is one of several volumes");
	if (locator < EOCD64_LEN || claimed > locator - EOCD64_LEN)
		return err_set(e, ERR_INPUT, "damaged ZIP archive: ZIP64 record outside");
	end->at = claimed;
	if (file_part_exact(f, end->at, record, EOCD64_LEN, e) < 0)
		return -1;
	if (le_32(record) != EOCD64_SIG) {
		end->at = locator - EOCD64_LEN;
		if (file_part_exact(f, end->at, record, EOCD64_LEN, e) < 0)
			return -1;
	}
	if (le_32(record) != EOCD64_SIG)
		return err_set(e, ERR_INPUT, "damaged ZIP archive: no ZIP64 record");
	return 0;
}

/*
 * 4.3.14: signature, size of record (8 bytes), version made by, version needed, number
 * of this disk, disk with the start of the directory, entries on this disk (8), entries
 * (8), size (8), offset (8).
 */
static int end64_read(const struct file_part *f, uint64_t locator, const char *old,
		      struct end *end, struct err *e)
{
	char record[EOCD64_LEN] = { 0 };

	if (end64_find(f, locator, record, end, e) < 0)
		return -1;
	if (le_32(record + 16) != 0 || le_32(record + 20) != 0 ||
	    le_64(record + 24) != le_64(record + 32))
		return err_set(e, ERR_INPUT, "the ZIP archive is one of several volumes");
	end->count = le_64(record + 32);
	end->size = le_64(record + 40);
	end->dir = le_64(record + 48);
	if (!agrees(le_16(old + 10), ALL_16, end->count) ||
	    !agrees(le_32(old + 12), ALL_32, end->size) ||
	    !agrees(le_32(old + 16), ALL_32, end->dir))
		return err_set(e, ERR_INPUT,
			       "damaged ZIP archive: its two end records differ");
	return 0;
}

static int end_read(const struct file_part *f, struct end *end, struct err *e)
{
	char old[EOCD_LEN] = { 0 };
	char locator[4] = { 0 };
	uint64_t at = 0;

	if (end_find(f, old, &at, e) < 0)
		return -1;
	if (at >= LOCATOR_LEN && file_part_exact(f, at - LOCATOR_LEN, locator, 4, e) < 0)
		return -1;
	if (le_32(locator) == LOCATOR_SIG)
		return end64_read(f, at - LOCATOR_LEN, old, end, e);
	if (le_16(old + 4) != 0 || le_16(old + 6) != 0 ||
	    le_16(old + 8) != le_16(old + 10))
		return err_set(e, ERR_INPUT, "the ZIP archive is one of several volumes");
	end->at = at;
	end->count = le_16(old + 10);
	end->size = le_32(old + 12);
	end->dir = le_32(old + 16);
	return 0;
}

/* Does a directory of end->size bytes begin here? */
static int starts_here(const struct file_part *f, uint64_t at, const struct end *end,
		       bool *yes_r, struct err *e)
{
	char sig[4];

	*yes_r = false;
	if (at > end->at || end->size > end->at - at)
		return 0;
	if (end->size < CENTRAL_LEN) {
		*yes_r = end->size == 0;
		return 0;
	}
	if (file_part_exact(f, at, sig, sizeof(sig), e) < 0)
		return -1;
	*yes_r = le_32(sig) == CENTRAL_SIG;
	return 0;
}

/*
 * The directory ends where the end records begin, so that prefix bytes show as the
 * distance between where it is and where it claims to be. Failing that, it stands where
 * it claims to, with something else behind it (a signature, 4.3.13).
 */
static int dir_locate(const struct file_part *f, struct end *end, struct err *e)
{
	bool yes = false;
	uint64_t at = 0;

	if (end->size > end->at)
		return err_set(e, ERR_INPUT, "damaged ZIP archive: directory outside");
	at = end->at - end->size;
	if (at >= end->dir && starts_here(f, at, end, &yes, e) < 0)
		return -1;
	if (yes) {
		end->shift = at - end->dir;
		end->dir = at;
		return 0;
	}
	if (starts_here(f, end->dir, end, &yes, e) < 0)
		return -1;
	if (!yes)
		return err_set(e, ERR_INPUT,
			       "damaged ZIP archive: no directory where it should be");
	end->shift = 0;
	return 0;
}

/* 4.5.3: the 8-byte values of those fields that are all ones, in this order. */
static int extra_zip64(struct slice extra, struct zip_entry *entry, struct err *e)
{
	uint64_t *field[] = { &entry->unpacked, &entry->packed, &entry->local_header };

	while (extra.n >= 4) {
		struct slice head = slice_take(&extra, 4);
		struct slice body;

		if (le_16(head.p + 2) > extra.n)
			return err_set(e, ERR_INPUT, "damaged ZIP archive: extra field");
		body = slice_take(&extra, le_16(head.p + 2));
		if (le_16(head.p) != EXTRA_ZIP64)
			continue;
		for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
			if (*field[i] != ALL_32)
				continue;
			if (body.n < 8)
				return err_set(e, ERR_INPUT,
					       "damaged ZIP archive: ZIP64 field");
			*field[i] = le_64(slice_take(&body, 8).p);
		}
		return 0;
	}
	return 0;
}

/*
 * 4.3.12: signature, version made by, version needed, flags (8), method (10), time,
 * date, CRC-32 (16), compressed size (20), uncompressed size (24), name length (28),
 * extra length (30), comment length (32), disk (34), internal and external attributes,
 * offset of local header (42), name, extra field, comment.
 */
static int central_take(struct slice *in, struct zip_entry *entry, struct err *e)
{
	struct slice h = slice_take(in, CENTRAL_LEN);
	struct slice extra;

	if (h.n < CENTRAL_LEN || le_32(h.p) != CENTRAL_SIG)
		return err_set(e, ERR_INPUT, "damaged ZIP archive: directory entry");
	entry->encrypted = (le_16(h.p + 8) & FLAG_ENCRYPTED) != 0;
	entry->method = le_16(h.p + 10);
	entry->crc = le_32(h.p + 16);
	entry->packed = le_32(h.p + 20);
	entry->unpacked = le_32(h.p + 24);
	entry->local_header = le_32(h.p + 42);
	entry->name = slice_take(in, le_16(h.p + 28));
	extra = slice_take(in, le_16(h.p + 30));
	if (entry->name.n < le_16(h.p + 28) || extra.n < le_16(h.p + 30) ||
	    slice_take(in, le_16(h.p + 32)).n < le_16(h.p + 32))
		return err_set(e, ERR_INPUT, "damaged ZIP archive: directory cut off");
	if (le_16(h.p + 34) != 0 && le_16(h.p + 34) != ALL_16)
		return err_set(e, ERR_INPUT, "the ZIP archive is one of several volumes");
	return extra_zip64(extra, entry, e);
}

static int by_name(const void *a, const void *b)
{
	const struct slice x = (*(struct zip_entry *const *)a)->name;
	const struct slice y = (*(struct zip_entry *const *)b)->name;
	size_t n = x.n < y.n ? x.n : y.n;
	int c = n == 0 ? 0 : memcmp(x.p, y.p, n);

	return c != 0 ? c : (x.n > y.n) - (x.n < y.n);
}

static int by_offset(const void *a, const void *b)
{
	uint64_t x = (*(struct zip_entry *const *)a)->local_header;
	uint64_t y = (*(struct zip_entry *const *)b)->local_header;

	return (x > y) - (x < y);
}

/* Each entry ends before the next begins. How long its local header really is shows
 * when it is opened, so here it is taken to be as short as it can be. */
static int check_overlap(struct zip_dir *d, const struct end *end, struct err *e)
{
	for (size_t i = 0; i < d->n; i++) {
		struct zip_entry *entry = d->by_name[i];
		uint64_t room;

		entry->limit = i + 1 < d->n ? d->by_name[i + 1]->local_header : end->dir;
		if (entry->local_header > entry->limit)
			return err_set(e, ERR_INPUT,
				       "damaged ZIP archive: an entry lies outside");
		room = entry->limit - entry->local_header;
		if (room < LOCAL_LEN || entry->name.n > room - LOCAL_LEN ||
		    entry->packed > room - LOCAL_LEN - entry->name.n)
			return err_set(e, ERR_INPUT,
				       "damaged ZIP archive: entries overlap");
	}
	return 0;
}

static int entries_read(struct zip_dir *d, const struct end *end, struct err *e)
{
	struct slice in = { d->bytes, d->n_bytes };

	for (size_t i = 0; i < d->n; i++) {
		struct zip_entry *entry = &d->entry[i];

		if (central_take(&in, entry, e) < 0)
			return -1;
		if (entry->local_header > end->dir - end->shift)
			return err_set(e, ERR_INPUT,
				       "damaged ZIP archive: an entry lies outside");
		entry->local_header += end->shift;
		d->by_name[i] = entry;
	}
	if (in.n > 0)
		return err_set(e, ERR_INPUT,
			       "damaged ZIP archive: more directory than entries");
	if (d->n == 0)
		return 0;
	qsort(d->by_name, d->n, sizeof(d->by_name[0]), by_offset);
	if (check_overlap(d, end, e) < 0)
		return -1;
	qsort(d->by_name, d->n, sizeof(d->by_name[0]), by_name);
	for (size_t i = 1; i < d->n; i++)
		if (slice_eq(d->by_name[i - 1]->name, d->by_name[i]->name))
			return err_set(e, ERR_INPUT,
				       "damaged ZIP archive: two entries of one name");
	return 0;
}

static int dir_read(struct zip_dir *d, uint32_t max_entries, struct err *e)
{
	struct end end = { 0 };
	uint64_t most = (uint64_t)max_entries * ZIP_DIR_PER_ENTRY;

	if (end_read(&d->file, &end, e) < 0 || dir_locate(&d->file, &end, e) < 0)
		return -1;
	if (end.count > max_entries)
		return err_set(e, ERR_LIMIT, "the ZIP archive has more than %u entries",
			       max_entries);
	if (end.size > (most > LEAST_DIR ? most : LEAST_DIR))
		return err_set(e, ERR_LIMIT,
			       "the directory of the ZIP archive is too large");
	if (end.count > end.size / CENTRAL_LEN)
		return err_set(e, ERR_INPUT, "damaged ZIP archive: directory cut off");
	d->n = (size_t)end.count;
	d->n_bytes = (size_t)end.size;
	d->bytes = malloc(d->n_bytes + 1);
	d->entry = calloc(d->n + 1, sizeof(d->entry[0]));
	d->by_name = calloc(d->n + 1, sizeof(struct zip_entry *));
	if (d->bytes == NULL || d->entry == NULL || d->by_name == NULL)
		return err_set(e, ERR_MEMORY, "out of memory for %zu entries", d->n);
	if (file_part_exact(&d->file, end.dir, d->bytes, d->n_bytes, e) < 0)
		return -1;
	return entries_read(d, &end, e);
}

int zip_dir_open(int fd, uint64_t start, uint64_t size, uint32_t max_entries,
		 struct zip_dir **dir_r, struct err *e)
{
	struct zip_dir *d = calloc(1, sizeof(*d));

	*dir_r = NULL;
	if (d == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	d->file = (struct file_part){ fd, start, size };
	if (dir_read(d, max_entries, e) < 0) {
		zip_dir_close(&d);
		return -1;
	}
	*dir_r = d;
	return 0;
}

const struct zip_entry *zip_dir_find(const struct zip_dir *dir, struct slice name)
{
	struct zip_entry want = { .name = name };
	struct zip_entry *key = &want;
	struct zip_entry **found =
		dir->n == 0 ? NULL
			    : bsearch(&key, dir->by_name, dir->n, sizeof(key), by_name);

	return found == NULL ? NULL : *found;
}

size_t zip_dir_count(const struct zip_dir *dir)
{
	return dir->n;
}

const struct zip_entry *zip_dir_at(const struct zip_dir *dir, size_t i)
{
	assert(i < dir->n);
	return &dir->entry[i];
}

const struct file_part *zip_dir_file(const struct zip_dir *dir)
{
	return &dir->file;
}

void zip_dir_close(struct zip_dir **dir)
{
	struct zip_dir *d = *dir;

	if (d == NULL)
		return;
	free(d->bytes);
	free(d->entry);
	free(d->by_name);
	free(d);
	*dir = NULL;
}
