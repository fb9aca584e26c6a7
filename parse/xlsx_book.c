/*
 * From the archive to the parts of a workbook. Ignorant of rows and cells.
 */
#include "parse/xlsx_book.h"

#include "parse/opc.h"
#include "parse/xlsx_row.h"
#include "parse/xlsx_styles.h"

#include <stdlib.h>

enum {
	MAX_NAMES = 32 << 20, /* bytes of names and relationships of one workbook */
	MAX_SHEETS = 4096
};

struct xlsx_book {
	struct opc package;
	struct zip_limits limits;
	struct arena arena;
	struct slice part;    /* name of the workbook's part */
	struct opc_rels rels; /* its relationships */
	struct xlsx_book_sheet *sheets;
	size_t n_sheets;
	const struct zip_entry *strings;
	struct xlsx_styles styles;
	bool date_1904;
};

static int show(struct slice s)
{
	return (int)(s.n < 60 ? s.n : 60);
}

/* The first bytes of a part, up to `size`. */
static int read_head(const struct xlsx_book *b, const struct zip_entry *part, char *to,
		     size_t size, size_t *n_r, struct err *e)
{
	struct zip_stream *stream;
	size_t n;
	int got;

	*n_r = 0;
	if (zip_stream_open(b->package.dir, part, &b->limits, &stream, e) < 0)
		return -1;
	do {
		got = zip_stream_read(stream, to + *n_r, size - *n_r, &n, e);
		*n_r += n;
	} while (got == PARSE_MORE && *n_r < size);
	zip_stream_close(&stream);
	return got < 0 ? -1 : 0;
}

static int refuse(const char *what, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "%s", what);
}

/* Says what an archive is that has no workbook in it. An OpenDocument package tells
 * its kind in an entry "mimetype" (OpenDocument 1.2 part 3, 3.3). */
static int refuse_archive(const struct xlsx_book *b, struct err *e)
{
	const struct zip_entry *mimetype =
		zip_dir_find(b->package.dir, SLICE("mimetype"));
	char head[80];
	struct slice kind = { head, 0 };

	if (mimetype != NULL &&
	    read_head(b, mimetype, head, sizeof(head), &kind.n, e) < 0)
		return -1;
	if (slice_starts(kind, SLICE("application/vnd.oasis.opendocument.spreadsheet")))
		return refuse("this is an OpenDocument sheet: open it in LibreOffice or "
			      "Excel and save it as .xlsx",
			      e);
	if (slice_starts(kind, SLICE("application/vnd.oasis.opendocument.")))
		return refuse("this is an OpenDocument file, but not a sheet: ask the "
			      "sender for the manifest as .xlsx or .csv",
			      e);
	if (zip_dir_find(b->package.dir, SLICE("Index/Document.iwa")) != NULL)
		return refuse("this is a Numbers sheet: open it in Numbers and export it "
			      "as .xlsx (File, Export To, Excel)",
			      e);
	return refuse("this is a ZIP archive without a workbook: unpack it and upload "
		      "the .xlsx or .csv file itself",
		      e);
}

/* The root of the main part, when it is no workbook. */
static int refuse_document(struct slice root, struct err *e)
{
	if (slice_eq(root, SLICE("document")))
		return refuse("this is a Word document: copy its table into Excel and "
			      "save that as .xlsx",
			      e);
	if (slice_eq(root, SLICE("presentation")))
		return refuse("this is a presentation: ask the sender for the manifest "
			      "as .xlsx or .csv",
			      e);
	return err_set(e, ERR_INPUT, "\"%.*s\" is not a workbook", show(root), root.p);
}

/* The value of the attribute with that local name and a prefix: r:id, whatever the
 * writer called the namespace of relationships. */
static struct slice prefixed_attr(const struct xml_token *t, struct slice local)
{
	for (size_t i = 0; i < t->n_attr; i++) {
		struct slice name = t->attr[i].name;

		if (slice_find(name, ':') == NULL)
			continue;
		(void)slice_split(&name, ':');
		if (slice_eq(name, local))
			return t->attr[i].value;
	}
	return (struct slice){ NULL, 0 };
}

