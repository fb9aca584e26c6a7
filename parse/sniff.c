/*
 * Tells kinds of files apart by their first bytes. Ignorant of names and MIME types,
 * which the sender chooses, and of what the readers of ZIP and text make of the rest.
 */
#include "parse/sniff.h"

#include "parse/file_part.h"
#include "parse/le.h"
#include "parse/slice.h"
#include "parse/text_decode.h"

#include <stdbool.h>

enum {
	HEAD = 8192,
	ODD_FREE = 4, /* control characters that any text may have, */
	ODD_PER = 50, /* and that one in so many may be, */
	NUL_PER = 10, /* even of the few bytes of a short text */
	ZIP_END = 22, /* bytes of an end record without a comment */
	OLE_HEADER = 512,
	OLE_DIFAT = 76, /* where the header lists the FAT's sectors */
	OLE_N_DIFAT = 109,
	OLE_ENTRY = 128,
	OLE_MOST = 256 /* directory sectors looked at */
};

static const struct magic {
	struct slice bytes;
	size_t at;
	enum sniff_kind kind;
} magics[] = {
	{ SLICE_INIT("PK\x03\x04"), 0, SNIFF_ZIP },
	{ SLICE_INIT("PK\x05\x06"), 0, SNIFF_ZIP },
	{ SLICE_INIT("PK\x07\x08PK\x03\x04"), 0, SNIFF_ZIP },
	{ SLICE_INIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), 0, SNIFF_OLE_OTHER },
	/* BOF records of BIFF2, 3 and 4; of 5 and 8, whose streams scripts write without
	 * their container */
	{ SLICE_INIT("\x09\x00\x04\x00"), 0, SNIFF_XLS_OLD },
	{ SLICE_INIT("\x09\x02\x06\x00"), 0, SNIFF_XLS_OLD },
	{ SLICE_INIT("\x09\x04\x06\x00"), 0, SNIFF_XLS_OLD },
	{ SLICE_INIT("\x09\x08\x08\x00"), 0, SNIFF_XLS_OLD },
	{ SLICE_INIT("\x09\x08\x10\x00"), 0, SNIFF_XLS_OLD },
	{ SLICE_INIT("%PDF-"), 0, SNIFF_PDF },
	{ SLICE_INIT("{\\rtf"), 0, SNIFF_RTF },
	{ SLICE_INIT("\x89PNG\r\n\x1a\n"), 0, SNIFF_IMAGE },
	{ SLICE_INIT("\xff\xd8\xff"), 0, SNIFF_IMAGE },
	{ SLICE_INIT("GIF87a"), 0, SNIFF_IMAGE },
	{ SLICE_INIT("GIF89a"), 0, SNIFF_IMAGE },
	{ SLICE_INIT("II*\0"), 0, SNIFF_IMAGE },
	{ SLICE_INIT("MM\0*"), 0, SNIFF_IMAGE },
	{ SLICE_INIT("WEBPVP8"), 8, SNIFF_IMAGE },
	{ SLICE_INIT("ftypheic"), 4, SNIFF_IMAGE },
	{ SLICE_INIT("ftypheix"), 4, SNIFF_IMAGE },
	{ SLICE_INIT("ftypmif1"), 4, SNIFF_IMAGE },
	{ SLICE_INIT("\x1f\x8b\x08"), 0, SNIFF_ARCHIVE },
	{ SLICE_INIT("Rar!\x1a\x07"), 0, SNIFF_ARCHIVE },
	{ SLICE_INIT("7z\xbc\xaf\x27\x1c"), 0, SNIFF_ARCHIVE },
	{ SLICE_INIT("\xfd\x37zXZ\0"), 0, SNIFF_ARCHIVE },
	{ SLICE_INIT("\x28\xb5\x2f\xfd"), 0, SNIFF_ARCHIVE },
	{ SLICE_INIT("1AY&SY"), 4, SNIFF_ARCHIVE }, /* bzip2, behind "BZh9" */
	{ SLICE_INIT("ustar"), 257, SNIFF_ARCHIVE },
};

/* What text begins with, in lower case, byte order marks, blanks and comments left out.
 */
