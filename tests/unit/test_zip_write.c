/*
 * Archives that are written are read back by the archive reader, whatever the pieces
 * they came in; and the fields that a reader may skip are looked at byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parse/buf.h"
#include "parse/zip_entry.h"
#include "parse/zip_write.h"

#include <unistd.h>

enum { MIB = 1024 * 1024 };
static const struct zip_limits no_limits = { .max_unpacked = 64 * MIB,
					     .max_ratio = UINT32_MAX };

static const struct row {
	const char *name;
	struct zip_write_options options;
	struct {
		const char *name, *bytes;
	} entry[3];
	size_t n;
} rows[] = {
	{ "no entries", { 0 }, { { NULL, NULL } }, 0 },
	{ "an empty entry", { 0 }, { { "empty", "" } }, 1 },
	{ "one", { .level = 1 }, { { "a.txt", "hello hello hello" } }, 1 },
	{ "three",
	  { .level = 9 },
	  { { "a", "one" }, { "b/c", "" }, { "b/\xC3\xA9", "three" } },
	  3 },
	{ "no entries, zip64", { .zip64 = true }, { { NULL, NULL } }, 0 },
	{ "an empty entry, zip64", { .zip64 = true }, { { "empty", "" } }, 1 },
	{ "three, zip64",
	  { .zip64 = true },
	  { { "a", "one" }, { "b/c", "" }, { "d", "three" } },
	  3 },
};

static int into_buf(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

static void write_row(const struct row *r, size_t step, struct buf *out)
{
	struct zip_write *w;
	struct err e = { 0 };

	assert_int_equal(
		zip_write_open(&(struct sink){ into_buf, out }, &r->options, &w, &e), 0);
	for (size_t i = 0; i < r->n; i++) {
		struct slice rest = slice_str(r->entry[i].bytes);

		assert_int_equal(zip_write_entry(w, slice_str(r->entry[i].name), &e), 0);
		while (rest.n > 0)
			assert_int_equal(zip_write_data(w, slice_take(&rest, step), &e),
					 0);
	}
	assert_int_equal(zip_write_finish(w, &e), 0);
	zip_write_close(&w);
	assert_null(w);
}

/* An unnamed file with the archive in it. */
static FILE *to_file(const struct buf *out)
{
	FILE *f = tmpfile();

	assert_non_null(f);
	assert_int_equal(fwrite(out->p, 1, out->n, f), out->n);
	assert_int_equal(fflush(f), 0);
	return f;
}

/* Reads the whole entry: its length and CRC are checked on the way. */
static void expect_entry(const struct zip_dir *dir, const char *name, struct slice want)
{
	const struct zip_entry *entry = zip_dir_find(dir, slice_str(name));
	struct zip_stream *s;
	struct err e = { 0 };
	struct buf got;
	int step;

	if (entry == NULL)
		fail_msg("'%s' is missing", name);
	assert_int_equal(entry->unpacked, want.n);
	if (zip_stream_open(dir, entry, &no_limits, &s, &e) < 0)
		fail_msg("%s: %s", name, e.text);
	buf_init(&got, 32 * MIB);
	do {
		char part[4096];
		size_t n = 0;

		step = zip_stream_read(s, part, sizeof(part), &n, &e);
		if (step < 0 || buf_add(&got, (struct slice){ part, n }, &e) < 0)
			fail_msg("%s: %s", name, e.text);
	} while (step == PARSE_MORE);
	assert_true(slice_eq(buf_slice(&got), want));
	buf_release(&got);
	zip_stream_close(&s);
}

static void expect_archive(const struct row *r, const struct buf *out)
{
	FILE *f = to_file(out);
	struct zip_dir *dir;
	struct err e = { 0 };

	if (zip_dir_open(fileno(f), 0, out->n, 10, &dir, &e) < 0)
		fail_msg("%s: %s", r->name, e.text);
	assert_int_equal(zip_dir_count(dir), r->n);
	for (size_t i = 0; i < r->n; i++)
		expect_entry(dir, r->entry[i].name, slice_str(r->entry[i].bytes));
	zip_dir_close(&dir);
	(void)fclose(f);
}