/* Finds the sheet's part. *part_r is NULL for what is no worksheet: a chart, macros. */
static int find_part(const struct xlsx_book *b, struct slice name, struct slice id,
		     const struct zip_entry **part_r, struct err *e)
{
	const struct opc_rel *rel = opc_rel_of_id(&b->rels, id);

	*part_r = NULL;
	if (rel == NULL)
		return err_set(e, ERR_INPUT, "sheet \"%.*s\" leads nowhere", show(name),
			       name.p);
	if (!slice_eq(rel->type, SLICE("worksheet")))
		return 0;
	*part_r = opc_part(&b->package, rel->target);
	if (*part_r == NULL)
		return err_set(e, ERR_INPUT,
			       "sheet \"%.*s\": its part \"%.*s\" is missing", show(name),
			       name.p, show(rel->target), rel->target.p);
	return 0;
}

/* 18.2.19 sheet */
static int add_sheet(struct xlsx_book *b, const struct xml_token *t, struct err *e)
{
	struct slice state = xml_attr_raw(t, SLICE("state"));
	struct xlsx_book_sheet sheet;
	struct slice id;

	if (opc_unescape(xml_attr_raw(t, SLICE("name")), &b->arena, &sheet.name, e) < 0 ||
	    opc_unescape(prefixed_attr(t, SLICE("id")), &b->arena, &id, e) < 0 ||
	    find_part(b, sheet.name, id, &sheet.part, e) < 0)
		return -1;
	if (sheet.part == NULL)
		return 0;
	/* Thousands of sheets that are one large part are work without end. */
	for (size_t i = 0; i < b->n_sheets; i++)
		if (b->sheets[i].part == sheet.part)
			return err_set(e, ERR_INPUT,
				       "sheets \"%.*s\" and \"%.*s\" are one part",
				       show(b->sheets[i].name), b->sheets[i].name.p,
				       show(sheet.name), sheet.name.p);
	sheet.hidden =
		slice_eq(state, SLICE("hidden")) || slice_eq(state, SLICE("veryHidden"));
	if (b->sheets == NULL)
		b->sheets = arena_alloc(&b->arena, MAX_SHEETS * sizeof(sheet));
	if (b->sheets == NULL || b->n_sheets == MAX_SHEETS)
		return err_set(e, ERR_LIMIT, "more than %d sheets", MAX_SHEETS);
	b->sheets[b->n_sheets++] = sheet;
	return 0;
}

/* 18.2.20 sheets = sheet+ */
static int read_sheets(struct xlsx_book *b, struct xml *x, struct err *e)
{
	struct xml_token t;
	int got;

	while ((got = xml_child(x, &t, e)) == PARSE_MORE)
		if ((slice_eq(t.name, SLICE("sheet")) && add_sheet(b, &t, e) < 0) ||
		    xml_skip(x, e) < 0)
			return -1;
	return got < 0 ? -1 : 0;
}

/* 18.2.27 workbook = ..., workbookPr?, ..., sheets, ... */
static int read_workbook(struct xlsx_book *b, struct xml *x, struct err *e)
{
	bool inside = false;
	struct xml_token t;
	int got;

	while ((got = xml_next(x, &t, e)) == PARSE_MORE) {
		if (t.kind != XML_START)
			continue;
		if (!inside) {
			if (!slice_eq(t.name, SLICE("workbook")))
				return refuse_document(t.name, e);
			inside = true;
			continue;
		}
		if (slice_eq(t.name, SLICE("sheets"))) {
			if (read_sheets(b, x, e) < 0)
				return -1;
			continue;
		}
		if (slice_eq(t.name, SLICE("workbookPr")))
			b->date_1904 = xlsx_is_true(xml_attr_raw(&t, SLICE("date1904")));
		if (xml_skip(x, e) < 0)
			return -1;
	}
	if (got < 0)
		return -1;
	return b->n_sheets > 0 ? 0
			       : err_set(e, ERR_INPUT, "the workbook has no worksheet");
}

