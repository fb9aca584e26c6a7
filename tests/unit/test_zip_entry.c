/* Entries as streams: read in parts of every size, damaged in every way. */
#include "parse/zip_entry.h"

#include "tests/support/zip_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

static const struct zip_limits limits = { .max_unpacked = 1000, .max_ratio = 100 };
static const struct slice text =
	SLICE_INIT("<row><c>1</c><c>2</c><c>1</c><c>2</c></row>");
static struct zip_build z;

/* The entry that is read is "a", between two others; its local header is at HERE. */
enum { HERE = 30 + 1 + 1 };

static void begin(void)
{
	memset(&z, 0, sizeof(z));
	zb_stored(&z, "x", SLICE("x"));
}

static void end(void)
{
	zb_stored(&z, "y", SLICE("y"));
	zb_dir(&z, false);
	zb_end(&z, SLICE(""));
}

static void stored(void)
{
	begin();
	zb_stored(&z, "a", text);
	end();
}

static void deflated(void)
{
	begin();
	zb_deflated(&z, "a", text, 0);
	end();
}

static void with_descriptor(void)
{
	begin();
	zb_deflated(&z, "a", text, 8);
	end();
}

static void empty_stored(void)
{
	begin();
	zb_stored(&z, "a", SLICE(""));
	end();
}

static void empty_deflated(void)
{
	begin();
	zb_deflated(&z, "a", SLICE(""), 0);
	end();
}

static void with_extra(void)
{
	struct zb_entry e = { slice_str("a"), 0, 0, zb_crc(text), text.n, text.n, 0 };

	begin();
	zb_local(&z, e, text, SLICE("\x55\x54\x01\x00x"));
	end();
}

static void local_zip64(void)
{
	stored();
	zb_patch(&z, HERE + 18, 0xffffffff, 4);
	zb_patch(&z, HERE + 22, 0xffffffff, 4);
}

static void no_local_header(void)
{
	stored();
	zb_patch(&z, HERE, 0, 4);
}

static void other_name(void)
{
	stored();
	zb_patch(&z, HERE + 30, 'b', 1);
}

static void longer_name(void)
{
	stored();
	zb_patch(&z, HERE + 26, 2, 2);
}

static void other_method(void)
{
	stored();
	zb_patch(&z, HERE + 8, 8, 2);
}

static void other_crc(void)
{
	stored();
	zb_patch(&z, HERE + 14, 0, 4);
}

static void other_size(void)
{
	stored();
	zb_patch(&z, HERE + 22, 0, 4);
}

static void extra_overlaps(void)
{
	stored();
	zb_patch(&z, HERE + 28, 1, 2);
}

static void unknown_method(void)
{
	begin();
	zb_stored(&z, "a", text);
	z.e[1].method = 12;
	end();
}

static void encrypted(void)
{
	begin();
	zb_stored(&z, "a", text);
	z.e[1].flags = 1;
	end();
}

static void encrypted_locally(void)
{
	stored();
	zb_patch(&z, HERE + 6, 1, 2);
}

static void two_sizes(void)
{
	begin();
	zb_stored(&z, "a", text);
	z.e[1].unpacked++;
	end();
}

static void wrong_byte(void)
{
	stored();
	zb_patch(&z, HERE + 31, 'x', 1);
}

/* An entry that says other things about its data than are true. */
static void claims(int more_unpacked, int more_packed, uint32_t crc_off)
{
	struct slice packed = zb_deflate(text);
	struct zb_entry e = { slice_str("a"),
			      0,
			      8,
			      zb_crc(text) + crc_off,
			      packed.n + (size_t)more_packed,
			      text.n + (size_t)more_unpacked,
			      0 };

	begin();
	zb_local(&z, e, packed, SLICE(""));
	if (more_packed > 0)
		zb_num(&z, 0, (size_t)more_packed);
	free((void *)(uintptr_t)packed.p);
	end();
}

static void wrong_crc(void)
{
	claims(0, 0, 1);
}

static void longer(void)
{
	claims(-1, 0, 0);
}

static void shorter(void)
{
	claims(1, 0, 0);
}

static void ends_early(void)
{
	claims(0, -1, 0);
}

static void bytes_behind(void)
{
	claims(0, 3, 0);
}

static void damaged(void)
{
	deflated();
	zb_patch(&z, HERE + 31, 0xff, 1);
}

