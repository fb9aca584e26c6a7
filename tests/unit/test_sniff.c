/* Kinds of files by their bytes, and a sentence for each that is refused. */
#include "parse/sniff.h"

#include "parse/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct row {
	const char *name;
	struct slice in;
	enum sniff_kind want;
} rows[] = {
	{ "empty", SLICE_INIT(""), SNIFF_EMPTY },
	{ "blanks", SLICE_INIT(" \r\n\t\n"), SNIFF_EMPTY },
	{ "only a mark", SLICE_INIT("\xef\xbb\xbf"), SNIFF_EMPTY },
	{ "only a mark of utf-16", SLICE_INIT("\xff\xfe"), SNIFF_EMPTY },
	{ "zip", SLICE_INIT("PK\x03\x04..."), SNIFF_ZIP },
	{ "empty zip", SLICE_INIT("PK\x05\x06\0\0\0\0"), SNIFF_ZIP },
	{ "zip of one volume", SLICE_INIT("PK\x07\x08PK\x03\x04"), SNIFF_ZIP },
	{ "zip with a prefix",
	  SLICE_INIT("MZ\0\0\x01\x02PK\x03\x04PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		     "\0\0"),
	  SNIFF_ZIP },
	{ "csv", SLICE_INIT("Waybill No,Receiver\n123,Ana\n"), SNIFF_TEXT },
	{ "a single character", SLICE_INIT("x"), SNIFF_TEXT },
	{ "sep line", SLICE_INIT("sep=;\na;b\n"), SNIFF_TEXT },
	{ "text that mentions html", SLICE_INIT("a,<html>\n"), SNIFF_TEXT },
	{ "text that begins with less", SLICE_INIT("<5 kg,b\n"), SNIFF_TEXT },
	{ "text that begins like a bzip", SLICE_INIT("BZhou,Ana\n"), SNIFF_TEXT },
	{ "text that begins with PK", SLICE_INIT("PKG,Ana\n"), SNIFF_TEXT },
	{ "utf-8", SLICE_INIT("\xef\xbb\xbf\xe8\xbf\x90,b\n"), SNIFF_TEXT },
	{ "windows-1252", SLICE_INIT("Do\xf1\x61,b\n"), SNIFF_TEXT },
	{ "utf-16le", SLICE_INIT("\xff\xfe\x61\0,\0\xf1\0"), SNIFF_TEXT },
	{ "utf-16be without a mark", SLICE_INIT("\0a\0,\0b\0\n"), SNIFF_TEXT },
	{ "text with a damaged byte is told of later",
	  SLICE_INIT("\xc3\xb1\xc3\xb1\xc3\xb1 \xff,a\n"), SNIFF_TEXT },
	{ "biff 2", SLICE_INIT("\x09\x00\x04\x00\x02\x00\x10\x00"), SNIFF_XLS_OLD },
	{ "biff 3", SLICE_INIT("\x09\x02\x06\x00\x00\x00\x10\x00"), SNIFF_XLS_OLD },
	{ "biff 4", SLICE_INIT("\x09\x04\x06\x00\x00\x00\x10\x00"), SNIFF_XLS_OLD },
	{ "biff 5", SLICE_INIT("\x09\x08\x08\x00\x00\x05\x05\x00"), SNIFF_XLS_OLD },
	{ "biff 8", SLICE_INIT("\x09\x08\x10\x00\x00\x06\x05\x00"), SNIFF_XLS_OLD },
	{ "biff by a php script's xlsBOF()",
	  SLICE_INIT("\x09\x08\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x04\x02\x0f\x00"),
	  SNIFF_XLS_OLD },
	{ "a lone ole signature", SLICE_INIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
	  SNIFF_OLE_OTHER },
	{ "html", SLICE_INIT("<html><body><table>"), SNIFF_HTML },
	{ "doctype", SLICE_INIT("\xef\xbb\xbf \r\n<!DOCTYPE HTML PUBLIC \"\">"),
	  SNIFF_HTML },
	{ "a bare table", SLICE_INIT("<TABLE border=1>"), SNIFF_HTML },
	{ "center", SLICE_INIT("<center><b>Manifest</b></center>"), SNIFF_HTML },
	{ "font", SLICE_INIT("<FONT size=2>Manifest"), SNIFF_HTML },
	{ "a heading", SLICE_INIT("<h2>Manifest</h2>"), SNIFF_HTML },
	{ "a title", SLICE_INIT("<title>Manifest</title>"), SNIFF_HTML },
	{ "a table's row", SLICE_INIT("<tr><td>Waybill No</td>"), SNIFF_HTML },
	{ "a table's cell", SLICE_INIT("<td\n>Waybill No</td>"), SNIFF_HTML },
	{ "a paragraph", SLICE_INIT("<p>"), SNIFF_HTML },
	{ "a line of its own", SLICE_INIT("<br/>\n<b>Warning</b>: mysql"), SNIFF_HTML },
	{ "style", SLICE_INIT("<style type=\"text/css\">td{}"), SNIFF_HTML },
	{ "meta", SLICE_INIT("<meta http-equiv=\"Content-Type\">"), SNIFF_HTML },
	{ "a comment", SLICE_INIT("<!-- made by a portal -->\n"), SNIFF_HTML },
	{ "a comment that does not end", SLICE_INIT("<!-- made by"), SNIFF_HTML },
	{ "a comment before a page", SLICE_INIT("\n<!-- a -->\n<!---->\n<div>"),
	  SNIFF_HTML },
	{ "a comment before a workbook", SLICE_INIT("<!-- a --> <Workbook xmlns=\"x\">"),
	  SNIFF_XML_WORKBOOK },
	{ "a mark behind blanks", SLICE_INIT("\r\n \xef\xbb\xbf\n<td>x"), SNIFF_HTML },
	{ "two marks", SLICE_INIT("\xef\xbb\xbf\xef\xbb\xbf<table>"), SNIFF_HTML },
	{ "a page saved by Chrome", SLICE_INIT("From: <Saved by Blink>\r\n"),
	  SNIFF_HTML },
	{ "no element of html", SLICE_INIT("<tracking>,<name>\n"), SNIFF_TEXT },
	{ "an element's name goes on", SLICE_INIT("<p2,<b\n"), SNIFF_TEXT },
	{ "less than a letter", SLICE_INIT("<b,c\n"), SNIFF_TEXT },
	{ "html in utf-16", SLICE_INIT("\xff\xfe<\0H\0t\0m\0l\0>\0"), SNIFF_HTML },
	{ "xhtml", SLICE_INIT("<?xml version=\"1.0\"?>\n<html xmlns=\"\">"), SNIFF_HTML },
	{ "single file web page", SLICE_INIT("MIME-Version: 1.0\r\n"), SNIFF_HTML },
	{ "excel 2003 xml",
	  SLICE_INIT("<?xml version=\"1.0\"?>\n<?mso-application "
		     "progid=\"Excel.Sheet\"?>\n"),
	  SNIFF_XML_WORKBOOK },
	{ "excel 2003 xml by its namespace",
	  SLICE_INIT("<?xml version=\"1.0\"?><Workbook "
		     "xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">"),
	  SNIFF_XML_WORKBOOK },
	{ "excel 2003 xml without a declaration", SLICE_INIT("<Workbook xmlns=\"x\">"),
	  SNIFF_XML_WORKBOOK },
	{ "excel 2003 xml, prefixed", SLICE_INIT("<ss:Workbook xmlns:ss=\"x\">"),
	  SNIFF_XML_WORKBOOK },
	{ "another document type", SLICE_INIT("<!DOCTYPE svg PUBLIC \"\">"), SNIFF_XML },
	{ "xml", SLICE_INIT("<?xml version=\"1.0\"?><a/>"), SNIFF_XML },
	{ "rtf", SLICE_INIT("{\\rtf1\\ansi"), SNIFF_RTF },
	{ "json object", SLICE_INIT("{\"a\":1}"), SNIFF_JSON },
	{ "json array", SLICE_INIT(" [{\"a\":1}]"), SNIFF_JSON },
	{ "pdf", SLICE_INIT("%PDF-1.7\n"), SNIFF_PDF },
	{ "pdf behind a line", SLICE_INIT("\r\n%PDF-1.7\n"), SNIFF_PDF },
	{ "png", SLICE_INIT("\x89PNG\r\n\x1a\n\0"), SNIFF_IMAGE },
	{ "jpeg", SLICE_INIT("\xff\xd8\xff\xe0\0\x10JFIF"), SNIFF_IMAGE },
	{ "gif", SLICE_INIT("GIF89a\x01\0"), SNIFF_IMAGE },
	{ "tiff", SLICE_INIT("II*\0\x08\0"), SNIFF_IMAGE },
	{ "webp", SLICE_INIT("RIFF\x10\0\0\0WEBPVP8 "), SNIFF_IMAGE },
	{ "heic",
	  SLICE_INIT("\0\0\0\x18"
		     "ftypheic"),
	  SNIFF_IMAGE },
	{ "gzip", SLICE_INIT("\x1f\x8b\x08\0"), SNIFF_ARCHIVE },
	{ "rar", SLICE_INIT("Rar!\x1a\x07\x01\0"), SNIFF_ARCHIVE },
	{ "7z", SLICE_INIT("7z\xbc\xaf\x27\x1c\0"), SNIFF_ARCHIVE },
	{ "xz", SLICE_INIT("\xfd\x37zXZ\0"), SNIFF_ARCHIVE },
	{ "bzip2", SLICE_INIT("BZh91AY&SY"), SNIFF_ARCHIVE },
	{ "zstd", SLICE_INIT("\x28\xb5\x2f\xfd"), SNIFF_ARCHIVE },
	{ "nul bytes", SLICE_INIT("abc\0\0\0def"), SNIFF_BINARY },
	{ "a nul in a cell", SLICE_INIT("Waybill,City\nB1,\0x\n"), SNIFF_TEXT },
	{ "zeros", SLICE_INIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  SNIFF_BINARY },
	/* a bell or a few others in a cell made a short manifest "no text file" */
	{ "csv with control characters in its cells",
	  SLICE_INIT("Waybill,City\nB\x07"
		     "1,\x01\x02x\n"),
	  SNIFF_TEXT },
	{ "csv that ends as under DOS", SLICE_INIT("a,b\n\x1a\x1a\x1a\x1a\x1a\x1a\x1a"),
	  SNIFF_TEXT },
	{ "a printer's escapes", SLICE_INIT("\033@\033E\033(\033E\033&\033(a,b\f"),
	  SNIFF_TEXT },
	{ "control characters",
	  SLICE_INIT("\x7f"
		     "ELF\x02\x01\x01\x03\x04\x05\x06"),
	  SNIFF_BINARY },
};

static int file_of(struct slice in)
{
	char name[] = "/tmp/test-sniff-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	assert_int_equal(unlink(name), 0);
	/* bytes before and behind that are not part of it */
	assert_int_equal(pwrite(fd, "PK\x03\x04", 4, 0), 4);
	assert_int_equal(pwrite(fd, in.p, in.n, 4), (ssize_t)in.n);
	assert_int_equal(pwrite(fd, "\0\0", 2, (off_t)(4 + in.n)), 2);
	return fd;
}

static enum sniff_kind kind_of(struct slice in)
{
	int fd = file_of(in);
	enum sniff_kind kind;
	struct err e = { 0 };

	assert_int_equal(sniff_file(fd, 4, in.n, &kind, &e), 0);
	assert_int_equal(e.kind, ERR_NONE);
	close(fd);
	return kind;
}

static void tells_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum sniff_kind kind = kind_of(rows[i].in);

		if (kind != rows[i].want)
			fail_msg("%s: %d, not %d", rows[i].name, (int)kind,
				 (int)rows[i].want);
	}
}

