/* Delimited text: records and cells, delimiters, encodings, and what is refused. */
#include "parse/csv_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK = 65536 }; /* bytes that are read at a time */

static const struct csv_limits limits = { .max_columns = 20,
					  .max_cell = 40,
					  .max_record = 400 };

/* Rows are written as "number:cell|cell|...\n", a NUL as a dot, and with a ! behind a row
 * that has one; a failure as "!kind text". */
static const struct row {
	const char *name;
	struct slice in;
	const char *want;
} rows[] = {
	{ "empty", SLICE_INIT(""), "" },
	{ "only line ends", SLICE_INIT("\r\n\n\r"), "" },
	{ "one cell", SLICE_INIT("a"), "1:a\n" },
	{ "two records", SLICE_INIT("a,b\nc,d\n"), "1:a|b\n2:c|d\n" },
	{ "no last end", SLICE_INIT("a,b\nc,d"), "1:a|b\n2:c|d\n" },
	{ "crlf", SLICE_INIT("a,b\r\nc,d\r\n"), "1:a|b\n2:c|d\n" },
	{ "cr", SLICE_INIT("a,b\rc,d\r"), "1:a|b\n2:c|d\n" },
	{ "mixed ends count each line once", SLICE_INIT("a\r\nb\rc\nd"),
	  "1:a\n2:b\n3:c\n4:d\n" },
	{ "blank lines count", SLICE_INIT("a\n\n\r\nb"), "1:a\n4:b\n" },
	{ "empty cells stay", SLICE_INIT(",a,,\n"), "1:|a||\n" },
	{ "ends behind a delimiter", SLICE_INIT("a,"), "1:a|\n" },
	{ "only delimiters are a row", SLICE_INIT("a,b\n,\n"), "1:a|b\n2:|\n" },
	{ "quoted", SLICE_INIT("\"a,b\",c\n"), "1:a,b|c\n" },
	{ "doubled quote", SLICE_INIT("\"a\"\"b\"\"\",\"\"\"\"\n"), "1:a\"b\"|\"\n" },
	{ "quoted empty", SLICE_INIT("\"\",\"\"\n"), "1:|\n" },
	{ "a quoted empty cell is no blank line", SLICE_INIT("\"\"\na"), "1:\n2:a\n" },
	{ "line ends in quotes", SLICE_INIT("\"a\r\nb\nc\",d\ne,f"),
	  "1:a\r\nb\nc|d\n2:e|f\n" },
	{ "quote inside of a plain cell", SLICE_INIT("5\" pipe,a\"b\"\n"),
	  "1:5\" pipe|a\"b\"\n" },
	{ "blanks behind a quote", SLICE_INIT("\"a\" ,\"b\"\t \nc,d"), "1:a|b\n2:c|d\n" },
	{ "blanks elsewhere stay", SLICE_INIT(" a ,b\n"), "1: a |b\n" },
	/* the comma once split the row */
	{ "blanks before a quote",
	  SLICE_INIT("A123, \"Manila, PH\",x\n  \"a\",\t\"b\"\"c\" ,d\n"),
	  "1:A123|Manila, PH|x\n2:a|b\"c|d\n" },
	{ "blanks before a quote that closes at the end",
	  SLICE_INIT("a, \"b\"\nc, \"d,\" "), "1:a|b\n2:c|d,\n" },
	{ "blanks before an empty quoted cell", SLICE_INIT("a, \"\"\n \"\"\nb"),
	  "1:a|\n2:\n3:b\n" },
	{ "blanks before a quote, line ends inside",
	  SLICE_INIT("a, \"b\r\nc,\"\rd, \"e\"\r\nf\n"), "1:a|b\r\nc,\n2:d|e\n3:f\n" },
	{ "blanks before a quote that closes nothing",
	  SLICE_INIT("a, 5\" pipe\nb, \"c\" d\ne, \"f, \"g\nh, \"\"i\n"),
	  "1:a| 5\" pipe\n2:b| \"c\" d\n3:e| \"f| \"g\n4:h| \"\"i\n" },
	{ "blanks before a quote that is never closed", SLICE_INIT("a, \"b\nc, \n \nd, "),
	  "1:a| \"b\n2:c| \n3: \n4:d| \n" },
	{ "blanks before a quote, a NUL behind it", SLICE_INIT("a, \"b\"\0\n"),
	  "1:a| \"b\".!\n" },
	{ "a bad byte behind a quote names its row",
	  SLICE_INIT("\xc3\xb1, \"b\nc\n\xff,d\n"),
	  "1:\xc3\xb1| \"b\n2:c\n!1 row 3: byte 9 (0xff) is no UTF-8, as the text "
	  "before it "
	  "is: save the file as CSV UTF-8 and upload that" },
	{ "tab before a quote is the delimiter",
	  SLICE_INIT("a\t\t\"b\"\n c\t \"d\t\"\te\n"), "1:a||b\n2: c|d\t|e\n" },
	{ "text behind a quote", SLICE_INIT("a,b\nc,\"d\"e\n"),
	  "1:a|b\n!1 row 2, column B: text behind a closing quote: quotes inside of a "
	  "cell "
	  "must be doubled" },
	{ "unterminated quote", SLICE_INIT("a,b\nc,d\ne,\"f\ng,h\n"),
	  "1:a|b\n2:c|d\n!1 row 3, column B: a quote is opened here and never closed" },
	{ "semicolon", SLICE_INIT("a;b;c\n1,5;2,5;3,5\n"), "1:a|b|c\n2:1,5|2,5|3,5\n" },
	{ "tab", SLICE_INIT("a\tb\tc\nx, y\tz, w\tv\n"), "1:a|b|c\n2:x, y|z, w|v\n" },
	{ "tab behind a quote is the delimiter", SLICE_INIT("\"a\"\tb\n"), "1:a|b\n" },
	{ "pipe", SLICE_INIT("a|b\nc|d\n"), "1:a|b\n2:c|d\n" },
	{ "a title line before the table", SLICE_INIT("Manifest, March\na;b;c\nd;e;f\n"),
	  "1:Manifest, March\n2:a|b|c\n3:d|e|f\n" },
	{ "delimiters in quotes do not vote",
	  SLICE_INIT("\"a;b;c;d\",x\n\"e;f;g;h\",y\n"), "1:a;b;c;d|x\n2:e;f;g;h|y\n" },
	{ "sep line", SLICE_INIT("sep=;\r\na,b;c\r\n"), "1:a,b|c\n" },
	{ "quoted sep line", SLICE_INIT("\"sep=|\"\na,b|c\n"), "1:a,b|c\n" },
	{ "sep line of another character", SLICE_INIT("SEP=#\na,b#c\n"), "1:a,b|c\n" },
	{ "sep line and nothing", SLICE_INIT("sep=;"), "" },
	{ "not a sep line", SLICE_INIT("sep=;a,b\n"), "1:sep=;a|b\n" },
	{ "utf-8 with a mark",
	  SLICE_INIT("\xef\xbb\xbf\x44o\xc3\xb1"
		     "a,b\n"),
	  "1:Do\xc3\xb1"
	  "a|b\n" },
	{ "windows-1252",
	  SLICE_INIT("Do\xf1"
		     "a,\x80 5\n"),
	  "1:Do\xc3\xb1"
	  "a|\xe2\x82\xac 5\n" },
	{ "utf-16le", SLICE_INIT("\xff\xfe\x61\0,\0\xf1\0\n\0\x62\0"),
	  "1:a|\xc3\xb1\n2:b\n" },
	{ "utf-16be", SLICE_INIT("\xfe\xff\0\x61\0,\0\xf1\0\n\0\x62"),
	  "1:a|\xc3\xb1\n2:b\n" },
	{ "bad byte names its row", SLICE_INIT("\xc3\xb1\xc3\xb1,b\nc,d\ne,\xff\n"),
	  "1:\xc3\xb1\xc3\xb1|b\n2:c|d\n!1 row 3: byte 13 (0xff) is no UTF-8, as the "
	  "text "
	  "before it is: save the file as CSV UTF-8 and upload that" },
	/* a NUL once had the whole file refused */
	{ "nul", SLICE_INIT("a,b\nc\0e,\0\0\ng,h\n"), "1:a|b\n2:c.e|..!\n3:g|h\n" },
	{ "nul in quotes", SLICE_INIT("\"a\0\"\"\",\"b\"\n\"\0\"\n"),
	  "1:a.\"|b!\n2:.!\n" },
	{ "nul at the ends", SLICE_INIT("\0a\n\0"), "1:.a!\n2:.!\n" },
	{ "nul behind a quote", SLICE_INIT("a,\"b\"\0\n"),
	  "!1 row 1, column B: text behind a closing quote: quotes inside of a cell "
	  "must be doubled" },
	{ "nul in utf-16", SLICE_INIT("\xff\xfe\x61\0\0\0,\0\x62\0"), "1:a.|b!\n" },
	{ "too many columns",
	  SLICE_INIT("1,2\n1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,"
		     "19,20,21\n"),
	  "1:1|2\n!3 row 2, column U: too many columns" },
	{ "40 characters",
	  SLICE_INIT("\xc3\xb1"
		     "234567890123456789012345678901234567890\n"),
	  "1:\xc3\xb1"
	  "234567890123456789012345678901234567890\n" },
	{ "41 characters", SLICE_INIT("a,12345678901234567890123456789012345678901\n"),
	  "!3 row 1, column B: the cell has too many characters" },
};

