/* The central directory: what is found in it, and every way it can lie. */
#include "parse/zip_dir.h"

#include "tests/support/zip_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

static struct zip_build z;

static void three_entries(void)
{
	memset(&z, 0, sizeof(z));
	zb_stored(&z, "b.xml", SLICE("<b/>"));
	zb_stored(&z, "a.xml", SLICE("<aaa/>"));
	zb_stored(&z, "dir/", SLICE(""));
}

static void plain(void)
{
	three_entries();
	zb_dir(&z, false);
	zb_end(&z, SLICE(""));
}

/* Offsets of fields from the ends of a plain archive of three entries. */
enum { END = 22, CENTRAL = 46 };

static void with_comment(void)
{
	three_entries();
	zb_dir(&z, false);
	zb_end(&z,
	       SLICE("a comment with PK\x05\x06 in it, and more than 22 bytes behind"));
}

static void zip64(void)
{
	three_entries();
	zb_dir(&z, true);
	zb_end64(&z);
}

static void prefixed(const char *with, void (*make)(void))
{
	static struct zip_build was;

	make();
	was = z;
	z.n = 0;
	zb_bytes(&z, with, strlen(with));
	zb_bytes(&z, was.p, was.n);
}

static void with_prefix(void)
{
	prefixed("#!/bin/sh\n", plain);
}

static void zip64_with_prefix(void)
{
	prefixed("#!/bin/sh\n", zip64);
}

static void signed_dir(void)
{
	three_entries();
	zb_dir(&z, false);
	zb_end(&z, SLICE(""));
	z.n -= END;
	/* 4.3.13, digital signature */
	zb_num(&z, 0x05054b50, 4);
	zb_num(&z, 0, 2);
	zb_num(&z, 0x06054b50, 4);
	zb_num(&z, 0, 4);
	zb_num(&z, 3, 2);
	zb_num(&z, 3, 2);
	zb_num(&z, z.n - 18 - z.dir, 4);
	zb_num(&z, z.dir, 4);
	zb_num(&z, 0, 2);
}

static void nothing(void)
{
	memset(&z, 0, sizeof(z));
}

static void no_entries(void)
{
	nothing();
	zb_dir(&z, false);
	zb_end(&z, SLICE(""));
}

static void cut_end(void)
{
	plain();
	z.n--;
}

static void byte_behind(void)
{
	plain();
	zb_num(&z, 0, 1);
}

static void volumes(void)
{
	plain();
	zb_patch(&z, z.n - END + 4, 1, 2);
}

static void entry_of_a_volume(void)
{
	plain();
	zb_patch(&z, z.dir + 34, 1, 2);
}

static void dir_outside(void)
{
	plain();
	zb_patch(&z, z.n - END + 12, 100000, 4);
}

static void dir_elsewhere(void)
{
	plain();
	zb_patch(&z, z.n - END + 16, z.dir + 1, 4);
}

static void count_too_low(void)
{
	plain();
	zb_patch(&z, z.n - END + 8, 2, 2);
	zb_patch(&z, z.n - END + 10, 2, 2);
}

static void count_too_high(void)
{
	plain();
	zb_patch(&z, z.n - END + 8, 4, 2);
	zb_patch(&z, z.n - END + 10, 4, 2);
}

static void count_far_too_high(void)
{
	plain();
	zb_patch(&z, z.n - END + 8, 100, 2);
	zb_patch(&z, z.n - END + 10, 100, 2);
}

static void bad_signature(void)
{
	plain();
	zb_patch(&z, z.dir + CENTRAL + 5, 0, 4);
}

static void long_name(void)
{
	plain();
	zb_patch(&z, z.dir + 28, 0xffff, 2);
}

static void long_extra(void)
{
	plain();
	zb_patch(&z, z.dir + 30, 0xffff, 2);
}

static void long_comment(void)
{
	plain();
	zb_patch(&z, z.dir + 32, 0xffff, 2);
}

static void entry_outside(void)
{
	plain();
	zb_patch(&z, z.dir + 42, 0xfffffff0, 4);
}

static void entry_in_the_dir(void)
{
	plain();
	zb_patch(&z, z.dir + 42, z.dir - 20, 4);
}

static void too_long_for_its_place(void)
{
	plain();
	zb_patch(&z, z.dir + 20, 5, 4);
}

static void wraps(void)
{
	zip64();
	/* 2^64 - 1 packed bytes: behind the name, two extra heads, one byte, unpacked */
	zb_patch(&z, z.dir + CENTRAL + 5 + 5 + 4 + 8, UINT64_MAX, 8);
}

static void offset_wraps(void)
{
	zip64();
	zb_patch(&z, z.dir + CENTRAL + 5 + 5 + 4 + 16, UINT64_MAX - 10, 8);
}

static void same_place(void)
{
	plain();
	zb_patch(&z, z.dir + 42, z.e[1].offset, 4);
}

static void same_name(void)
{
	three_entries();
	z.e[0].name = z.e[1].name;
	zb_dir(&z, false);
	zb_end(&z, SLICE(""));
}

