/*
 * The small parts of a workbook that is being written: everything but the sheets and
 * the shared strings.
 */
#ifndef PARSE_XLSX_PARTS_H
#define PARSE_XLSX_PARTS_H

#include "parse/buf.h"

#define XLSX_XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define XLSX_MAIN_NS  "\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""

/* Indexes of the styles part's cellXfs. */
enum xlsx_style {
	XLSX_STYLE_NONE,
	XLSX_STYLE_HEADING,
	XLSX_STYLE_TIME,
	XLSX_STYLE_DATE,
	XLSX_STYLE_TEXT /* what is typed stays as it is typed */
};

extern const struct slice xlsx_parts_root_rels, xlsx_parts_styles;
/* Between them stand the <sheet> elements, rId1 being the first sheet. */
extern const struct slice xlsx_parts_workbook_head, xlsx_parts_workbook_tail;

/* The relationships of the workbook part, and the content types; `strings`: there is
 * a part of shared strings. */
int xlsx_parts_rels(struct buf *to, unsigned sheets, bool strings,
		    struct err *e) MUST_CHECK;
int xlsx_parts_types(struct buf *to, unsigned sheets, bool strings,
		     struct err *e) MUST_CHECK;

#endif