static int file_of(struct slice in)
{
	char name[] = "/tmp/test-csv-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	assert_int_equal(unlink(name), 0);
	/* three bytes before and behind that are not part of it */
	assert_int_equal(pwrite(fd, "xxx", 3, 0), 3);
	assert_int_equal(pwrite(fd, in.p, in.n, 3), (ssize_t)in.n);
	assert_int_equal(pwrite(fd, "\"x,", 3, (off_t)(3 + in.n)), 3);
	return fd;
}

static void add(char *to, size_t size, const char *what, size_t n)
{
	size_t at = strlen(to);

	assert_true(n < size - at);
	memcpy(to + at, what, n);
	to[at + n] = '\0';
}

/* Row numbers are given less `pad`; a failure without its row when there is a pad. */
static void read_all(struct csv *c, char *to, size_t size, size_t pad)
{
	struct err e = { 0 };
	struct csv_row r;
	char line[300];
	const char *text = e.text;
	int rc;

	to[0] = '\0';
	while ((rc = csv_next(c, &r, &e)) == PARSE_MORE) {
		(void)snprintf(line, sizeof(line),
			       "%llu:", (unsigned long long)(r.number - pad));
		add(to, size, line, strlen(line));
		for (size_t i = 0; i < r.n; i++) {
			for (size_t k = 0; k < r.cells[i].n; k++)
				add(to, size,
				    r.cells[i].p[k] == '\0' ? "." : r.cells[i].p + k, 1);
			add(to, size,
			    i + 1 < r.n ? "|"
			    : r.nul     ? "!\n"
					: "\n",
			    i + 1 == r.n && r.nul ? 2 : 1);
		}
	}
	if (rc < 0) {
		if (pad > 0 && strchr(e.text, ',') != NULL)
			text = strchr(e.text, ',');
		(void)snprintf(line, sizeof(line), "!%d %s", (int)e.kind, text);
		add(to, size, line, strlen(line));
	}
}