static void short_zip64_field(void)
{
	zip64();
	zb_patch(&z, z.dir + CENTRAL + 5 + 5 + 2, 23, 2);
}

static void extra_past_its_end(void)
{
	zip64();
	zb_patch(&z, z.dir + CENTRAL + 5 + 2, 60, 2);
}

static void no_zip64_record(void)
{
	zip64();
	zb_patch(&z, z.n - END - 20 - 56, 0, 4);
}

static void zip64_record_outside(void)
{
	zip64();
	zb_patch(&z, z.n - END - 20 + 8, UINT64_MAX - 5, 8);
}

static void end_records_differ(void)
{
	zip64();
	zb_patch(&z, z.n - END + 10, 2, 2);
}

static void zip64_volumes(void)
{
	zip64();
	zb_patch(&z, z.n - END - 20 + 16, 2, 4);
}

static void zip64_dir_wraps(void)
{
	zip64();
	zb_patch(&z, z.n - END - 20 - 56 + 40, UINT64_MAX - 10, 8);
}

static const struct row {
	const char *name;
	void (*make)(void);
	const char *want; /* NULL: opens, with the three entries */
} rows[] = {
	{ "plain", plain, NULL },
	{ "comment", with_comment, NULL },
	{ "zip64", zip64, NULL },
	{ "prefix", with_prefix, NULL },
	{ "zip64 with a prefix", zip64_with_prefix, NULL },
	{ "signature behind the directory", signed_dir, NULL },
	{ "empty file", nothing, "the file is too short for a ZIP archive" },
	{ "cut off", cut_end,
	  "the ZIP archive has no end: the file was cut off or damaged" },
	{ "something behind", byte_behind,
	  "the ZIP archive has no end: the file was cut off or damaged" },
	{ "volumes", volumes, "the ZIP archive is one of several volumes" },
	{ "entry of a volume", entry_of_a_volume,
	  "the ZIP archive is one of several volumes" },
	{ "directory outside", dir_outside, "damaged ZIP archive: directory outside" },
	{ "directory elsewhere", dir_elsewhere,
	  "damaged ZIP archive: no directory where it should be" },
	{ "count too low", count_too_low,
	  "damaged ZIP archive: more directory than entries" },
	{ "count too high", count_too_high, "damaged ZIP archive: directory cut off" },
	{ "count far too high", count_far_too_high,
	  "damaged ZIP archive: directory cut off" },
	{ "bad signature", bad_signature, "damaged ZIP archive: directory entry" },
	{ "name too long", long_name, "damaged ZIP archive: directory cut off" },
	{ "extra field too long", long_extra, "damaged ZIP archive: directory cut off" },
	{ "comment too long", long_comment, "damaged ZIP archive: directory cut off" },
	{ "entry outside", entry_outside, "damaged ZIP archive: an entry lies outside" },
	{ "entry runs into the directory", entry_in_the_dir,
	  "damaged ZIP archive: entries overlap" },
	{ "entry runs into the next", too_long_for_its_place,
	  "damaged ZIP archive: entries overlap" },
	{ "packed size wraps", wraps, "damaged ZIP archive: entries overlap" },
	{ "offset wraps", offset_wraps, "damaged ZIP archive: an entry lies outside" },
	{ "two entries in one place", same_place,
	  "damaged ZIP archive: entries overlap" },
	{ "two entries of one name", same_name,
	  "damaged ZIP archive: two entries of one name" },
	{ "short zip64 field", short_zip64_field, "damaged ZIP archive: ZIP64 field" },
	{ "extra field past its end", extra_past_its_end,
	  "damaged ZIP archive: extra field" },
	{ "no zip64 record", no_zip64_record, "damaged ZIP archive: no ZIP64 record" },
	{ "zip64 record outside", zip64_record_outside,
	  "damaged ZIP archive: ZIP64 record outside" },
	{ "end records differ", end_records_differ,
	  "damaged ZIP archive: its two end records differ" },
	{ "zip64 volumes", zip64_volumes, "the ZIP archive is one of several volumes" },
	{ "zip64 directory wraps", zip64_dir_wraps,
	  "damaged ZIP archive: directory outside" },
};

static void check_entries(const char *name, const struct zip_dir *d)
{
	const struct zip_entry *a = zip_dir_find(d, SLICE("a.xml"));

	if (zip_dir_count(d) != 3 || a == NULL || a->packed != 6 || a->unpacked != 6 ||
	    a->crc != zb_crc(SLICE("<aaa/>")) || a->method != 0 || a->encrypted)
		fail_msg("%s: a.xml is not what it was", name);
	assert_ptr_equal(a, zip_dir_at(d, 1));
	assert_true(slice_eq(zip_dir_at(d, 0)->name, SLICE("b.xml")));
	assert_null(zip_dir_find(d, SLICE("A.xml")));
	assert_null(zip_dir_find(d, SLICE("a.xm")));
	assert_null(zip_dir_find(d, SLICE("a.xmll")));
	assert_null(zip_dir_find(d, SLICE("")));
}

