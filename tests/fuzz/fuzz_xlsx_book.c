/*
 * The parts that lead to the sheets. The input is cut at bytes 0x01 into the package's
 * relationships, the workbook, its relationships, and its styles.
 */
#include "parse/xlsx_book.h"

#include "tests/fuzz/digest.h"
#include "tests/unit/mkzip.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARTS = 4, ROOM = 1 << 16 };

static uint64_t read_book(FILE *file, uint64_t size)
{
	const struct zip_limits limits = { 1 << 20, 1000 };
	struct zip_dir *dir;
	struct xlsx_book *b;
	struct err e = { 0 };
	uint64_t d = 0;
	size_t n;
	int got = zip_dir_open(fileno(file), 0, size, 100, &dir, &e);

	assert(got == 0);
	if (xlsx_book_open(dir, &limits, &b, &e) < 0) {
		assert(e.kind != ERR_NONE && e.kind != ERR_INTERNAL);
		d = digest_err(d, &e);
	} else {
		assert(xlsx_book_sheets(b) > 0);
		for (size_t i = 0; i < xlsx_book_sheets(b); i++) {
			struct xlsx_book_sheet s = xlsx_book_sheet(b, i);

			assert(s.part != NULL && utf8_valid(s.name));
			d = digest(digest(d, s.name.p, s.name.n), &s.hidden, 1);
			d = digest(d, s.part->name.p, s.part->name.n);
		}
		(void)xlsx_book_date_styles(b, &n);
		if (n > 0)
			d = digest(d, xlsx_book_date_styles(b, &n), n);
	}
	xlsx_book_close(&b);
	zip_dir_close(&dir);
	return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[PARTS][ROOM];
	static FILE *file;
	const struct mkzip_entry entries[] = {
		{ "_rels/.rels", text[0] },
		{ "xl/workbook.xml", text[1] },
		{ "xl/_rels/workbook.xml.rels", text[2] },
		{ "xl/styles.xml", text[3] },
		{ "xl/s1.xml", "" },
		{ "xl/S%202.xml", "" },
		{ "mimetype", "application/vnd.oasis.opendocument.text" },
		{ NULL, NULL },
	};
	struct slice rest = { (const char *)data, size };
	uint64_t bytes, once, again;

	if (size >= ROOM)
		return 0;
	for (size_t i = 0; i < PARTS; i++) {
		struct slice part = slice_split(&rest, '\001');

		if (part.n > 0)
			memcpy(text[i], part.p, part.n);
		text[i][part.n] = '\0';
	}
	if (file == NULL)
		file = tmpfile();
	assert(file != NULL);
	rewind(file);
	bytes = mkzip(file, entries);
	once = read_book(file, bytes);
	again = read_book(file, bytes);
	assert(again == once);
	return 0;
}