static void reads_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char got[4096];
		struct err e = { 0 };
		struct csv *c;
		int fd = file_of(rows[i].in);

		if (csv_open(fd, 3, rows[i].in.n, &limits, &c, &e) < 0)
			fail_msg("%s: %s", rows[i].name, e.text);
		for (int again = 0; again < 2; again++) {
			read_all(c, got, sizeof(got), 0);
			if (strcmp(got, rows[i].want) != 0)
				fail_msg("%s: got\n%s\nnot\n%s", rows[i].name, got,
					 rows[i].want);
			assert_int_equal(csv_rewind(c, &e), 0);
		}
		csv_close(&c);
		assert_null(c);
		csv_close(&c);
		close(fd);
	}
}

/* What is read from behind `pad` line ends. */
static void read_padded(struct slice in, size_t pad, char *to, size_t size)
{
	static char big[BLOCK + 4096];
	struct err e = { 0 };
	struct csv *c;
	int fd;

	assert_true(in.n <= sizeof(big) - pad);
	memset(big, '\n', pad);
	memcpy(big + pad, in.p, in.n);
	fd = file_of((struct slice){ big, pad + in.n });
	assert_int_equal(csv_open(fd, 3, pad + in.n, &limits, &c, &e), 0);
	read_all(c, to, size, pad);
	csv_close(&c);
	close(fd);
}