static void opens_or_tells_why_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t start = 0; start < 8; start += 7) {
			struct err e = { 0 };
			struct zip_dir *d;
			int fd, rc;

			rows[i].make();
			fd = zb_file((struct slice){ z.p, z.n }, start);
			rc = zip_dir_open(fd, start, z.n, 100, &d, &e);
			if ((rc == 0) != (rows[i].want == NULL) ||
			    (rc < 0 && (e.kind != ERR_INPUT || d != NULL ||
					strcmp(e.text, rows[i].want) != 0)))
				fail_msg("%s: %d %d %s", rows[i].name, rc, (int)e.kind,
					 e.text);
			if (rc == 0)
				check_entries(rows[i].name, d);
			zip_dir_close(&d);
			assert_null(d);
			close(fd);
		}
}

/* Whatever is cut off: an error, never a crash or another archive. */
static void every_cut_is_refused(void **state)
{
	void (*const make[])(void) = { plain, zip64, with_comment };

	(void)state;
	for (size_t m = 0; m < sizeof(make) / sizeof(make[0]); m++) {
		int fd;

		make[m]();
		fd = zb_file((struct slice){ z.p, z.n }, 0);
		for (size_t n = 0; n < z.n; n++) {
			struct err e = { 0 };
			struct zip_dir *d;

			assert_int_equal(zip_dir_open(fd, 0, n, 100, &d, &e), -1);
			assert_int_equal(e.kind, ERR_INPUT);
		}
		close(fd);
	}
}

static void an_empty_archive_has_no_entries(void **state)
{
	struct err e = { 0 };
	struct zip_dir *d;
	int fd;

	(void)state;
	no_entries();
	fd = zb_file((struct slice){ z.p, z.n }, 0);
	assert_int_equal(zip_dir_open(fd, 0, z.n, 100, &d, &e), 0);
	assert_int_equal(zip_dir_count(d), 0);
	assert_null(zip_dir_find(d, SLICE("a")));
	zip_dir_close(&d);
	close(fd);
}

static void limits_entries(void **state)
{
	struct err e = { 0 };
	struct zip_dir *d;
	int fd;

	(void)state;
	plain();
	fd = zb_file((struct slice){ z.p, z.n }, 0);
	assert_int_equal(zip_dir_open(fd, 0, z.n, 2, &d, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	e = (struct err){ 0 };
	assert_int_equal(zip_dir_open(fd, 0, z.n, 3, &d, &e), 0);
	zip_dir_close(&d);
	close(fd);
}

/* The file behind the descriptor is shorter than it was said to be. */
static void tells_a_read_failure(void **state)
{
	struct err e = { 0 };
	struct zip_dir *d;
	int fd;

	(void)state;
	plain();
	fd = zb_file((struct slice){ z.p, z.n }, 0);
	assert_int_equal(zip_dir_open(fd, 0, z.n + 100, 100, &d, &e), -1);
	assert_int_equal(e.kind, ERR_INTERNAL);
	close(fd);
	e = (struct err){ 0 };
	assert_int_equal(zip_dir_open(-1, 0, z.n, 100, &d, &e), -1);
	assert_int_equal(e.kind, ERR_INTERNAL);
}

static void finds_each_of_thousands(void **state)
{
	enum { N = 5000 };
	struct err e = { 0 };
	struct zip_dir *d;
	int fd;

	(void)state;
	memset(&z, 0, sizeof(z));
	for (unsigned i = 0; i < N; i++) {
		zb_num(&z, 0x04034b50, 4);
		zb_num(&z, 0, 8);
		zb_num(&z, 0, 8);
		zb_num(&z, 0, 6);
		zb_num(&z, 6, 4);
		zb_num(&z, 0, 6);
	}
	z.dir = z.n;
	for (unsigned i = 0; i < N; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "n%05u", i * 7919 % N);
		zb_num(&z, 0x02014b50, 4);
		zb_num(&z, 0, 8);
		zb_num(&z, 0, 8);
		zb_num(&z, 0, 8);
		zb_num(&z, 6, 6);
		zb_num(&z, 0, 8);
		zb_num(&z, i * 36, 4);
		zb_bytes(&z, name, 6);
	}
	z.n_e = N;
	zb_end(&z, SLICE(""));
	fd = zb_file((struct slice){ z.p, z.n }, 0);
	if (zip_dir_open(fd, 0, z.n, N, &d, &e) < 0)
		fail_msg("%s", e.text);
	for (unsigned i = 0; i < N; i++) {
		const struct zip_entry *entry;
		char name[16];

		(void)snprintf(name, sizeof(name), "n%05u", i);
		entry = zip_dir_find(d, slice_str(name));
		assert_non_null(entry);
		assert_true(slice_eq(entry->name, slice_str(name)));
	}
	zip_dir_close(&d);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_or_tells_why_not),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(an_empty_archive_has_no_entries),
		cmocka_unit_test(limits_entries),
		cmocka_unit_test(tells_a_read_failure),
		cmocka_unit_test(finds_each_of_thousands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
