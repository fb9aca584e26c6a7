/*
 * Further sheets with waybills. Ignorant of what is in their rows, but for a number.
 */
#include "server/import_sheets.h"

#include "parse/text.h"
#include "parse/utf8.h"
#include "server/import_columns.h"

#include <inttypes.h>

enum {
	SHEET_ARENA = 64 * 1024 * 1024,
	SHEETS_LOOKED = 64, /* a workbook with more is something else */
	ROWS_LOOKED = 20,   /* below the headings */
	NAME_SHOWN = 40,    /* bytes */
	NAME_ROOM = 80      /* in the list, with what ends it */
};

/* Whether one of the next rows has something where the numbers stand. */
static bool has_number(const struct columns *c, struct table *t)
{
	uint32_t column = c->column[c->of[FIELD_WAYBILL_NUMBER]].column;
	struct err e = { 0 };
	struct row r;

	for (int n = 0; n < ROWS_LOOKED && columns_next(c, t, &r, &e) == PARSE_MORE; n++)
		for (size_t i = 0; i < r.n && r.cells[i].column <= column; i++)
			if (r.cells[i].column == column &&
			    !text_is_filler(text_trim(r.cells[i].text)) &&
			    text_trim(r.cells[i].text).n > 0)
				return true;
	return false;
}

static bool has_waybills(struct db *db, struct table *t, const struct import_options *o,
			 struct slice name)
{
	struct import_options own = *o;
	struct import_chosen chosen;
	struct columns c;
	struct slice sheet;
	struct err e = { 0 }, again = { 0 };
	struct arena a;
	bool has;

	own.sheet = name;
	arena_init(&a, SHEET_ARENA);
	has = import_columns_find(db, t, &own, &a, &c, &sheet, &chosen, &e) == 0;
	/* What was chosen for the other sheet need not be there. */
	own.columns = NULL;
	has = has ||
	      import_columns_find(db, t, &own, &a, &c, &sheet, &chosen, &again) == 0;
	has = has && has_number(&c, t);
	arena_release(&a);
	return has;
}

static void list_add(struct import_sheets *s, size_t *used, struct slice name)
{
	struct slice shown = slice_take(&name, NAME_SHOWN);

	s->n++;
	if (sizeof(s->list) - *used < NAME_ROOM)
		return;
	shown.n = utf8_valid_prefix(shown);
	*used += (size_t)snprintf(s->list + *used, sizeof(s->list) - *used,
				  "%s\"%.*s%s\"", s->n > 1 ? ", " : "", (int)shown.n,
				  shown.p, name.n > 0 ? "..." : "");
}

void import_sheets_find(struct db *db, struct table *t, const struct import_options *o,
			struct slice taken, struct import_sheets *s_r)
{
	size_t sheets = table_sheets(t), used = 0;
	uint64_t listed = 0;

	*s_r = (struct import_sheets){ .n = 0 };
	if (o->sheet.n > 0)
		return;
	for (size_t i = 0; i < sheets && i < SHEETS_LOOKED; i++) {
		struct table_sheet sheet = table_sheet(t, i);
		size_t before = used;

		if (sheet.hidden || sheet.name.n == 0 ||
		    slice_eq_nocase(sheet.name, taken) ||
		    !has_waybills(db, t, o, sheet.name))
			continue;
		list_add(s_r, &used, sheet.name);
		listed += used > before;
	}
	if (listed < s_r->n)
		(void)snprintf(s_r->list + used, sizeof(s_r->list) - used,
			       " and %" PRIu64 " more", s_r->n - listed);
}
