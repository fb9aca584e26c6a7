/*
 * The fixed and the counted parts of a workbook, as text. Ignorant of rows, cells and
 * archives.
 */
#include "parse/xlsx_parts.h"

#include <stdio.h>

#define REL_TYPE  "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define REL_NS    "\"http://schemas.openxmlformats.org/package/2006/relationships\""
#define TYPES_NS  "\"http://schemas.openxmlformats.org/package/2006/content-types\""
#define RELS_MIME "application/vnd.openxmlformats-package.relationships+xml"
#define MIME      "application/vnd.openxmlformats-officedocument.spreadsheetml."

/* ECMA-376 part 2, 9.3: the relationships of the package. */
const struct slice xlsx_parts_root_rels = SLICE_INIT(
	XLSX_XML_HEAD "<Relationships xmlns=" REL_NS "><Relationship Id=\"rId1\""
		      " Type=\"" REL_TYPE "/officeDocument\""
		      " Target=\"xl/workbook.xml\"/></Relationships>");

/* Part 1, 18.8.39 (styleSheet): one <xf> for each of enum xlsx_style. Two fills and the
 * rest of the frame are what spreadsheets expect to find. */
const struct slice xlsx_parts_styles = SLICE_INIT(
	XLSX_XML_HEAD
	"<styleSheet xmlns=" XLSX_MAIN_NS "><numFmts count=\"2\">"
	"<numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/>"
	"<numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd\"/></numFmts>"
	"<fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font>"
	"<font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>"
	"<fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill>"
	"<fill><patternFill patternType=\"gray125\"/></fill></fills>"
	"<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border>"
	"</borders><cellStyleXfs count=\"1\">"
	"<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>"
	"<cellXfs count=\"5\">"
	"<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>"
	"<xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\""
	" applyFont=\"1\"/>"
	"<xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\""
	" applyNumberFormat=\"1\"/>"
	"<xf numFmtId=\"165\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\""
	" applyNumberFormat=\"1\"/>"
	"<xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\""
	" applyNumberFormat=\"1\"/></cellXfs><cellStyles count=\"1\">"
	"<cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>"
	"</styleSheet>");

/* 18.2.27 (workbook): without date1904, so that serials count from 1900. */
const struct slice xlsx_parts_workbook_head =
	SLICE_INIT(XLSX_XML_HEAD "<workbook xmlns=" XLSX_MAIN_NS " xmlns:r=\"" REL_TYPE
				 "\"><workbookPr/><bookViews><workbookView/></bookViews>"
				 "<sheets>");
const struct slice xlsx_parts_workbook_tail = SLICE_INIT("</sheets></workbook>");

static int rel_add(struct buf *to, unsigned id, const char *type, const char *target,
		   struct err *e)
{
	return buf_printf(to, e,
			  "<Relationship Id=\"rId%u\" Type=\"" REL_TYPE
			  "/%s\" Target=\"%s\"/>",
			  id, type, target);
}

int xlsx_parts_rels(struct buf *to, unsigned sheets, bool strings, struct err *e)
{
	if (buf_add(to, SLICE(XLSX_XML_HEAD "<Relationships xmlns=" REL_NS ">"), e) < 0)
		return -1;
	for (unsigned i = 1; i <= sheets; i++) {
		char target[64];

		(void)snprintf(target, sizeof(target), "worksheets/sheet%u.xml", i);
		if (rel_add(to, i, "worksheet", target, e) < 0)
			return -1;
	}
	if (rel_add(to, sheets + 1, "styles", "styles.xml", e) < 0 ||
	    (strings &&
	     rel_add(to, sheets + 2, "sharedStrings", "sharedStrings.xml", e) < 0))
		return -1;
	return buf_add(to, SLICE("</Relationships>"), e);
}

static int type_add(struct buf *to, const char *part, const char *type, struct err *e)
{
	return buf_printf(
		to, e, "<Override PartName=\"/xl/%s\" ContentType=\"" MIME "%s+xml\"/>",
		part, type);
}

/* Part 2, 10.1.2: the content types stream. */
int xlsx_parts_types(struct buf *to, unsigned sheets, bool strings, struct err *e)
{
	if (buf_add(to,
		    SLICE(XLSX_XML_HEAD
			  "<Types xmlns=" TYPES_NS "><Default Extension=\"rels\""
			  " ContentType=\"" RELS_MIME "\"/><Default Extension=\"xml\""
			  " ContentType=\"application/xml\"/>"),
		    e) < 0 ||
	    type_add(to, "workbook.xml", "sheet.main", e) < 0)
		return -1;
	for (unsigned i = 1; i <= sheets; i++) {
		char part[64];

		(void)snprintf(part, sizeof(part), "worksheets/sheet%u.xml", i);
		if (type_add(to, part, "worksheet", e) < 0)
			return -1;
	}
	if (type_add(to, "styles.xml", "styles", e) < 0 ||
	    (strings && type_add(to, "sharedStrings.xml", "sharedStrings", e) < 0))
		return -1;
	return buf_add(to, SLICE("</Types>"), e);
}
