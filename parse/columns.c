/*
 * The heading row of a manifest: finding it, and which column is which field. Ignorant
 * of what the cells below it hold.
 */
#include "parse/columns.h"

#include "parse/cell_text.h"
#include "parse/heading.h"
#include "parse/text.h"
#include "parse/utf8.h"

enum { HEADING_ROWS = 20 }; /* rows looked at */
enum {
	LIST_MAX = 150,  /* bytes of a list in a message */
	LISTED_MAX = 24, /* bytes of one text in it, at the most */
	LISTED_ROOM = 48 /* for one more, and for what ends the list */
};

_Static_assert(FIELD_COUNT <= 32, "the fields of a row fit a set of bits");

const char *field_name(enum field f)
{
	static const char *const names[] = {
		[FIELD_WAYBILL_NUMBER] = "waybill_number",
		[FIELD_STATUS] = "status",
		[FIELD_SENDER_NAME] = "sender_name",
		[FIELD_SENDER_PHONE] = "sender_phone",
		[FIELD_SENDER_ADDRESS] = "sender_address",
		[FIELD_RECEIVER_NAME] = "receiver_name",
		[FIELD_RECEIVER_PHONE] = "receiver_phone",
		[FIELD_RECEIVER_ADDRESS] = "receiver_address",
		[FIELD_PROVINCE] = "province",
		[FIELD_CITY] = "city",
		[FIELD_BARANGAY] = "barangay",
		[FIELD_STREET] = "street",
		[FIELD_DESTINATION] = "destination",
		[FIELD_WEIGHT] = "weight",
		[FIELD_NUMBER_OF_ITEMS] = "number_of_items",
		[FIELD_EXPRESS_TYPE] = "express_type",
		[FIELD_COD_AMOUNT] = "cod_amount",
		[FIELD_REMARKS] = "remarks",
		[FIELD_ITEM_NAME] = "item_name",
		[FIELD_SIGNING_TIME] = "signing_time",
		[FIELD_SUBMISSION_TIME] = "submission_time",
		[FIELD_EXTRA] = "extra",
	};

	return names[f];
}

/* A cell's text as a heading: not beyond what a cell should hold, for every row may
 * repeat it. */
static struct slice heading_text(const struct cell *cell)
{
	struct slice rest = cell->text, text = slice_take(&rest, TABLE_CELL_CHARS);

	if (rest.n > 0)
		text.n = utf8_valid_prefix(text);
	return text_trim(text);
}

/* The fields that a row's cells would name as headings, as a set of bits. */
static uint32_t fields_named(const struct row *r)
{
	uint32_t set = 0;
	struct heading h;

	for (size_t i = 0; i < r->n; i++)
		if (r->cells[i].kind == CELL_TEXT &&
		    heading_read(heading_text(&r->cells[i]), &h))
			set |= UINT32_C(1) << h.field;
	return set;
}

static unsigned count_bits(uint32_t set)
{
	unsigned n = 0;

	for (; set != 0; set &= set - 1)
		n++;
	return n;
}

unsigned columns_score(const struct row *r)
{
	uint32_t set = fields_named(r);
	unsigned n = count_bits(set);

	return (set & UINT32_C(1) << FIELD_WAYBILL_NUMBER) != 0 && n >= 2 ? n : 0;
}

/* What a column without a heading is called; `to` has OWN_NAME_MAX bytes. */
enum { OWN_NAME_MAX = sizeof("Column ") + CELL_COLUMN_MAX };
static struct slice own_name(uint32_t column, char *to)
{
	char letters[CELL_COLUMN_MAX];

	(void)snprintf(to, OWN_NAME_MAX, "Column %s", cell_column_name(column, letters));
	return slice_str(to);
}