static void rows_are_read_back_from_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t step = 1; step <= 20; step++) {
			struct buf out;

			buf_init(&out, MIB);
			write_row(&rows[i], step, &out);
			expect_archive(&rows[i], &out);
			buf_release(&out);
		}
}

static uint64_t le(const struct buf *b, size_t at, size_t bytes)
{
	uint64_t value = 0;

	assert_true(at + bytes <= b->n);
	for (size_t i = bytes; i > 0; i--)
		value = value << 8 | (unsigned char)b->p[at + i - 1];
	return value;
}

/* Local header (30 + 5 bytes of name), data, then a descriptor of 16 bytes. */
static void small_entries_have_32_bit_records(void **state)
{
	static const struct row r = { "one", { 0 }, { { "a.txt", "hello" } }, 1 };
	struct buf out;
	size_t directory, descriptor;

	(void)state;
	buf_init(&out, MIB);
	write_row(&r, 5, &out);
	directory = (size_t)le(&out, out.n - 6, 4);
	descriptor = directory - 16;
	assert_int_equal(le(&out, 0, 4), 0x04034b50);
	assert_int_equal(le(&out, 4, 2), 20);     /* version needed */
	assert_int_equal(le(&out, 6, 2), 0x0808); /* descriptor, UTF-8 name */
	assert_int_equal(le(&out, 14, 4), 0);     /* crc */
	assert_int_equal(le(&out, 18, 8), 0);     /* sizes */
	assert_int_equal(le(&out, 28, 2), 0);     /* no extra field */
	assert_int_equal(le(&out, descriptor, 4), 0x08074b50);
	assert_int_equal(le(&out, descriptor + 4, 4), 0x3610a686); /* crc of "hello" */
	assert_int_equal(le(&out, descriptor + 8, 4), descriptor - 35);
	assert_int_equal(le(&out, descriptor + 12, 4), 5);
	assert_int_equal(le(&out, directory, 4), 0x02014b50);
	assert_int_equal(le(&out, directory + 24, 4), 5);
	assert_int_equal(le(&out, directory + 30, 2), 0); /* no extra field */
	assert_int_equal(out.n, directory + 46 + 5 + 22);
	buf_release(&out);
}

/* With ZIP64 asked for: extra field in both headers, eight-byte sizes behind the data,
 * and the two ZIP64 records in front of the end. */
static void zip64_records_stand_where_asked(void **state)
{
	static const struct row r = {
		"one", { .zip64 = true }, { { "a.txt", "hello" } }, 1
	};
	struct buf out;
	size_t end64, directory;

	(void)state;
	buf_init(&out, MIB);
	write_row(&r, 5, &out);
	assert_int_equal(le(&out, 4, 2), 45);
	assert_int_equal(le(&out, 18, 8), UINT64_MAX);
	assert_int_equal(le(&out, 28, 2), 20);
	assert_int_equal(le(&out, 35, 4), 0x00100001);
	assert_int_equal(le(&out, out.n - 22 - 20, 4), 0x07064b50);
	end64 = (size_t)le(&out, out.n - 22 - 12, 8);
	assert_int_equal(end64, out.n - 22 - 20 - 56);
	assert_int_equal(le(&out, end64, 4), 0x06064b50);
	assert_int_equal(le(&out, end64 + 32, 8), 1);
	directory = (size_t)le(&out, end64 + 48, 8);
	assert_int_equal(le(&out, directory, 4), 0x02014b50);
	assert_int_equal(le(&out, directory - 24, 4), 0x08074b50);
	assert_int_equal(le(&out, directory - 8, 8), 5);
	assert_int_equal(le(&out, directory + 20, 8), UINT64_MAX);
	assert_int_equal(le(&out, directory + 30, 2), 28);
	assert_int_equal(le(&out, out.n - 6, 4), UINT32_MAX);
	buf_release(&out);
}