static void too_large(void)
{
	static char much[1001];

	begin();
	zb_stored(&z, "a", (struct slice){ much, sizeof(much) });
	end();
}

static void too_large_deflated(void)
{
	static char much[1001];

	begin();
	zb_deflated(&z, "a", (struct slice){ much, sizeof(much) }, 0);
	end();
}

static const struct row {
	const char *name;
	void (*make)(void);
	const char *want; /* text of the failure, or of the entry */
	enum err_kind kind;
} rows[] = {
	{ "stored", stored, "<row><c>1</c><c>2</c><c>1</c><c>2</c></row>", 0 },
	{ "deflated", deflated, "<row><c>1</c><c>2</c><c>1</c><c>2</c></row>", 0 },
	{ "data descriptor", with_descriptor,
	  "<row><c>1</c><c>2</c><c>1</c><c>2</c></row>", 0 },
	{ "empty, stored", empty_stored, "", 0 },
	{ "empty, deflated", empty_deflated, "", 0 },
	{ "extra field", with_extra, "<row><c>1</c><c>2</c><c>1</c><c>2</c></row>", 0 },
	{ "local zip64", local_zip64, "<row><c>1</c><c>2</c><c>1</c><c>2</c></row>", 0 },
	{ "no local header", no_local_header, "no local header where the directory says",
	  ERR_INPUT },
	{ "other name", other_name, "local name differs from the directory", ERR_INPUT },
	{ "longer name", longer_name, "local header differs from the directory",
	  ERR_INPUT },
	{ "other method", other_method, "local header differs from the directory",
	  ERR_INPUT },
	{ "other crc", other_crc, "local sizes differ from the directory", ERR_INPUT },
	{ "other size", other_size, "local sizes differ from the directory", ERR_INPUT },
	{ "extra field overlaps", extra_overlaps, "it overlaps what is behind it",
	  ERR_INPUT },
	{ "unknown method", unknown_method, "packed with unknown method 12", ERR_INPUT },
	{ "encrypted", encrypted, "it is encrypted", ERR_INPUT },
	{ "encrypted locally", encrypted_locally, "it is encrypted", ERR_INPUT },
	{ "stored with two sizes", two_sizes, "stored, with two different sizes",
	  ERR_INPUT },
	{ "wrong byte", wrong_byte, "damaged: its CRC-32 is wrong", ERR_INPUT },
	{ "wrong crc", wrong_crc, "damaged: its CRC-32 is wrong", ERR_INPUT },
	{ "longer than it says", longer, "longer than the directory says", ERR_INPUT },
	{ "shorter than it says", shorter, "shorter than the directory says", ERR_INPUT },
	{ "packed data ends early", ends_early, "its packed data ends early", ERR_INPUT },
	{ "bytes behind the end", bytes_behind, "bytes behind the end of its packed data",
	  ERR_INPUT },
	{ "damaged", damaged, "damaged compressed data: invalid block type", ERR_INPUT },
	{ "too large", too_large, "it has more than 1000 bytes, which is the limit",
	  ERR_LIMIT },
	{ "too large, deflated", too_large_deflated,
	  "it unpacks to more than 1000 bytes, which is the limit", ERR_LIMIT },
};

/* Reads entry "a" in parts of `room` bytes; the text of a failure, less where it was. */
static enum err_kind read_entry(const struct zip_dir *d, size_t room, char *to)
{
	static const char where[] = "\"a\" in the archive: ";
	struct zip_stream *s;
	struct err e = { 0 };
	size_t at = 0, n;
	int rc = zip_stream_open(d, zip_dir_find(d, SLICE("a")), &limits, &s, &e);

	if (rc == 0)
		while ((rc = zip_stream_read(s, to + at, room, &n, &e)) == PARSE_MORE) {
			assert_true(n > 0 && n <= room);
			at += n;
		}
	if (rc == PARSE_DONE) {
		assert_int_equal(zip_stream_read(s, to + at, room, &n, &e), PARSE_DONE);
		assert_int_equal(n, 0);
		assert_int_equal(zip_stream_packed(s),
				 zip_dir_find(d, SLICE("a"))->packed);
		to[at] = '\0';
	} else {
		assert_memory_equal(e.text, where, sizeof(where) - 1);
		(void)snprintf(to, sizeof(e.text), "%s", e.text + sizeof(where) - 1);
	}
	zip_stream_close(&s);
	assert_null(s);
	return e.kind;
}