static const struct magic openings[] = {
	{ SLICE_INIT("%pdf-"), 0, SNIFF_PDF },
	{ SLICE_INIT("<!doctype html"), 0, SNIFF_HTML },
	{ SLICE_INIT("<!doctype"), 0, SNIFF_XML },
	{ SLICE_INIT("mime-version:"), 0, SNIFF_HTML },
	{ SLICE_INIT("from: <saved by "), 0, SNIFF_HTML },
	{ SLICE_INIT("<workbook"), 0, SNIFF_XML_WORKBOOK },
	{ SLICE_INIT("<ss:workbook"), 0, SNIFF_XML_WORKBOOK },
	{ SLICE_INIT("<?xml"), 0, SNIFF_XML },
	{ SLICE_INIT("{\""), 0, SNIFF_JSON },
	{ SLICE_INIT("[{"), 0, SNIFF_JSON },
};

/* The elements that a web page begins with, or a piece of one that a portal calls a
 * workbook; text may begin with "<" too. */
static const struct slice elements[] = {
	SLICE_INIT("html"),   SLICE_INIT("head"),   SLICE_INIT("body"),
	SLICE_INIT("meta"),   SLICE_INIT("title"),  SLICE_INIT("style"),
	SLICE_INIT("link"),   SLICE_INIT("base"),   SLICE_INIT("script"),
	SLICE_INIT("table"),  SLICE_INIT("thead"),  SLICE_INIT("tbody"),
	SLICE_INIT("tr"),     SLICE_INIT("th"),     SLICE_INIT("td"),
	SLICE_INIT("col"),    SLICE_INIT("center"), SLICE_INIT("font"),
	SLICE_INIT("div"),    SLICE_INIT("span"),   SLICE_INIT("p"),
	SLICE_INIT("br"),     SLICE_INIT("hr"),     SLICE_INIT("b"),
	SLICE_INIT("i"),      SLICE_INIT("u"),      SLICE_INIT("a"),
	SLICE_INIT("strong"), SLICE_INIT("em"),     SLICE_INIT("img"),
	SLICE_INIT("form"),   SLICE_INIT("input"),  SLICE_INIT("pre"),
	SLICE_INIT("ul"),     SLICE_INIT("ol"),     SLICE_INIT("section"),
	SLICE_INIT("h1"),     SLICE_INIT("h2"),     SLICE_INIT("h3"),
	SLICE_INIT("h4"),     SLICE_INIT("h5"),     SLICE_INIT("h6"),
};

static bool find_magic(const struct magic *table, size_t n, struct slice head,
		       enum sniff_kind *kind_r)
{
	for (size_t i = 0; i < n; i++)
		if (slice_starts(slice_from(head, table[i].at), table[i].bytes)) {
			*kind_r = table[i].kind;
			return true;
		}
	return false;
}

/*
 * [MS-CFB] 2.2 and 2.3: sectors follow a header of one sector; a sector's entry in the
 * FAT is the next one of its chain; the header lists the first 109 sectors of the FAT.
 * Returns 0 with *next_r, or 1 when there is none.
 */
static int ole_next(const struct file_part *f, const char *header, unsigned shift,
		    uint32_t sector, uint32_t *next_r, struct err *e)
{
	uint32_t per_sector = (UINT32_C(1) << shift) / 4;
	uint32_t index = sector / per_sector;
	char bytes[4];
	size_t n;

	if (index >= OLE_N_DIFAT)
		return 1;
	if (file_part_read(f,
			   (((uint64_t)le_32(header + OLE_DIFAT + 4 * (size_t)index) + 1)
			    << shift) +
				   4 * (uint64_t)(sector % per_sector),
			   bytes, sizeof(bytes), &n, e) < 0)
		return -1;
	*next_r = n < sizeof(bytes) ? 0 : le_32(bytes);
	return n < sizeof(bytes);
}

/* 2.6.1: a name in UTF-16LE in 64 bytes, then its length in bytes with the NUL. */
static bool ole_named(const char *entry, struct slice name)
{
	if (le_16(entry + 64) != 2 * (name.n + 1))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (le_16(entry + 2 * i) != (unsigned char)name.p[i])
			return false;
	return true;
}

static enum sniff_kind ole_entry(const char *entry)
{
	if (ole_named(entry, SLICE("EncryptedPackage")))
		return SNIFF_OLE_ENCRYPTED;
	if (ole_named(entry, SLICE("Workbook")) || ole_named(entry, SLICE("Book")))
		return SNIFF_OLE_WORKBOOK;
	return SNIFF_OLE_OTHER;
}

/* Walks the directory: a chain of sectors of 128-byte entries. */
static int ole_kind(const struct file_part *f, const char *header,
		    enum sniff_kind *kind_r, struct err *e)
{
	unsigned shift = le_16(header + 30);
	uint32_t sector = le_32(header + 48);