/* The entry of the package's main part. */
static int find_workbook(struct xlsx_book *b, const struct zip_entry **part_r,
			 struct err *e)
{
	const struct opc_rel *main_part;
	struct opc_rels rels;

	*part_r = NULL;
	if (opc_rels_read(&b->package, SLICE(""), &b->arena, &rels, e) < 0)
		return -1;
	main_part = opc_rel_of_type(&rels, SLICE("officeDocument"));
	if (main_part == NULL)
		return refuse_archive(b, e);
	b->part = main_part->target;
	if (slice_ends(b->part, SLICE(".bin")))
		return refuse("this is a binary workbook (.xlsb): open it in Excel or "
			      "LibreOffice and save it as .xlsx",
			      e);
	*part_r = opc_part(&b->package, b->part);
	if (*part_r == NULL)
		return err_set(e, ERR_INPUT, "the workbook's part \"%.*s\" is missing",
			       show(b->part), b->part.p);
	return 0;
}

/* The part that the workbook leads to by a relationship of that type, or NULL. */
static const struct zip_entry *part_of_type(const struct xlsx_book *b, struct slice type)
{
	const struct opc_rel *rel = opc_rel_of_type(&b->rels, type);

	return rel == NULL ? NULL : opc_part(&b->package, rel->target);
}

static int read_styles(struct xlsx_book *b, struct err *e)
{
	const struct zip_entry *part = part_of_type(b, SLICE("styles"));
	struct opc_xml o;
	int got;

	if (part == NULL)
		return 0;
	if (opc_xml_open(&b->package, part, &o, e) < 0)
		return err_prefix(e, "styles");
	got = xlsx_styles_read(o.x, &b->styles, e);
	opc_xml_close(&o);
	return got < 0 ? err_prefix(e, "styles") : 0;
}

static int read_book(struct xlsx_book *b, struct err *e)
{
	const struct zip_entry *part;
	struct opc_xml o;
	int got;

	if (find_workbook(b, &part, e) < 0 || opc_check(&b->package, e) < 0 ||
	    opc_rels_read(&b->package, b->part, &b->arena, &b->rels, e) < 0 ||
	    opc_xml_open(&b->package, part, &o, e) < 0)
		return -1;
	got = read_workbook(b, o.x, e);
	opc_xml_close(&o);
	if (got < 0)
		return -1;
	b->strings = part_of_type(b, SLICE("sharedStrings"));
	return read_styles(b, e);
}

int xlsx_book_open(const struct zip_dir *dir, const struct zip_limits *limits,
		   struct xlsx_book **b_r, struct err *e)
{
	struct xlsx_book *b = calloc(1, sizeof(*b));

	*b_r = NULL;
	if (b == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	b->limits = *limits;
	arena_init(&b->arena, MAX_NAMES);
	if (opc_open(&b->package, dir, &b->limits, &b->arena, e) < 0 ||
	    read_book(b, e) < 0) {
		xlsx_book_close(&b);
		return -1;
	}
	*b_r = b;
	return 0;
}

size_t xlsx_book_sheets(const struct xlsx_book *b)
{
	return b->n_sheets;
}

struct xlsx_book_sheet xlsx_book_sheet(const struct xlsx_book *b, size_t i)
{
	return b->sheets[i];
}

const struct zip_entry *xlsx_book_strings(const struct xlsx_book *b)
{
	return b->strings;
}

const bool *xlsx_book_date_styles(const struct xlsx_book *b, size_t *n_r)
{
	*n_r = b->styles.n;
	return b->styles.date;
}

bool xlsx_book_date_1904(const struct xlsx_book *b)
{
	return b->date_1904;
}

void xlsx_book_close(struct xlsx_book **b)
{
	if (*b == NULL)
		return;
	xlsx_styles_release(&(*b)->styles);
	arena_release(&(*b)->arena);
	free(*b);
	*b = NULL;
}