/* The file is read a block at a time: each byte of each row is once the first of the
 * second block. So many line ends before it leave only the comma as a delimiter. */
static void reads_rows_at_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char want[4096], got[4096];

		read_padded(rows[i].in, 100, want, sizeof(want));
		if (strstr(want, "byte") != NULL)
			continue; /* its offset differs */
		for (size_t split = 0; split < rows[i].in.n; split++) {
			read_padded(rows[i].in, BLOCK - split, got, sizeof(got));
			if (strcmp(got, want) != 0)
				fail_msg("%s, split %zu: got\n%s\nnot\n%s", rows[i].name,
					 split, got, want);
		}
	}
}

static void tells_delimiter_encoding_and_progress(void **state)
{
	struct err e = { 0 };
	struct csv_row r;
	struct csv *c;
	int fd = file_of(SLICE("a;b\n\xf1;c\n"));

	(void)state;
	assert_int_equal(csv_open(fd, 3, 8, &limits, &c, &e), 0);
	assert_int_equal(csv_delimiter(c), ';');
	assert_int_equal(csv_next(c, &r, &e), PARSE_MORE);
	assert_int_equal(csv_next(c, &r, &e), PARSE_MORE);
	assert_string_equal(csv_encoding(c), "Windows-1252");
	assert_int_equal(csv_next(c, &r, &e), PARSE_DONE);
	assert_int_equal(csv_next(c, &r, &e), PARSE_DONE);
	assert_int_equal(csv_progress(c), 8);
	csv_close(&c);
	close(fd);
}

/* A quote that is opened by mistake takes in the rest of the file: the limit of a row
 * must end that, and say so. */
static void refuses_a_row_too_long(void **state)
{
	static char big[300000];
	struct csv_limits wide = { 20, 1000000, 200000 };
	struct err e = { 0 };
	struct csv_row r;
	struct csv *c;
	int fd;

	(void)state;
	memset(big, 'x', sizeof(big));
	memcpy(big, "a,b\nc,\"", 7);
	fd = file_of((struct slice){ big, sizeof(big) });
	assert_int_equal(csv_open(fd, 3, sizeof(big), &wide, &c, &e), 0);
	assert_int_equal(csv_next(c, &r, &e), PARSE_MORE);
	assert_int_equal(csv_next(c, &r, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_string_equal(
		e.text, "row 2, column B: the row is too long, or a quote is not closed");
	csv_close(&c);
	close(fd);
}

/* A cell longer than the window is whole. */
static void reads_a_cell_longer_than_the_window(void **state)
{
	static char big[400000];
	struct csv_limits wide = { 20, 1000000, 1000000 };
	struct err e = { 0 };
	struct csv_row r;
	struct csv *c;
	int fd;

	(void)state;
	memset(big, 'x', sizeof(big));
	memcpy(big, "a,b\nc,", 6);
	memcpy(big + sizeof(big) - 3, ",d\n", 3);
	fd = file_of((struct slice){ big, sizeof(big) });
	assert_int_equal(csv_open(fd, 3, sizeof(big), &wide, &c, &e), 0);
	assert_int_equal(csv_next(c, &r, &e), PARSE_MORE);
	assert_int_equal(csv_next(c, &r, &e), PARSE_MORE);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.cells[1].n, sizeof(big) - 9);
	assert_memory_equal(r.cells[1].p, big + 6, sizeof(big) - 9);
	assert_true(slice_eq(r.cells[0], SLICE("c")));
	assert_true(slice_eq(r.cells[2], SLICE("d")));
	csv_close(&c);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_rows),
		cmocka_unit_test(reads_rows_at_every_split),
		cmocka_unit_test(tells_delimiter_encoding_and_progress),
		cmocka_unit_test(refuses_a_row_too_long),
		cmocka_unit_test(reads_a_cell_longer_than_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
