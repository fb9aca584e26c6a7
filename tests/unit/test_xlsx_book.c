/*
 * Workbooks: parts found by relationships, sheets and their states, and archives that
 * are something else.
 */
#include "parse/xlsx_book.h"

#include "tests/unit/mkzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NS     "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define STRICT "http://purl.oclc.org/ooxml/officeDocument/relationships"
#define REL(id, type, target)                                                            \
	"<Relationship Id='" id "' Type='" type "' Target='" target "'/>"
#define ROOT(target)                                                                     \
	{                                                                                \
		"_rels/.rels", "<Relationships>" REL("r1", NS "/officeDocument",         \
						     target) "</Relationships>"          \
	}
#define SHEETS(list) "<workbook xmlns:r='" NS "'><sheets>" list "</sheets></workbook>"
#define RELS(list)   "<Relationships>" list "</Relationships>"

static const struct sample {
	const char *name;
	/* Sheets as "NAME=PART", '*' behind the name of a hidden one, each with a ' '
	 * behind it; then "strings=PART", "1904", and a letter for each style. Or '!',
	 * the kind of the error and the start of its text. */
	const char *want;
	struct mkzip_entry entries[8];
} samples[] = {
	{ "usual",
	  "Data=xl/worksheets/sheet1.xml Old*=xl/worksheets/sheet2.xml "
	  "Very*=xl/worksheets/sheet3.xml strings=xl/sharedStrings.xml nd",
	  { ROOT("xl/workbook.xml"),
	    { "xl/workbook.xml",
	      SHEETS("<sheet name='Data' sheetId='7' r:id='rId3'/>"
		     "<sheet name='Old' sheetId='2' state='hidden' r:id='rId1'/>"
		     "<sheet name='Very' sheetId='3' state='veryHidden' r:id='rId2'/>") },
	    { "xl/_rels/workbook.xml.rels",
	      RELS(REL("rId3", NS "/worksheet", "worksheets/sheet1.xml")
			   REL("rId1", NS "/worksheet", "worksheets/sheet2.xml") REL(
				   "rId2", NS "/worksheet", "/xl/worksheets/sheet3.xml")
				   REL("rId4", NS "/styles", "styles.xml")
					   REL("rId5", NS "/sharedStrings",
					       "sharedStrings.xml")) },
	    { "xl/styles.xml", "<styleSheet><cellXfs><xf numFmtId='0'/><xf "
			       "numFmtId='14'/></cellXfs></styleSheet>" },
	    { "xl/sharedStrings.xml", "<sst/>" },
	    { "xl/worksheets/sheet1.xml", "" },
	    { "xl/worksheets/sheet2.xml", "" },
	    { "xl/worksheets/sheet3.xml", "" } } },
	{ "strict, other paths, other prefixes, 1904",
	  "R&D=some/where/one.xml 1904 ",
	  { { "_rels/.rels",
	      RELS(REL("a",
		       "http://schemas.openxmlformats.org/package/2006/relationships/"
		       "metadata/core-properties",
		       "core.xml") REL("b", STRICT "/officeDocument", "/Book.xml")) },
	    { "book.xml",
	      "<m:workbook xmlns:m='http://purl.oclc.org/ooxml/spreadsheetml/main' "
	      "xmlns:q='" STRICT "'><m:workbookPr date1904='true'/>"
	      "<m:sheets><m:sheet name='R&amp;D' sheetId='1' q:id='x1'/></m:sheets>"
	      "</m:workbook>" },
	    { "_rels/book.xml.rels",
	      RELS(REL("x1", STRICT "/worksheet", "some/Where/one%2Exml")) },
	    { "some/where/one.xml", "" } } },
	{ "charts and macro sheets are no worksheets",
	  "B=xl/b.xml ",
	  { ROOT("xl/workbook.xml"),
	    { "xl/workbook.xml",
	      SHEETS("<sheet name='A' r:id='r1'/><sheet name='B' r:id='r2'/>"
		     "<sheet name='C' r:id='r3'/>") },
	    { "xl/_rels/workbook.xml.rels",
	      RELS(REL("r1", NS "/chartsheet", "a.xml")
			   REL("r2", NS "/worksheet", "b.xml")
				   REL("r3",
				       "http://schemas.microsoft.com/office/2006/"
				       "relationships/xlMacrosheet",
				       "c.xml")) },
	    { "xl/a.xml", "" },
	    { "xl/b.xml", "" },
	    { "xl/c.xml", "" } } },
	{ "sheets elsewhere in the part are none",
	  "A=a.xml ",
	  { ROOT("book.xml"),
	    { "book.xml", "<workbook><extLst><ext><sheets><sheet name='X' "
			  "r:id='r1'/></sheets></ext></extLst>"
			  "<sheets><sheet name='A' r:id='r1'><sheet name='Y' "
			  "r:id='r1'/></sheet></sheets>"
			  "</workbook>" },
	    { "_rels/book.xml.rels", RELS(REL("r1", NS "/worksheet", "a.xml")) },
	    { "a.xml", "" } } },
	{ "a sheet's part missing",
	  "!1 sheet \"A\": its part \"xl/a.xml\" is missing",
	  { ROOT("xl/workbook.xml"),
	    { "xl/workbook.xml", SHEETS("<sheet name='A' r:id='r1'/>") },
	    { "xl/_rels/workbook.xml.rels",
	      RELS(REL("r1", NS "/worksheet", "a.xml")) } } },
	{ "a sheet that leads nowhere",
	  "!1 sheet \"A\" leads nowhere",
	  { ROOT("xl/workbook.xml"),
	    { "xl/workbook.xml", SHEETS("<sheet name='A' r:id='r1'/>") } } },
	{ "no sheets",
	  "!1 the workbook has no worksheet",
	  { ROOT("xl/workbook.xml"), { "xl/workbook.xml", "<workbook/>" } } },
	{ "the workbook missing",
	  "!1 the workbook's part \"xl/workbook.xml\" is missing",
	  { ROOT("xl/workbook.xml"), { "xl/workbook2.xml", "" } } },
	{ "damaged styles",
	  "!1 styles: XML byte",
	  { ROOT("book.xml"),
	    { "book.xml", SHEETS("<sheet name='A' r:id='r1'/>") },
	    { "_rels/book.xml.rels", RELS(REL("r1", NS "/worksheet", "a.xml")
						  REL("r2", NS "/styles", "s.xml")) },
	    { "a.xml", "" },
	    { "s.xml", "<styleSheet>" } } },
	{ "OpenDocument sheet",
	  "!2 this is an OpenDocument sheet: open it in LibreOffice or Excel and save it "
	  "as",
	  { { "mimetype", "application/vnd.oasis.opendocument.spreadsheet" },
	    { "content.xml", "<x/>" } } },
	{ "OpenDocument text",
	  "!2 this is an OpenDocument file, but not a sheet",
	  { { "mimetype", "application/vnd.oasis.opendocument.text" } } },
	{ "binary workbook",
	  "!2 this is a binary workbook (.xlsb): open it in Excel or LibreOffice and "
	  "save it",
	  { ROOT("xl/workbook.bin"), { "xl/workbook.bin", "\x83\x01" } } },
	{ "Word document",
	  "!2 this is a Word document",
	  { ROOT("word/document.xml"),
	    { "word/document.xml", "<w:document xmlns:w='u'/>" } } },
	{ "presentation",
	  "!2 this is a presentation",
	  { ROOT("ppt/p.xml"), { "ppt/p.xml", "<p:presentation xmlns:p='u'/>" } } },
	{ "Numbers",
	  "!2 this is a Numbers sheet: open it in Numbers and export it as .xlsx",
	  { { "Index/Document.iwa", "x" } } },
	{ "an archive with a workbook in it",
	  "!2 this is a ZIP archive without a workbook",
	  { { "manifest.xlsx", "PK" } } },
	{ "another main part",
	  "!1 \"worksheet\" is not a workbook",
	  { ROOT("a.xml"), { "a.xml", "<worksheet/>" } } },
};