	*kind_r = SNIFF_OLE_OTHER;
	if (shift != 9 && shift != 12)
		return 0;
	for (unsigned i = 0; i < OLE_MOST; i++) {
		char entry[OLE_ENTRY];
		int rc;

		for (uint64_t k = 0; k < UINT64_C(1) << shift; k += OLE_ENTRY) {
			uint64_t at = (((uint64_t)sector + 1) << shift) + k;
			size_t n;

			if (file_part_read(f, at, entry, sizeof(entry), &n, e) < 0)
				return -1;
			if (n < sizeof(entry))
				return 0;
			*kind_r = ole_entry(entry);
			if (*kind_r != SNIFF_OLE_OTHER)
				return 0;
		}
		rc = ole_next(f, header, shift, sector, &sector, e);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
	return 0;
}

/* Does text, already in lower case, contain this? */
static bool contains(struct slice text, struct slice what)
{
	for (; text.n >= what.n; (void)slice_take(&text, 1))
		if (slice_starts(text, what))
			return true;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* To the first byte that means something; returns whether a comment stood before it. */
static bool skip_to_opening(struct slice *text)
{
	static const struct slice mark = SLICE_INIT("\xef\xbb\xbf");
	static const struct slice begin = SLICE_INIT("<!--"), end = SLICE_INIT("-->");
	bool comment = false;

	for (;;)
		if (text->n > 0 && is_blank(text->p[0])) {
			(void)slice_take(text, 1);
		} else if (slice_starts(*text, mark)) {
			(void)slice_take(text, mark.n);
		} else if (slice_starts(*text, begin)) {
			comment = true;
			(void)slice_take(text, begin.n);
			while (text->n > 0 && !slice_starts(*text, end))
				(void)slice_take(text, 1);
			(void)slice_take(text, end.n);
		} else {
			return comment;
		}
}

/* Is this "<" and an element's whole name? */
static bool begins_html(struct slice text)
{
	if (!slice_starts(text, SLICE("<")))
		return false;
	(void)slice_take(&text, 1);
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		struct slice behind = slice_from(text, elements[i].n);

		if (slice_starts(text, elements[i]) &&
		    (behind.n == 0 || behind.p[0] == '>' || behind.p[0] == '/' ||
		     is_blank(behind.p[0])))
			return true;
	}
	return false;
}

static enum sniff_kind text_kind(struct slice text)
{
	bool comment = skip_to_opening(&text);
	enum sniff_kind kind = SNIFF_TEXT;

	if (!find_magic(openings, sizeof(openings) / sizeof(openings[0]), text, &kind))
		return comment || begins_html(text) ? SNIFF_HTML : SNIFF_TEXT;
	if (kind != SNIFF_XML)
		return kind;
	if (contains(text, SLICE("urn:schemas-microsoft-com:office:spreadsheet")) ||
	    contains(text, SLICE("progid=\"excel.sheet\"")))
		return SNIFF_XML_WORKBOOK;
	return contains(text, SLICE("<html")) ? SNIFF_HTML : SNIFF_XML;
}

/* Decodes the head, in lower case. What cannot be decoded ends it: *sound_r is false. */
static struct slice decode_head(struct slice head, char to[HEAD], bool *sound_r)
{
	struct text_decode d;
	struct err ignored = { 0 };
	size_t bom, n = 0, got = 1;
	enum text_encoding encoding = text_detect(head, &bom);

	text_decode_init(&d, encoding, bom);
	(void)slice_take(&head, bom);
	*sound_r = true;
	while (got > 0 && n + TEXT_ROOM <= HEAD) {
		if (text_decode_feed(&d, &head, false, to + n, HEAD - n, &got, &ignored) <
		    0)
			*sound_r = false;
		n += got;
	}
	for (size_t i = 0; i < n; i++)
		to[i] = slice_lower(to[i]);
	return (struct slice){ to, n };
}

/* Text has few control characters beside those that lay it out, steer a printer (ESC)
 * and end a file (0x1a). Short ones have a few for free, NULs fewer: a stray
 * character in one cell is that cell's trouble. */
static bool looks_binary(struct slice text)
{
	size_t odd = 0, nul = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		nul += c == '\0';
		odd += c < ' ' && (c < '\t' || c > '\r') && c != 0x1a && c != 0x1b;
	}
	return odd > ODD_FREE + text.n / ODD_PER || nul > 1 + text.n / NUL_PER;
}