/* Whether some column without a heading is or would be called so. */
static bool is_own_name(struct slice s)
{
	struct slice letters = slice_from(s, sizeof("Column ") - 1);

	if (!slice_starts(s, SLICE("Column ")) || letters.n == 0 || letters.n > 3)
		return false;
	for (size_t i = 0; i < letters.n; i++)
		if (letters.p[i] < 'A' || letters.p[i] > 'Z')
			return false;
	return true;
}

/* Headings in the order of their text, then of their columns. */
struct name {
	struct slice text;
	size_t at;
};

static int text_compare(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int name_compare(const void *va, const void *vb)
{
	const struct name *a = va, *b = vb;
	int order = text_compare(a->text, b->text);

	return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

static int name_find(const void *key, const void *element)
{
	const struct slice *text = key;
	const struct name *name = element;

	return text_compare(*text, name->text);
}

/* Whether a heading stays as it is: its column's own name, or the first of its kind
 * that is no other column's name. */
static bool name_stays(const struct column *c, struct slice text, bool first)
{
	char own[OWN_NAME_MAX];

	if (!is_own_name(text))
		return first;
	return slice_eq(text, own_name(c->column, own));
}

/*
 * Numbers the headings that are there already. What is made so can only be the same as a
 * heading of the file, never as another made one, so it is enough to look at those.
 */
static int names_make_unique(struct columns *c, const struct name *names, struct arena *a,
			     struct err *e)
{
	unsigned suffix = 2;

	for (size_t i = 0; i < c->n; i++) {
		struct column *column = &c->column[names[i].at];
		bool first = i == 0 || !slice_eq(names[i].text, names[i - 1].text);

		if (first)
			suffix = 2;
		if (name_stays(column, names[i].text, first))
			continue;
		do {
			column->heading =
				arena_printf(a, "%.*s (%u)", (int)names[i].text.n,
					     names[i].text.p, suffix++);
			if (column->heading.p == NULL)
				return err_set(e, ERR_LIMIT, "too many headings");
		} while (bsearch(&column->heading, names, c->n, sizeof(names[0]),
				 name_find) != NULL);
	}
	return 0;
}

/* Copies the headings out of the row and names the columns that have none. */
static int headings_copy(const struct row *r, struct columns *c, struct arena *a,
			 struct err *e)
{
	struct name *names = arena_alloc(a, r->n * sizeof(*names));
	char own[OWN_NAME_MAX];

	c->column = arena_alloc(a, r->n * sizeof(*c->column));
	if (names == NULL || c->column == NULL)
		return err_set(e, ERR_LIMIT, "too many headings");
	for (c->n = 0; c->n < r->n; c->n++) {
		struct column *column = &c->column[c->n];
		struct slice text = heading_text(&r->cells[c->n]);

		column->column = r->cells[c->n].column;
		if (text.n == 0)
			text = own_name(column->column, own);
		column->heading = arena_dup(a, text);
		if (column->heading.p == NULL)
			return err_set(e, ERR_LIMIT, "too many headings");
		names[c->n] = (struct name){ column->heading, c->n };
	}
	if (c->n > 1)
		qsort(names, c->n, sizeof(names[0]), name_compare);
	return names_make_unique(c, names, a, e);
}

/* Gives each field its column; see columns.h for who wins. */
static void fields_assign(const struct row *r, struct columns *c)
{
	unsigned best[FIELD_COUNT] = { 0 };
	unsigned joined = 0; /* parts that have a column, as bits */
	struct heading h;

	for (size_t i = 0; i < c->n; i++) {
		struct column *column = &c->column[i];

		column->field = FIELD_EXTRA;
		if (r->cells[i].kind != CELL_TEXT ||
		    !heading_read(heading_text(&r->cells[i]), &h))
			continue;
		column->field = h.field;
		if (h.part > 0) {
			column->shadowed = (joined & 1u << h.part) != 0;
			joined |= 1u << h.part;
		} else if (c->of[h.field] >= 0 && h.specific <= best[h.field]) {
			column->shadowed = true;
		} else {
			if (c->of[h.field] >= 0)
				c->column[c->of[h.field]].shadowed = true;
			c->of[h.field] = (int32_t)i;
			best[h.field] = h.specific;
		}
	}
}

/* Remarks begin at the first of the columns that are joined. */
static void remarks_begin(struct columns *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->column[i].field == FIELD_REMARKS && !c->column[i].shadowed) {
			c->of[FIELD_REMARKS] = (int32_t)i;
			return;
		}
}

/* A street without an address beside it is the address. */
static void street_to_address(struct columns *c)
{
	if (c->of[FIELD_STREET] < 0 || c->of[FIELD_RECEIVER_ADDRESS] >= 0)
		return;
	c->of[FIELD_RECEIVER_ADDRESS] = c->of[FIELD_STREET];
	c->of[FIELD_STREET] = -1;
	for (size_t i = 0; i < c->n; i++)
		if (c->column[i].field == FIELD_STREET)
			c->column[i].field = FIELD_RECEIVER_ADDRESS;
}

/* Lists a row's texts for a message: "A", "B" and 3 more. */
static void texts_list(const struct row *r, char *to, size_t size)
{
	size_t at = 0, listed = 0, filled = 0;

	to[0] = '\0';
	for (size_t i = 0; i < r->n; i++) {
		struct slice text = heading_text(&r->cells[i]);
		struct slice cut = slice_take(&text, LISTED_MAX);

		if (cut.n == 0)
			continue;
		filled++;
		if (listed + 1 < filled || size - at < LISTED_ROOM)
			continue;
		cut.n = utf8_valid_prefix(cut);
		at += (size_t)snprintf(to + at, size - at, "%s\"%.*s%s\"",
				       listed > 0 ? ", " : "", (int)cut.n, cut.p,
				       text.n > 0 ? "..." : "");
		listed++;
	}
	if (listed < filled)
		(void)snprintf(to + at, size - at, " and %zu more", filled - listed);
}

/* Says why a row is no heading row: the best of those looked at. */
static int refuse(uint32_t named, uint64_t number, const char *list, struct err *e)
{
	if (named == UINT32_C(1) << FIELD_WAYBILL_NUMBER)
		return err_set(
			e, ERR_INPUT,
			"row %llu names the waybill number and nothing else that is "
			"known: %s",
			(unsigned long long)number, list);
	if (count_bits(named) >= 2)
		return err_set(
			e, ERR_INPUT,
			"no column for the waybill number; the headings in row %llu "
			"are %s",
			(unsigned long long)number, list);
	return err_set(e, ERR_INPUT, "no heading row; row %llu has %s",
		       (unsigned long long)number, list);
}

int columns_map(const struct row *r, struct arena *a, struct columns *c_r, struct err *e)
{
	char list[LIST_MAX];

	if (columns_score(r) == 0) {
		texts_list(r, list, sizeof(list));
		return refuse(fields_named(r), r->number, list, e);
	}
	*c_r = (struct columns){ .heading_row = r->number };
	for (size_t f = 0; f < FIELD_COUNT; f++)
		c_r->of[f] = -1;
	if (headings_copy(r, c_r, a, e) < 0)
		return -1;
	fields_assign(r, c_r);
	remarks_begin(c_r);
	street_to_address(c_r);
	return 0;
}

/* The best row so far, and for a message the one that comes nearest. */
struct search {
	unsigned score;
	uint64_t row;
	bool near_any;
	uint32_t near_named;
	size_t near_cells;
	uint64_t near_row;
	char near_list[LIST_MAX];
};

static void search_row(struct search *s, const struct row *r)
{
	unsigned score = columns_score(r);
	uint32_t named = fields_named(r);
	unsigned n = count_bits(named), near_n = count_bits(s->near_named);

	if (score > s->score) {
		s->score = score;
		s->row = r->number;
	}
	if (s->near_any && (n < near_n || (n == near_n && r->n <= s->near_cells)))
		return;
	s->near_any = true;
	s->near_named = named;
	s->near_cells = r->n;
	s->near_row = r->number;
	texts_list(r, s->near_list, sizeof(s->near_list));
}

static int search_sheet(struct search *s, struct table *t, size_t sheet, struct err *e)
{
	struct row r;

	if (table_select(t, sheet, e) < 0)
		return -1;
	for (unsigned i = 0; i < HEADING_ROWS; i++) {
		int got = table_next(t, &r, e);

		if (got < 0)
			return -1;
		if (got == PARSE_DONE)
			break;
		search_row(s, &r);
	}
	return 0;
}

/* Goes to the heading row that was found and maps it. */
static int map_found(struct table *t, size_t sheet, uint64_t row, struct arena *a,
		     struct columns *c_r, struct err *e)
{
	struct row r;
	int got;

	if (table_select(t, sheet, e) < 0)
		return -1;
	do
		got = table_next(t, &r, e);
	while (got == PARSE_MORE && r.number < row);
	if (got < 0)
		return -1;
	if (got == PARSE_DONE)
		return err_set(e, ERR_INTERNAL, "the sheet lost its row %llu",
			       (unsigned long long)row);
	return columns_map(&r, a, c_r, e);
}

static int no_sheet(const struct table *t, struct slice wanted, struct err *e)
{
	char list[LIST_MAX];
	size_t at = 0;
	struct slice cut = slice_take(&wanted, LISTED_MAX);

	cut.n = utf8_valid_prefix(cut);
	list[0] = '\0';
	for (size_t i = 0; i < table_sheets(t) && sizeof(list) - at > LISTED_ROOM; i++) {
		struct slice name = table_sheet(t, i).name;
		struct slice shown = slice_take(&name, LISTED_MAX);

		shown.n = utf8_valid_prefix(shown);
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s\"%.*s\"",
				       i > 0 ? ", " : "", (int)shown.n, shown.p);
	}
	if (strcmp(table_format(t), "xlsx") != 0)
		return err_set(e, ERR_INPUT, "no sheet \"%.*s\": a %s file has no sheets",
			       (int)cut.n, cut.p, table_format(t));
	return err_set(e, ERR_INPUT, "no sheet \"%.*s\"; the sheets are %s", (int)cut.n,
		       cut.p, list);
}