static void same_bytes_for_every_room(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		struct zip_dir *d;
		int fd;

		rows[i].make();
		fd = zb_file((struct slice){ z.p, z.n }, 5);
		if (zip_dir_open(fd, 5, z.n, 10, &d, &e) < 0)
			fail_msg("%s: %s", rows[i].name, e.text);
		for (size_t room = 1; room < 60; room++) {
			char got[2048];
			enum err_kind kind = read_entry(d, room, got);

			if (kind != rows[i].kind || strcmp(got, rows[i].want) != 0)
				fail_msg("%s, room %zu: %d %s", rows[i].name, room,
					 (int)kind, got);
		}
		zip_dir_close(&d);
		close(fd);
	}
}

/* Cursors do not disturb each other, nor the descriptor's. */
static void two_streams_of_one_archive(void **state)
{
	struct zip_stream *s[2];
	struct err e = { 0 };
	struct zip_dir *d;
	char got[2][64];
	size_t n, at = 0;
	int fd;

	(void)state;
	deflated();
	fd = zb_file((struct slice){ z.p, z.n }, 0);
	assert_int_equal(zip_dir_open(fd, 0, z.n, 10, &d, &e), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(zip_stream_open(d, zip_dir_find(d, SLICE("a")), &limits,
						 &s[i], &e),
				 0);
	for (; at < text.n; at++)
		for (int i = 0; i < 2; i++)
			assert_int_equal(zip_stream_read(s[i], got[i] + at, 1, &n, &e),
					 PARSE_MORE);
	for (int i = 0; i < 2; i++) {
		assert_memory_equal(got[i], text.p, text.n);
		zip_stream_close(&s[i]);
	}
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	zip_dir_close(&d);
	close(fd);
}

/* Larger than the blocks that are read and unpacked at a time. */
static void reads_large_entries(void **state)
{
	enum { MUCH = 400000, PART = 70000 };
	struct zip_limits wide = { .max_unpacked = MUCH, .max_ratio = 10 };
	char *much = malloc(MUCH), *got = malloc(MUCH + PART);
	struct slice all = { much, MUCH };
	unsigned seed = 1;

	(void)state;
	assert_non_null(much);
	assert_non_null(got);
	for (size_t i = 0; i < MUCH; i++) {
		seed = seed * 1103515245 + 12345;
		much[i] = (char)('a' + (seed >> 16) % 16);
	}
	for (int way = 0; way < 2; way++) {
		struct err e = { 0 };
		struct zip_stream *s;
		struct zip_dir *d;
		size_t n, at = 0;
		int fd, rc;

		begin();
		if (way == 0)
			zb_stored(&z, "a", all);
		else
			zb_deflated(&z, "a", all, 0);
		end();
		fd = zb_file((struct slice){ z.p, z.n }, 0);
		assert_int_equal(zip_dir_open(fd, 0, z.n, 10, &d, &e), 0);
		assert_int_equal(
			zip_stream_open(d, zip_dir_find(d, SLICE("a")), &wide, &s, &e),
			0);
		while ((rc = zip_stream_read(s, got + at, PART, &n, &e)) == PARSE_MORE)
			at += n;
		assert_int_equal(rc, PARSE_DONE);
		assert_int_equal(at, MUCH);
		assert_memory_equal(got, much, MUCH);
		zip_stream_close(&s);
		zip_dir_close(&d);
		close(fd);
	}
	free(much);
	free(got);
}

/* A name is bytes of any encoding; the text of an error is UTF-8. */
static void names_in_errors_are_ascii(void **state)
{
	struct zip_stream *s;
	struct err e = { 0 };
	struct zip_dir *d;
	int fd;

	(void)state;
	begin();
	zb_stored(&z, "a\x81\n", text);
	z.e[1].method = 12;
	end();
	fd = zb_file((struct slice){ z.p, z.n }, 0);
	assert_int_equal(zip_dir_open(fd, 0, z.n, 10, &d, &e), 0);
	assert_int_equal(zip_stream_open(d, zip_dir_at(d, 1), &limits, &s, &e), -1);
	assert_string_equal(e.text,
			    "\"a??\" in the archive: packed with unknown method 12");
	zip_dir_close(&d);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_bytes_for_every_room),
		cmocka_unit_test(two_streams_of_one_archive),
		cmocka_unit_test(reads_large_entries),
		cmocka_unit_test(names_in_errors_are_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
