/*
 * From a cell's style to the number format, and on to whether that is a date.
 * Ignorant of fonts, fills and all else that a style is.
 */
#include "parse/xlsx_styles.h"

#include "parse/buf.h"
#include "parse/xlsx_format.h"
#include "parse/xlsx_row.h"

#include <stdlib.h>

enum {
	MAX_STYLES = 1 << 20, /* spreadsheet programs stop at 65,490 */
	MAX_FORMATS = 1 << 16
};

struct format {
	uint32_t id;
	bool date;
};

/* Tables that grow while the part is read. */
struct tables {
	struct buf formats; /* struct format */
	struct buf styles;  /* uint32_t: the format id of each style */
};

static int read_id(const struct xml_token *t, uint32_t *id_r, struct err *e)
{
	struct slice value = xml_attr_raw(t, SLICE("numFmtId"));
	uint64_t id = 0;

	if (value.n > 0 && (!xlsx_count_read(value, &id) || id > UINT32_MAX))
		return err_set(e, ERR_INPUT, "a number format's id is no number");
	*id_r = (uint32_t)id;
	return 0;
}

/* 18.8.30 numFmt */
static int read_format(struct tables *tables, const struct xml_token *t, struct err *e)
{
	struct slice raw = xml_attr_raw(t, SLICE("formatCode")), code;
	struct format format = { 0, false };
	struct buf text;
	int got;

	if (read_id(t, &format.id, e) < 0)
		return -1;
	buf_init(&text, raw.n + 1);
	got = buf_reserve(&text, raw.n + 1, e);
	if (got == 0)
		got = xml_unescape(raw, text.p, &text.n, e);
	if (got == 0) {
		code = buf_slice(&text);
		format.date = xlsx_format_is_date(code);
		got = buf_add(&tables->formats,
			      (struct slice){ (const char *)&format, sizeof(format) }, e);
	}
	buf_release(&text);
	return got;
}

/* 18.8.45 xf, inside of cellXfs: the styles that cells name by their position. */
static int read_style(struct tables *tables, const struct xml_token *t, struct err *e)
{
	uint32_t id;

	if (read_id(t, &id, e) < 0)
		return -1;
	return buf_add(&tables->styles, (struct slice){ (const char *)&id, sizeof(id) },
		       e);
}

/* The children of numFmts or cellXfs. */
static int read_list(struct xml *x, struct tables *tables, bool styles, struct err *e)
{
	struct slice name = styles ? SLICE("xf") : SLICE("numFmt");
	struct xml_token t;
	int got;

	while ((got = xml_child(x, &t, e)) == PARSE_MORE) {
		if (slice_eq(t.name, name) && (styles ? read_style(tables, &t, e) < 0
						      : read_format(tables, &t, e) < 0))
			return -1;
		if (xml_skip(x, e) < 0)
			return -1;
	}
	return got < 0 ? -1 : 0;
}

/* 18.8.39 styleSheet = numFmts?, ..., cellXfs?, ... */
static int read_tables(struct xml *x, struct tables *tables, struct err *e)
{
	bool inside = false;
	struct xml_token t;
	int got;

	while ((got = xml_next(x, &t, e)) == PARSE_MORE) {
		bool styles;

		if (t.kind != XML_START)
			continue;
		if (!inside) {
			if (!slice_eq(t.name, SLICE("styleSheet")))
				return err_set(e, ERR_INPUT, "the styles are none");
			inside = true;
			continue;
		}
		styles = slice_eq(t.name, SLICE("cellXfs"));
		if (styles || slice_eq(t.name, SLICE("numFmts"))
			    ? read_list(x, tables, styles, e) < 0
			    : xml_skip(x, e) < 0)
			return -1;
	}
	return got < 0 ? -1 : 0;
}

static int by_id(const void *a, const void *b)
{
	uint32_t x = ((const struct format *)a)->id, y = ((const struct format *)b)->id;

	return (x > y) - (x < y);
}

/* A format of the part wins over the one that programs have built in. */
static int resolve(const struct tables *tables, struct xlsx_styles *s, struct err *e)
{
	struct format *formats = (struct format *)(void *)tables->formats.p;
	const uint32_t *ids = (const uint32_t *)(const void *)tables->styles.p;
	size_t n_formats = tables->formats.n / sizeof(*formats);
	size_t n = tables->styles.n / sizeof(*ids);

	if (n == 0)
		return 0;
	s->date = calloc(n, sizeof(*s->date));
	if (s->date == NULL)
		return err_set(e, ERR_MEMORY, "out of memory for %zu styles", n);
	s->n = n;
	if (n_formats > 0)
		qsort(formats, n_formats, sizeof(*formats), by_id);
	for (size_t i = 0; i < n; i++) {
		struct format key = { ids[i], false };
		const struct format *own =
			n_formats == 0
				? NULL
				: bsearch(&key, formats, n_formats, sizeof(key), by_id);

		s->date[i] = own != NULL ? own->date : xlsx_format_id_is_date(ids[i]);
	}
	return 0;
}

int xlsx_styles_read(struct xml *x, struct xlsx_styles *s, struct err *e)
{
	struct tables tables;
	int got;

	*s = (struct xlsx_styles){ NULL, 0 };
	buf_init(&tables.formats, MAX_FORMATS * sizeof(struct format));
	buf_init(&tables.styles, MAX_STYLES * sizeof(uint32_t));
	got = read_tables(x, &tables, e);
	if (got == 0)
		got = resolve(&tables, s, e);
	buf_release(&tables.formats);
	buf_release(&tables.styles);
	return got;
}

void xlsx_styles_release(struct xlsx_styles *s)
{
	free(s->date);
	*s = (struct xlsx_styles){ NULL, 0 };
}
