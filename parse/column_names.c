/*
 * What the columns of a file are called, each by a name of its own. Ignorant of what the
 * names mean.
 */
#include "parse/column_names.h"

#include "parse/column_choice.h"
#include "parse/text.h"
#include "parse/utf8.h"

struct slice column_heading(const struct cell *cell)
{
	struct slice rest = text_trim(cell->text),
		     text = slice_take(&rest, COLUMN_HEADING);

	if (rest.n > 0)
		text.n = utf8_valid_prefix(text);
	return text_trim(text);
}

struct slice column_own_name(uint32_t column, char to[COLUMN_OWN_NAME])
{
	char letters[CELL_COLUMN_MAX];

	(void)snprintf(to, COLUMN_OWN_NAME, "Column %s",
		       cell_column_name(column, letters));
	return slice_str(to);
}

/* Whether some column without a heading is or would be called so, and which. */
static bool is_own_name(struct slice s, uint32_t *column_r)
{
	struct slice letters = slice_from(s, sizeof("Column ") - 1);
	uint32_t next = 0; /* the column behind it */

	if (!slice_starts(s, SLICE("Column ")) || letters.n == 0 || letters.n > 3)
		return false;
	for (size_t i = 0; i < letters.n; i++) {
		if (letters.p[i] < 'A' || letters.p[i] > 'Z')
			return false;
		next = next * 26 + (uint32_t)(letters.p[i] - 'A') + 1;
	}
	*column_r = next - 1;
	return true;
}

bool column_is_own_name(const struct column *column)
{
	char own[COLUMN_OWN_NAME];

	return slice_eq(column->heading, column_own_name(column->column, own));
}

static bool has_cell(const struct cell *cells, size_t n, uint32_t column)
{
	for (size_t i = 0; i < n; i++)
		if (cells[i].column == column)
			return true;
	return false;
}

static int cell_compare(const void *va, const void *vb)
{
	const struct cell *a = va, *b = vb;

	return (a->column > b->column) - (a->column < b->column);
}

int column_row_widen(const struct row *r, const struct column_choice *chosen,
		     struct arena *a, struct row *wide_r, struct err *e)
{
	struct cell *cells = arena_alloc(a, (r->n + chosen->n) * sizeof(*cells));
	size_t n = r->n;
	uint32_t column;

	if (cells == NULL)
		return err_set(e, ERR_LIMIT, "too many headings");
	if (n > 0)
		memcpy(cells, r->cells, n * sizeof(*cells));
	for (size_t i = 0; i < chosen->n; i++)
		if (is_own_name(chosen->item[i].heading, &column) &&
		    column < table_limits_default.max_columns &&
		    !has_cell(cells, n, column))
			cells[n++] = (struct cell){ .column = column, .kind = CELL_TEXT };
	if (n > r->n)
		qsort(cells, n, sizeof(*cells), cell_compare);
	*wide_r = *r;
	wide_r->cells = cells;
	wide_r->n = n;
	return 0;
}

/* Headings in the order of their text, then of their columns. */
struct name {
	struct slice text;
	size_t at;
};

int column_compare(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int name_compare(const void *va, const void *vb)
{
	const struct name *a = va, *b = vb;
	int order = column_compare(a->text, b->text);

	return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

static int name_find(const void *key, const void *element)
{
	const struct slice *text = key;
	const struct name *name = element;

	return column_compare(*text, name->text);
}

/* Whether a heading stays as it is: its column's own name, or the first of its kind
 * that is no other column's name. */
static bool name_stays(const struct column *c, struct slice text, bool first)
{
	char own[COLUMN_OWN_NAME];
	uint32_t column;

	if (!is_own_name(text, &column))
		return first;
	return slice_eq(text, column_own_name(c->column, own));
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

/* A copy. A NUL, which nobody can name or keep, becomes U+FFFD. */
static struct slice keep(struct slice text, struct arena *a)
{
	const struct slice other = SLICE_INIT("\xef\xbf\xbd");
	char *to;
	size_t n = 0;

	if (slice_find(text, '\0') == NULL)
		return arena_dup(a, text);
	to = arena_alloc(a, text.n * other.n);
	for (size_t i = 0; to != NULL && i < text.n; i++) {
		struct slice c =
			text.p[i] == '\0' ? other : (struct slice){ text.p + i, 1 };

		memcpy(to + n, c.p, c.n);
		n += c.n;
	}
	return (struct slice){ to, n };
}

/* Copies the headings out of the row and names the columns that have none. */
int column_names(const struct row *r, struct columns *c, struct arena *a, struct err *e)
{
	struct name *names = arena_alloc(a, r->n * sizeof(*names));
	char own[COLUMN_OWN_NAME];

	c->column = arena_alloc(a, r->n * sizeof(*c->column));
	if (names == NULL || c->column == NULL)
		return err_set(e, ERR_LIMIT, "too many headings");
	for (c->n = 0; c->n < r->n; c->n++) {
		struct column *column = &c->column[c->n];
		struct slice text = column_heading(&r->cells[c->n]);

		column->column = r->cells[c->n].column;
		if (text.n == 0)
			text = column_own_name(column->column, own);
		column->heading = keep(text, a);
		if (column->heading.p == NULL)
			return err_set(e, ERR_LIMIT, "too many headings");
		names[c->n] = (struct name){ column->heading, c->n };
	}
	if (c->n > 1)
		qsort(names, c->n, sizeof(names[0]), name_compare);
	return names_make_unique(c, names, a, e);
}
