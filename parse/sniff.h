/*
 * What a file is, by its bytes and never by its name, and what to tell the clerk
 * who uploaded a kind that is not read.
 */
#ifndef PARSE_SNIFF_H
#define PARSE_SNIFF_H

#include "parse/err.h"

#include <stdint.h>

enum sniff_kind {
	SNIFF_EMPTY,        /* no bytes, or nothing but a byte order mark and blanks */
	SNIFF_ZIP,          /* read on with zip_dir: .xlsx, but also .xlsb, .ods, .docx */
	SNIFF_TEXT,         /* read on with csv_read */
	SNIFF_OLE_WORKBOOK, /* Excel 97-2003 (.xls) */
	SNIFF_OLE_ENCRYPTED, /* a workbook with a password */
	SNIFF_OLE_OTHER,     /* .doc, .ppt, .msg, ... */
	SNIFF_XLS_OLD,       /* BIFF without a container: Excel 2 to 4, scripts */
	SNIFF_HTML,          /* a web page, often under the name of a workbook */
	SNIFF_XML_WORKBOOK,  /* SpreadsheetML 2003 */
	SNIFF_XML,
	SNIFF_RTF,
	SNIFF_JSON,
	SNIFF_PDF,
	SNIFF_IMAGE,
	SNIFF_ARCHIVE, /* gzip, rar, 7z, xz, bzip2, zstd, tar */
	SNIFF_BINARY   /* none of these, and no text either */
};

/*
 * Looks at `size` bytes of fd from byte `start` on: the first few KiB, and for an OLE
 * container its directory. Sets *kind_r and returns 0; -1: ERR_INTERNAL, fd cannot be
 * read. Damaged files get a kind too: whoever reads on says what is broken.
 */
int sniff_file(int fd, uint64_t start, uint64_t size, enum sniff_kind *kind_r,
	       struct err *e) MUST_CHECK;
/* The sentence for a person: what the file is and what to do, in the form of an error
 * text (lower case, no final stop). NULL for the kinds that are read on. */
const char *sniff_refusal(enum sniff_kind kind);

#endif
