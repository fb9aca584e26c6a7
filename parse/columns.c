/*
 * The heading row of a manifest: finding it, and which column is which field. Ignorant
 * of what the cells below it hold.
 */
#include "parse/columns.h"

#include "parse/column_choice.h"
#include "parse/column_names.h"
#include "parse/columns_wide.h"
#include "parse/heading.h"
#include "parse/reject_columns.h"
#include "parse/text.h"
#include "parse/utf8.h"

enum { HEADING_ROWS = 20 }; /* rows looked at */
enum {
	LIST_MAX = 150,   /* bytes of a list in a message */
	LISTED_MAX = 24,  /* bytes of one text in it, at the most */
	LISTED_ROOM = 48, /* for one more, and for what ends the list */
	KEY_BYTES = 256,  /* of a heading's bare letters; a longer one counts as it is */
	SCORE_ARENA = 64 * 1024 * 1024
};

/* A chosen column beats every heading; of remarks, which are joined, there may be
 * several. */
enum { CHOSEN = 1000, CHOSEN_PART = 31 };

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

/* The fields that a row's cells would name as headings, as a set of bits. */
static uint32_t fields_named(const struct row *r)
{
	uint32_t set = 0;
	struct heading h;

	for (size_t i = 0; i < r->n; i++)
		if (r->cells[i].kind == CELL_TEXT &&
		    heading_read(column_heading(&r->cells[i]), &h))
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

/* Which field a column is of, and how sure that is; false when it is of none. */
static bool names_field(const struct cell *cell, struct column *column, struct heading *h)
{
	if (!column->chosen) {
		column->field = FIELD_EXTRA;
		return cell->kind == CELL_TEXT && heading_read(column_heading(cell), h);
	}
	*h = (struct heading){ .field = column->field, .specific = CHOSEN };
	if (column->field == FIELD_REMARKS)
		h->part = CHOSEN_PART;
	return column->field != FIELD_EXTRA;
}

/* Gives each field its column; see columns.h for who wins. */
static void fields_assign(const struct row *r, struct columns *c)
{
	unsigned best[FIELD_COUNT] = { 0 };
	unsigned joined = 0; /* parts that have a column, as bits */
	struct heading h;

	for (size_t i = 0; i < c->n; i++) {
		struct column *column = &c->column[i];

		if (!names_field(&r->cells[i], column, &h))
			continue;
		column->field = h.field;
		if (h.part > 0) {
			column->shadowed =
				h.part != CHOSEN_PART && (joined & 1u << h.part) != 0;
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
	if (c->of[FIELD_STREET] < 0 || c->of[FIELD_RECEIVER_ADDRESS] >= 0 ||
	    c->column[c->of[FIELD_STREET]].chosen)
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
		struct slice text = column_heading(&r->cells[i]);
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

/* Marks the chosen columns; all of them must be there. */
static int choose(const struct column_choice *chosen, const struct row *r,
		  struct columns *c, struct err *e)
{
	bool found[COLUMN_CHOICE_MAX] = { false };
	char list[LIST_MAX];

	for (size_t i = 0; i < c->n; i++) {
		size_t at = column_choice_find(chosen, c->column[i].heading);

		if (at == chosen->n || found[at])
			continue;
		found[at] = true;
		c->column[i].chosen = true;
		c->column[i].field = chosen->item[at].field;
	}
	for (size_t i = 0; i < chosen->n; i++) {
		struct slice name = chosen->item[i].heading;
		struct slice cut = slice_take(&name, LISTED_MAX);

		if (found[i])
			continue;
		cut.n = utf8_valid_prefix(cut);
		texts_list(r, list, sizeof(list));
		return err_set(e, ERR_INPUT,
			       "no column is headed \"%.*s\"; the headings in row %llu "
			       "are %s",
			       (int)cut.n, cut.p, (unsigned long long)r->number, list);
	}
	return 0;
}

static int key_compare(const void *va, const void *vb)
{
	const struct slice *a = va, *b = vb;

	return column_compare(*a, *b);
}

static int key_join(const struct row *r, struct arena *a, struct slice *all_r)
{
	struct slice *keys = arena_alloc(a, r->n * sizeof(*keys));
	char *at = arena_alloc(a, r->n * (KEY_BYTES + 1));
	size_t n = 0;

	if (keys == NULL || at == NULL)
		return -1;
	all_r->p = at;
	for (size_t i = 0; i < r->n; i++) {
		struct slice text = column_heading(&r->cells[i]);
		char *to = arena_alloc(a, KEY_BYTES);
		size_t used = 0;

		if (to == NULL)
			return -1;
		if (!text_key(text, to, KEY_BYTES, &used)) {
			used = text.n < KEY_BYTES ? text.n : KEY_BYTES;
			memcpy(to, text.p, used);
		}
		if (used > 0)
			keys[n++] = (struct slice){ to, used };
	}
	qsort(keys, n, sizeof(*keys), key_compare);
	for (size_t i = 0; i < n; i++) {
		memcpy(at, keys[i].p, keys[i].n);
		at += keys[i].n;
		*at++ = '\n';
	}
	all_r->n = (size_t)(at - all_r->p);
	return 0;
}

/* The digest of a row's texts, each as its bare letters and digits, in their order. */
static int row_key(struct row r, char to[SHA256_HEX], struct err *e)
{
	struct slice all;
	struct arena a;
	int rc;

	arena_init(&a, SCORE_ARENA);
	(void)reject_columns_drop(&r);
	rc = key_join(&r, &a, &all);
	if (rc == 0)
		sha256_hex(all, to);
	arena_release(&a);
	return rc == 0 ? 0 : err_set(e, ERR_LIMIT, "too many headings");
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

/* Maps a row whatever its headings name. */
static int map_row(const struct row *r, const struct column_choice *chosen,
		   struct arena *a, struct columns *c_r, struct err *e)
{
	struct row own = *r, wide;

	*c_r = (struct columns){ .heading_row = r->number,
				 .end = reject_columns_drop(&own),
				 .headed = r->cells[r->n - 1].column + 1,
				 .width = r->width };
	for (size_t f = 0; f < FIELD_COUNT; f++)
		c_r->of[f] = -1;
	wide = own;
	if (chosen != NULL && column_row_widen(&own, chosen, a, &wide, e) < 0)
		return -1;
	if (column_names(&wide, c_r, a, e) < 0 || row_key(own, c_r->key, e) < 0)
		return -1;
	if (chosen != NULL && choose(chosen, &own, c_r, e) < 0)
		return -1;
	if (c_r->headed <= c_r->column[c_r->n - 1].column)
		c_r->headed = c_r->column[c_r->n - 1].column + 1;
	fields_assign(&wide, c_r);
	remarks_begin(c_r);
	street_to_address(c_r);
	return 0;
}

int columns_map(const struct row *r, struct arena *a, struct columns *c_r, struct err *e)
{
	char list[LIST_MAX];

	if (columns_score(r) == 0) {
		texts_list(r, list, sizeof(list));
		return refuse(fields_named(r), r->number, list, e);
	}
	return map_row(r, NULL, a, c_r, e);
}

/* The same with columns that were chosen. */
static int map_chosen(const struct row *r, const struct column_choice *chosen,
		      struct arena *a, struct columns *c_r, struct err *e)
{
	char list[LIST_MAX];

	if (chosen == NULL)
		return columns_map(r, a, c_r, e);
	if (map_row(r, chosen, a, c_r, e) < 0)
		return -1;
	if (c_r->of[FIELD_WAYBILL_NUMBER] >= 0)
		return 0;
	texts_list(r, list, sizeof(list));
	return err_set(
		e, ERR_INPUT,
		"no column for the waybill number; the headings in row %llu are %s",
		(unsigned long long)r->number, list);
}

/* columns_score() with columns that were chosen. */
static unsigned score_chosen(const struct row *r, const struct column_choice *chosen)
{
	struct err e = { 0 };
	struct columns c;
	struct arena a;
	unsigned n = 0;

	if (chosen == NULL)
		return columns_score(r);
	arena_init(&a, SCORE_ARENA);
	if (map_chosen(r, chosen, &a, &c, &e) == 0)
		for (size_t f = 0; f < FIELD_COUNT; f++)
			n += c.of[f] >= 0;
	/* Any text above or below the numbers would do for a row without headings. */
	if (n == 1 && (!c.column[c.of[FIELD_WAYBILL_NUMBER]].chosen ||
		       column_is_own_name(&c.column[c.of[FIELD_WAYBILL_NUMBER]])))
		n = 0;
	arena_release(&a);
	return n;
}

/* The best row so far, and for a message the one that comes nearest. */
struct search {
	const struct column_choice *chosen; /* or NULL */
	unsigned score;
	uint64_t row;
	bool near_any;
	uint32_t near_named;
	size_t near_cells;
	uint64_t near_row;
	size_t near_sheet;
	char near_list[LIST_MAX];
};

static void search_row(struct search *s, size_t sheet, const struct row *r)
{
	unsigned score = score_chosen(r, s->chosen);
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
	s->near_sheet = sheet;
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
		search_row(s, sheet, &r);
	}
	return 0;
}

/* Goes to a row that was found, which becomes the last one read. */
static int go_to(struct table *t, size_t sheet, uint64_t row, struct row *r,
		 struct err *e)
{
	int got;

	if (table_select(t, sheet, e) < 0)
		return -1;
	do
		got = table_next(t, r, e);
	while (got == PARSE_MORE && r->number < row);
	if (got < 0)
		return -1;
	if (got == PARSE_DONE)
		return err_set(e, ERR_INTERNAL, "the sheet lost its row %llu",
			       (unsigned long long)row);
	return 0;
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
		return err_set(e, ERR_INPUT,
			       "no sheet \"%.*s\": a %s file has no sheets, so leave the "
			       "sheet out",
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

/* Looks through the sheets until one has a heading row; *sheet_r is its number. */
static int search(struct search *s, struct table *t, struct slice sheet, size_t *sheet_r,
		  struct err *e)
{
	size_t looked = 0;

	for (size_t i = 0; i < table_sheets(t); i++) {
		if (!is_candidate(t, i, sheet))
			continue;
		looked++;
		if (search_sheet(s, t, i, e) < 0)
			return -1;
		*sheet_r = i;
		if (s->score > 0)
			return 0;
	}
	if (looked == 0 && sheet.n > 0)
		return no_sheet(t, sheet, e);
	if (looked == 0)
		return err_set(e, ERR_INPUT,
			       "every sheet is hidden: show the one that holds the "
			       "waybills (in Excel, Unhide on its tab), or name it");
	return s->near_any ? 0 : nothing(t, e);
}

int columns_find_chosen(struct table *t, struct slice sheet,
			const struct column_choice *chosen, struct arena *a,
			struct columns *c_r, struct slice *sheet_r, struct err *e)
{
	struct search s = { .chosen = chosen == NULL || chosen->n == 0 ? NULL : chosen };
	uint64_t row;
	struct row r;
	size_t at;

	if (search(&s, t, sheet, &at, e) < 0)
		return -1;
	if (s.score == 0 && s.chosen == NULL)
		return refuse(s.near_named, s.near_row, s.near_list, e);
	/* A row without what was chosen is mapped for the reason that this gives. */
	if (s.score == 0)
		at = s.near_sheet;
	row = s.score == 0 ? s.near_row : s.row;
	*sheet_r = table_sheet(t, at).name;
	if (go_to(t, at, row, &r, e) < 0 || map_chosen(&r, s.chosen, a, c_r, e) < 0)
		return -1;
	if (c_r->width == 0)
		return 0;
	columns_wide_look(t, c_r);
	return go_to(t, at, row, &r, e);
}

int columns_find(struct table *t, struct slice sheet, struct arena *a,
		 struct columns *c_r, struct slice *sheet_r, struct err *e)
{
	return columns_find_chosen(t, sheet, NULL, a, c_r, sheet_r, e);
}

int columns_near(struct table *t, struct slice sheet, struct arena *a,
		 struct columns *c_r, struct slice *sheet_r, struct err *e)
{
	struct search s = { 0 };
	struct row r;
	size_t at;

	if (search(&s, t, sheet, &at, e) < 0)
		return -1;
	if (s.score == 0)
		at = s.near_sheet;
	*sheet_r = table_sheet(t, at).name;
	if (go_to(t, at, s.score == 0 ? s.near_row : s.row, &r, e) < 0)
		return -1;
	return map_row(&r, NULL, a, c_r, e);
}

static int sheet_keys(struct table *t, size_t sheet, char (*key)[SHA256_HEX], size_t *n,
		      struct err *e)
{
	struct row r;
	int got = table_select(t, sheet, e) < 0 ? -1 : PARSE_MORE;

	for (unsigned i = 0; got == PARSE_MORE && i < HEADING_ROWS; i++) {
		size_t same = 0;

		got = table_next(t, &r, e);
		if (got != PARSE_MORE || *n == COLUMNS_KEYS)
			break;
		if (row_key(r, key[*n], e) < 0)
			return -1;
		while (same < *n && strcmp(key[same], key[*n]) != 0)
			same++;
		*n += same == *n;
	}
	return got < 0 ? -1 : 0;
}

int columns_keys(struct table *t, struct slice sheet, char (*key)[SHA256_HEX],
		 size_t *n_r, struct err *e)
{
	*n_r = 0;
	for (size_t i = 0; i < table_sheets(t) && *n_r < COLUMNS_KEYS; i++)
		if (is_candidate(t, i, sheet) && sheet_keys(t, i, key, n_r, e) < 0)
			return -1;
	return 0;
}

int columns_next(const struct columns *c, struct table *t, struct row *r, struct err *e)
{
	int got = table_next(t, r, e);

	if (got == PARSE_MORE)
		r->over = columns_over(c, r);
	while (got == PARSE_MORE && r->n > 0 && r->cells[r->n - 1].column >= c->end)
		r->n--;
	return got;
}
