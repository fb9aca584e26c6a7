/*
 * The elements of a worksheet that lead to its cells. Ignorant of archives and of
 * what a cell's value is.
 */
#include "parse/xlsx_sheet.h"

#include "parse/cell_text.h"
#include "parse/xlsx_plain.h"
#include "parse/xlsx_rich.h"

#include <inttypes.h>
#include <stdlib.h>

struct xlsx_sheet {
	struct xlsx_sheet_setup setup;
	struct xml *x;
	enum { AT_START, IN_ROWS, AT_END } state;
	struct xlsx_row row;
	struct xlsx_place_end place_end; /* of the row's cells */
	struct table_merge *merges;      /* NULL before the first */
	size_t n_merges;                 /* kept */
	uint64_t all_merges;
};

static int show(struct slice s)
{
	return (int)(s.n < 40 ? s.n : 40);
}

/* Takes the attributes of c: r (its place), s (style), t (type); all optional. */
static int read_cell_attr(struct xlsx_sheet *s, const struct xml_token *t,
			  struct xlsx_cell *c, struct err *e)
{
	struct slice ref = { NULL, 0 };
	uint64_t style = 0;

	for (size_t i = 0; i < t->n_attr; i++) {
		struct slice name = t->attr[i].name, value = t->attr[i].value;
		bool good = true;

		if (name.n != 1)
			continue;
		if (name.p[0] == 'r')
			ref = value;
		else if (name.p[0] == 's')
			good = xlsx_count_read(value, &style) && style <= UINT32_MAX;
		else if (name.p[0] == 't')
			good = xlsx_type_read(value, &c->type);
		if (!good)
			return err_set(e, ERR_INPUT,
				       "row %" PRIu64 ": a cell with %c=\"%.*s\"",
				       s->row.number, name.p[0], show(value), value.p);
	}
	c->style = (uint32_t)style;
	return xlsx_row_place(&s->row, ref, &c->column, e);
}

/* 18.3.1.4: c = f?, v?, is?, extLst? The formula is passed by: v is what it gave. */
static int read_cell_content(struct xlsx_sheet *s, struct xlsx_cell *c, struct err *e)
{
	bool has_value = false;
	struct xml_token t;
	int got;

	while ((got = xml_next(s->x, &t, e)) == PARSE_MORE) {
		bool is_v;

		if (t.kind == XML_END)
			return 0;
		if (t.kind == XML_TEXT)
			continue;
		is_v = slice_eq(t.name, SLICE("v"));
		c->formula = c->formula || slice_eq(t.name, SLICE("f"));
		if (!is_v && !slice_eq(t.name, SLICE("is"))) {
			if (xml_skip(s->x, e) < 0)
				return -1;
			continue;
		}
		if (has_value)
			return err_set(e, ERR_INPUT, "a cell with two values");
		has_value = true;
		if (!is_v)
			c->type = XLSX_TYPE_INLINE;
		if (is_v ? xlsx_plain_read(s->x, &s->row.text, e) < 0
			 : xlsx_rich_read(s->x, &s->row.text, e) < 0)
			return -1;
	}
	return got < 0 ? -1 : err_set(e, ERR_INPUT, "a cell without an end");
}

/* One c, whose START is t. */
static int read_cell(struct xlsx_sheet *s, const struct xml_token *t, struct err *e)
{
	size_t from = s->row.text.n;
	char name[CELL_COLUMN_MAX];
	struct xlsx_cell c = { .type = XLSX_TYPE_NUMBER };

	if (read_cell_attr(s, t, &c, e) < 0)
		return -1;
	if (read_cell_content(s, &c, e) < 0)
		return err_prefix(e, "row %" PRIu64 ", column %s", s->row.number,
				  cell_column_name(c.column, name));
	return xlsx_row_add(&s->row, &c, from, e);
}

/* Takes the cells of the usual spelling that are in memory. */
static int take_cells(struct xlsx_sheet *s, struct err *e)
{
	const char *p = xml_ahead(s->x), *behind;
	struct xlsx_plain c;

	if (p == NULL)
		return 0;
	while ((behind = xlsx_plain_cell(p, &s->row, &s->place_end, &c)) != NULL) {
		if (xlsx_row_add_view(&s->row, &c.cell, c.value, e) < 0)
			return -1;
		p = behind;
	}
	xml_pass(s->x, p);
	/* the row's end is in memory and moves nothing; anything else may */
	return strncmp(p, "</row>", 6) == 0 ? 0 : xlsx_row_keep(&s->row, e);
}

/* 18.3.1.73: row = c*, extLst? */
static int read_row(struct xlsx_sheet *s, const struct xml_token *start, struct row *r,
		    struct err *e)
{
	struct xml_token t;
	int got;