static int nothing(const struct table *t, struct err *e)
{
	if (strcmp(table_format(t), "xlsx") != 0)
		return err_set(e, ERR_INPUT,
			       "the file is empty: ask the sender for the file again");
	return err_set(e, ERR_INPUT,
		       "the sheet is empty: choose the sheet that holds the waybills, or "
		       "ask the sender for the file again");
}

/* Whether sheet i is one to look at. */
static bool is_candidate(const struct table *t, size_t i, struct slice wanted)
{
	struct table_sheet sheet = table_sheet(t, i);

	return wanted.n > 0 ? slice_eq_nocase(sheet.name, wanted) : !sheet.hidden;
}

int columns_find(struct table *t, struct slice sheet, struct arena *a,
		 struct columns *c_r, struct slice *sheet_r, struct err *e)
{
	struct search s = { 0 };
	size_t looked = 0;

	for (size_t i = 0; i < table_sheets(t); i++) {
		if (!is_candidate(t, i, sheet))
			continue;
		looked++;
		if (search_sheet(&s, t, i, e) < 0)
			return -1;
		if (s.score == 0)
			continue;
		*sheet_r = table_sheet(t, i).name;
		return map_found(t, i, s.row, a, c_r, e);
	}
	if (looked == 0 && sheet.n > 0)
		return no_sheet(t, sheet, e);
	if (looked == 0)
		return err_set(e, ERR_INPUT,
			       "every sheet is hidden; name the one to read");
	if (!s.near_any)
		return nothing(t, e);
	return refuse(s.near_named, s.near_row, s.near_list, e);
}