/* The count of entries has 16 bits in the plain end record. */
static void many_entries_need_zip64(void **state)
{
	enum { MANY = 65600 };
	struct zip_write_options o = { .level = 1 };
	struct zip_write *w;
	struct zip_dir *dir;
	struct err e = { 0 };
	struct buf out;
	char name[16];
	FILE *f;

	(void)state;
	buf_init(&out, 16 * MIB);
	assert_int_equal(zip_write_open(&(struct sink){ into_buf, &out }, &o, &w, &e), 0);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "e%d", i);
		assert_int_equal(zip_write_entry(w, slice_str(name), &e), 0);
	}
	assert_int_equal(zip_write_data(w, SLICE("last"), &e), 0);
	assert_int_equal(zip_write_finish(w, &e), 0);
	zip_write_close(&w);
	f = to_file(&out);
	if (zip_dir_open(fileno(f), 0, out.n, MANY, &dir, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(zip_dir_count(dir), MANY);
	expect_entry(dir, name, SLICE("last"));
	zip_dir_close(&dir);
	(void)fclose(f);
	buf_release(&out);
}

/* Data that deflate cannot shrink fills its room again and again. */
static void long_random_data_survives(void **state)
{
	struct zip_write_options o = { .level = 6 };
	static char bytes[3 * MIB + 7];
	struct zip_write *w;
	struct zip_dir *dir;
	struct err e = { 0 };
	struct buf out;
	uint32_t seed = 1;
	FILE *f;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		seed = seed * 1664525U + 1013904223U;
		bytes[i] = (char)(seed >> 24);
	}
	buf_init(&out, 16 * MIB);
	assert_int_equal(zip_write_open(&(struct sink){ into_buf, &out }, &o, &w, &e), 0);
	assert_int_equal(zip_write_entry(w, SLICE("random"), &e), 0);
	assert_int_equal(zip_write_data(w, (struct slice){ bytes, sizeof(bytes) }, &e),
			 0);
	assert_int_equal(zip_write_finish(w, &e), 0);
	zip_write_close(&w);
	f = to_file(&out);
	assert_int_equal(zip_dir_open(fileno(f), 0, out.n, 1, &dir, &e), 0);
	expect_entry(dir, "random", (struct slice){ bytes, sizeof(bytes) });
	zip_dir_close(&dir);
	(void)fclose(f);
	buf_release(&out);
}

static int fail_later(void *to, struct slice bytes, struct err *e)
{
	unsigned *left = to;

	(void)bytes;
	return (*left)-- == 0 ? err_set(e, ERR_TRANSIENT, "the client left") : 0;
}

/* Wherever the output breaks, the failure comes out, once, and nothing leaks. */
static void a_failing_sink_is_reported(void **state)
{
	(void)state;
	for (unsigned good = 0;; good++) {
		unsigned left = good;
		struct zip_write *w;
		struct err e = { 0 };
		int result = zip_write_open(&(struct sink){ fail_later, &left },
					    &(struct zip_write_options){ 0 }, &w, &e);

		assert_int_equal(result, 0);
		if (zip_write_entry(w, SLICE("a"), &e) < 0 ||
		    zip_write_data(w, SLICE("b"), &e) < 0 || zip_write_finish(w, &e) < 0)
			result = -1;
		zip_write_close(&w);
		if (result == 0) {
			assert_true(good >= 5); /* header, name, data, descriptor, ... */
			return;
		}
		assert_int_equal(e.kind, ERR_TRANSIENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read_back_from_every_split),
		cmocka_unit_test(small_entries_have_32_bit_records),
		cmocka_unit_test(zip64_records_stand_where_asked),
		cmocka_unit_test(many_entries_need_zip64),
		cmocka_unit_test(long_random_data_survives),
		cmocka_unit_test(a_failing_sink_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