	r->nul = false; /* XML 1.0 section 2.2: no Char */
	r->hidden = xlsx_is_true(xml_attr_raw(start, SLICE("hidden")));
	if (xlsx_row_begin(&s->row, xml_attr_raw(start, SLICE("r")), e) < 0)
		return -1;
	xlsx_place_end(&s->place_end, s->row.number);
	for (;;) {
		if (take_cells(s, e) < 0)
			return -1;
		got = xml_next(s->x, &t, e);
		if (got != PARSE_MORE)
			break;
		if (t.kind == XML_END) {
			xlsx_row_end(&s->row, r);
			return 0;
		}
		if (t.kind == XML_TEXT)
			continue;
		if (slice_eq(t.name, SLICE("c")) ? read_cell(s, &t, e) < 0
						 : xml_skip(s->x, e) < 0)
			return -1;
	}
	return got < 0 ? -1 : err_set(e, ERR_INPUT, "a row without an end");
}

/* 18.3.1.99: worksheet = ..., sheetData, ... Reads through the START of sheetData, or
 * through the end of a worksheet that has none. */
static int find_rows(struct xlsx_sheet *s, struct err *e)
{
	bool inside = false;
	struct xml_token t;
	int got;

	while ((got = xml_next(s->x, &t, e)) == PARSE_MORE) {
		if (t.kind != XML_START)
			continue;
		if (!inside) {
			if (!slice_eq(t.name, SLICE("worksheet")))
				return err_set(e, ERR_INPUT,
					       "\"%.*s\" is not a worksheet",
					       show(t.name), t.name.p);
			inside = true;
		} else if (slice_eq(t.name, SLICE("sheetData"))) {
			s->state = IN_ROWS;
			return 0;
		} else if (xml_skip(s->x, e) < 0) {
			return -1;
		}
	}
	s->state = AT_END;
	return got < 0 ? -1 : 0;
}

/* 18.3.1.55: mergeCell, ref="B2:B4". One that cannot be read says nothing. */
static int keep_merge(struct xlsx_sheet *s, struct slice ref, struct err *e)
{
	const char *colon = slice_find(ref, ':');
	struct slice first, last = ref;
	struct table_merge m;

	if (colon == NULL)
		return 0;
	first = slice_take(&last, (size_t)(colon - ref.p));
	(void)slice_take(&last, 1);
	if (!xlsx_ref_read(first, &m.first_column, &m.first_row) ||
	    !xlsx_ref_read(last, &m.last_column, &m.last_row) ||
	    (m.first_column >= m.last_column && m.first_row >= m.last_row))
		return 0;
	s->all_merges++;
	if (s->n_merges == TABLE_MERGES)
		return 0;
	if (s->merges == NULL)
		s->merges = malloc(TABLE_MERGES * sizeof(*s->merges));
	if (s->merges == NULL)
		return err_set(e, ERR_MEMORY, "out of memory for merged cells");
	s->merges[s->n_merges++] = m;
	return 0;
}

/* Of what stands behind the rows only merged cells are used, but all must be whole. */
static int read_rest(struct xlsx_sheet *s, struct err *e)
{
	struct xml_token t;
	int got;

	while ((got = xml_next(s->x, &t, e)) == PARSE_MORE)
		if (t.kind == XML_START && slice_eq(t.name, SLICE("mergeCell")) &&
		    keep_merge(s, xml_attr_raw(&t, SLICE("ref")), e) < 0)
			return -1;
	s->state = AT_END;
	return got < 0 ? -1 : 0;
}

const struct table_merge *xlsx_sheet_merges(const struct xlsx_sheet *s, size_t *n_r,
					    uint64_t *all_r)
{
	*n_r = s->n_merges;
	*all_r = s->all_merges;
	return s->merges;
}

int xlsx_sheet_next(struct xlsx_sheet *s, struct row *r, struct err *e)
{
	struct xml_token t;

	if (s->state == AT_START && find_rows(s, e) < 0)
		return -1;
	while (s->state == IN_ROWS) {
		int got = xml_next(s->x, &t, e);

		if (got != PARSE_MORE)
			return got < 0 ? -1
				       : err_set(e, ERR_INPUT, "rows without an end");
		if (t.kind == XML_END && read_rest(s, e) < 0)
			return -1;
		if (t.kind != XML_START)
			continue;
		if (!slice_eq(t.name, SLICE("row"))) {
			if (xml_skip(s->x, e) < 0)
				return -1;
			continue;
		}
		if (read_row(s, &t, r, e) < 0)
			return -1;
		if (r->n > 0)
			return PARSE_MORE;
	}
	return PARSE_DONE;
}

int xlsx_sheet_open(xml_read_fn *read, void *from, const struct xlsx_sheet_setup *setup,
		    struct xlsx_sheet **s_r, struct err *e)
{
	struct xlsx_sheet *s = calloc(1, sizeof(*s));

	*s_r = NULL;
	if (s == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	s->setup = *setup;
	xlsx_row_init(&s->row, &s->setup);
	if (xml_open(read, from, &xlsx_xml_limits, &s->x, e) < 0) {
		xlsx_sheet_close(&s);
		return -1;
	}
	*s_r = s;
	return 0;
}

void xlsx_sheet_close(struct xlsx_sheet **s)
{
	if (*s == NULL)
		return;
	xml_close(&(*s)->x);
	xlsx_row_release(&(*s)->row);
	free((*s)->merges);
	free(*s);
	*s = NULL;
}