static void put(char *to, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void put(char *to, size_t size, const char *fmt, ...)
{
	size_t n = strlen(to);
	va_list ap;

	va_start(ap, fmt);
	assert_true((size_t)vsnprintf(to + n, size - n, fmt, ap) < size - n);
	va_end(ap);
}

static void put_book(char *to, size_t size, const struct xlsx_book *b)
{
	const struct zip_entry *strings = xlsx_book_strings(b);
	const bool *styles;
	size_t n;

	for (size_t i = 0; i < xlsx_book_sheets(b); i++) {
		struct xlsx_book_sheet s = xlsx_book_sheet(b, i);

		put(to, size, "%.*s%s=%.*s ", (int)s.name.n, s.name.p,
		    s.hidden ? "*" : "", (int)s.part->name.n, s.part->name.p);
	}
	if (strings != NULL)
		put(to, size, "strings=%.*s ", (int)strings->name.n, strings->name.p);
	if (xlsx_book_date_1904(b))
		put(to, size, "1904 ");
	styles = xlsx_book_date_styles(b, &n);
	for (size_t i = 0; i < n; i++)
		put(to, size, "%c", styles[i] ? 'd' : 'n');
}

static void check(const struct sample *sample)
{
	const struct zip_limits limits = { 1 << 20, 100 };
	struct zip_dir *dir;
	struct xlsx_book *b;
	struct err e = { 0 };
	char got[1024] = "";
	FILE *file = tmpfile();
	struct mkzip_entry entries[9] = { { NULL, NULL } };
	uint64_t size;

	memcpy(entries, sample->entries, sizeof(sample->entries));
	assert_non_null(file);
	size = mkzip(file, entries);
	assert_int_equal(zip_dir_open(fileno(file), 0, size, 100, &dir, &e), 0);
	if (xlsx_book_open(dir, &limits, &b, &e) < 0)
		put(got, sizeof(got), "!%d %s", e.kind, e.text);
	else
		put_book(got, sizeof(got), b);
	if (got[0] == '!' ? !slice_starts(slice_str(got), slice_str(sample->want))
			  : strcmp(got, sample->want) != 0)
		fail_msg("%s: \"%s\"", sample->name, got);
	xlsx_book_close(&b);
	assert_null(b);
	zip_dir_close(&dir);
	(void)fclose(file);
}

static void books(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		check(&samples[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(books),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