static bool all_blank(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_blank(s.p[i]))
			return false;
	return true;
}

/* Bytes in front of an archive hide its first signature, not its last. */
static int zip_behind(const struct file_part *f, enum sniff_kind *kind_r, struct err *e)
{
	char sig[4];
	size_t n;

	if (f->size < ZIP_END)
		return 0;
	if (file_part_read(f, f->size - ZIP_END, sig, sizeof(sig), &n, e) < 0)
		return -1;
	if (n == sizeof(sig) && memcmp(sig, "PK\x05\x06", sizeof(sig)) == 0)
		*kind_r = SNIFF_ZIP;
	return 0;
}

static int sniff_part(const struct file_part *f, enum sniff_kind *kind_r, struct err *e)
{
	char bytes[HEAD], decoded[HEAD];
	struct slice head = { bytes, 0 }, text;
	bool sound;

	if (file_part_read(f, 0, bytes, sizeof(bytes), &head.n, e) < 0)
		return -1;
	if (find_magic(magics, sizeof(magics) / sizeof(magics[0]), head, kind_r)) {
		if (*kind_r == SNIFF_OLE_OTHER && head.n >= OLE_HEADER)
			return ole_kind(f, bytes, kind_r, e);
		return 0;
	}
	text = decode_head(head, decoded, &sound);
	if (sound && f->size <= HEAD && all_blank(text)) {
		*kind_r = SNIFF_EMPTY;
		return 0;
	}
	*kind_r = text_kind(text);
	if (*kind_r != SNIFF_TEXT)
		return 0;
	/* a byte of no encoding may be text, and csv_read names it; but not with NULs */
	if (looks_binary(text) || (!sound && memchr(bytes, '\0', head.n) != NULL)) {
		*kind_r = SNIFF_BINARY;
		return zip_behind(f, kind_r, e);
	}
	return 0;
}

int sniff_file(int fd, uint64_t start, uint64_t size, enum sniff_kind *kind_r,
	       struct err *e)
{
	struct file_part f = { fd, start, size };

	*kind_r = SNIFF_EMPTY;
	return size == 0 ? 0 : sniff_part(&f, kind_r, e);
}

const char *sniff_refusal(enum sniff_kind kind)
{
	switch (kind) {
	case SNIFF_ZIP:
	case SNIFF_TEXT:
		break;
	case SNIFF_EMPTY:
		return "the file is empty: export the manifest again and upload the new "
		       "file";
	case SNIFF_OLE_WORKBOOK:
	case SNIFF_XLS_OLD:
		return "this is an old Excel workbook (.xls): open it in Excel or "
		       "LibreOffice and save it as .xlsx";
	case SNIFF_OLE_ENCRYPTED:
		return "this workbook is protected with a password: remove the password "
		       "(File, Info, Protect Workbook) and save it again";
	case SNIFF_OLE_OTHER:
		return "this is an old Office document, but not a workbook: ask the "
		       "sender for the manifest as .xlsx or .csv";
	case SNIFF_HTML:
		return "this is a web page, not a workbook: where it shows the manifest, "
		       "open it in Excel or LibreOffice and save it as .xlsx; where it "
		       "asks to log in, do so and download the manifest again";
	case SNIFF_XML_WORKBOOK:
		return "this is an XML spreadsheet of Excel 2003: open it in Excel or "
		       "LibreOffice and save it as .xlsx";
	case SNIFF_XML:
		return "this is an XML file, not a workbook: ask the sender for the "
		       "manifest as .xlsx or .csv";
	case SNIFF_RTF:
		return "this is a text document (RTF), not a workbook: copy its table "
		       "into Excel and save that as .xlsx";
	case SNIFF_JSON:
		return "this is a JSON file, not a workbook: ask the sender for the "
		       "manifest as .xlsx or .csv";
	case SNIFF_PDF:
		return "this is a PDF, not a workbook: ask the sender for the manifest "
		       "as .xlsx or .csv";
	case SNIFF_IMAGE:
		return "this is a picture, not a workbook: ask the sender for the "
		       "manifest as .xlsx or .csv";
	case SNIFF_ARCHIVE:
		return "this is a packed archive: unpack it and upload the workbook that "
		       "is in it";
	case SNIFF_BINARY:
		return "this is neither a workbook nor a text file: ask the sender for "
		       "the manifest as .xlsx or .csv";
	}
	return NULL;
}
