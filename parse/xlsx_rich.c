/*
 * Strings of shared string tables and of cells. Ignorant of where they are kept.
 */
#include "parse/xlsx_rich.h"

#include "parse/cell_text.h"

const struct xml_limits xlsx_xml_limits = { .max_depth = 64,
					    .max_attrs = 256,
					    .max_markup = 65536 };

/* Appends one TEXT token, references resolved. */
static int add_text(const struct xml_token *t, struct buf *to, struct err *e)
{
	size_t n;

	if (!t->raw)
		return buf_add(to, t->text, e);
	if (buf_reserve(to, t->text.n, e) < 0 ||
	    xml_unescape(t->text, to->p + to->n, &n, e) < 0)
		return -1;
	to->n += n;
	return 0;
}

int xlsx_plain_read(struct xml *x, struct buf *to, struct err *e)
{
	size_t from = to->n;
	struct xml_token t;
	int got;

	while ((got = xml_next(x, &t, e)) == PARSE_MORE) {
		if (t.kind == XML_END) {
			if (to->n > from)
				to->n = from + cell_unescape(to->p + from, to->n - from);
			return 0;
		}
		if (t.kind == XML_TEXT ? add_text(&t, to, e) < 0 : xml_skip(x, e) < 0)
			return -1;
	}
	return got < 0 ? -1 : err_set(e, ERR_INPUT, "the text of a string has no end");
}

/* CT_Rst: t?, r*, rPh*, phoneticPr?; CT_RElt: rPr?, t. A run is read like the whole:
 * neither of the two has text of its own. */
int xlsx_rich_read(struct xml *x, struct buf *to, struct err *e)
{
	unsigned runs = 0; /* 1 inside an r */
	struct xml_token t;
	int got;

	while ((got = xml_next(x, &t, e)) == PARSE_MORE) {
		if (t.kind == XML_END && runs-- == 0)
			return 0;
		if (t.kind != XML_START)
			continue;
		if (slice_eq(t.name, SLICE("t"))) {
			if (xlsx_plain_read(x, to, e) < 0)
				return -1;
		} else if (runs == 0 && slice_eq(t.name, SLICE("r"))) {
			runs = 1;
		} else if (xml_skip(x, e) < 0) {
			return -1;
		}
	}
	return got < 0 ? -1 : err_set(e, ERR_INPUT, "a string has no end");
}