/*
 * An OLE container of `sectors` sectors of 512 bytes: the FAT in sector 0, a directory
 * that begins in sector 1 and goes on in sector `next`. In its second sector the last of
 * four entries has this name.
 */
static void make_ole(char *p, size_t sectors, uint32_t next, const char *name)
{
	char *entry = p + 512 * (size_t)(next + 1) + 3 * 128;
	size_t n = strlen(name);

	memset(p, 0, 512 * (sectors + 1));
	memcpy(p, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
	p[30] = 9;
	p[48] = 1;               /* first directory sector */
	p[512 + 4] = (char)next; /* what follows sector 1 */
	memset(p + 512 + 4 * (size_t)next, 0xff, 4);
	p[512 + 4 * (size_t)next] = '\xfe'; /* end of chain */
	for (size_t i = 0; i < n; i++)
		entry[2 * i] = name[i];
	entry[64] = (char)(2 * (n + 1));
}

static void tells_ole_containers_apart(void **state)
{
	static const struct {
		const char *name;
		enum sniff_kind want;
	} ole[] = {
		{ "Workbook", SNIFF_OLE_WORKBOOK },
		{ "Book", SNIFF_OLE_WORKBOOK },
		{ "EncryptedPackage", SNIFF_OLE_ENCRYPTED },
		{ "WordDocument", SNIFF_OLE_OTHER },
		{ "workbook", SNIFF_OLE_OTHER },
		{ "Workbook2", SNIFF_OLE_OTHER },
	};
	char p[512 * 6];

	(void)state;
	for (size_t i = 0; i < sizeof(ole) / sizeof(ole[0]); i++)
		for (uint32_t next = 2; next < 5; next++) {
			enum sniff_kind kind;

			make_ole(p, 5, next, ole[i].name);
			kind = kind_of((struct slice){ p, sizeof(p) });
			if (kind != ole[i].want)
				fail_msg("%s in %u: %d", ole[i].name, next, (int)kind);
		}
}

/* Chains that go round, lead outside, or are cut off: some kind, and an end. */
static void survives_damaged_ole_containers(void **state)
{
	char p[512 * 6];

	(void)state;
	make_ole(p, 5, 2, "Nothing");
	p[512 + 8] = 1; /* 2 is followed by 1 again */
	memset(p + 512 + 9, 0, 3);
	assert_int_equal(kind_of((struct slice){ p, sizeof(p) }), SNIFF_OLE_OTHER);
	memset(p + 512 + 8, 0x7f, 4);
	assert_int_equal(kind_of((struct slice){ p, sizeof(p) }), SNIFF_OLE_OTHER);
	memset(p + 48, 0xff, 4);
	assert_int_equal(kind_of((struct slice){ p, sizeof(p) }), SNIFF_OLE_OTHER);
	make_ole(p, 5, 2, "Workbook");
	p[30] = 63;
	assert_int_equal(kind_of((struct slice){ p, sizeof(p) }), SNIFF_OLE_OTHER);
	make_ole(p, 5, 2, "Workbook");
	for (size_t n = 512; n < 512 * 4; n++)
		assert_int_equal(kind_of((struct slice){ p, n }), SNIFF_OLE_OTHER);
	assert_int_equal(kind_of((struct slice){ p, 512 * 4 }), SNIFF_OLE_WORKBOOK);
}

static void has_a_sentence_for_each_refusal(void **state)
{
	(void)state;
	for (int kind = SNIFF_EMPTY; kind <= SNIFF_BINARY; kind++) {
		const char *text = sniff_refusal((enum sniff_kind)kind);
		struct err e = { 0 };

		if (kind == SNIFF_ZIP || kind == SNIFF_TEXT) {
			assert_null(text);
			continue;
		}
		assert_non_null(text);
		assert_true(text[0] >= 'a' && text[0] <= 'z');
		assert_true(text[strlen(text) - 1] != '.');
		assert_true(strlen(text) < sizeof(e.text));
	}
	assert_non_null(
		strstr(sniff_refusal(SNIFF_OLE_ENCRYPTED), "remove the password"));
	assert_non_null(strstr(sniff_refusal(SNIFF_OLE_WORKBOOK), "save it as .xlsx"));
}

static void tells_a_read_failure(void **state)
{
	enum sniff_kind kind;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(sniff_file(-1, 0, 100, &kind, &e), -1);
	assert_int_equal(e.kind, ERR_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_kinds),
		cmocka_unit_test(tells_ole_containers_apart),
		cmocka_unit_test(survives_damaged_ole_containers),
		cmocka_unit_test(has_a_sentence_for_each_refusal),
		cmocka_unit_test(tells_a_read_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
