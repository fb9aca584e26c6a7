/*
 * The rows command: a table's cells as CSV. Ignorant of what the columns mean, except
 * that without --sheet it shows the sheet that an import would take.
 */
#include "server/ctl_rows.h"

#include "parse/columns.h"
#include "parse/csv_write.h"
#include "parse/table.h"
#include "server/ctl_check.h"

#include <unistd.h>

enum { ARENA_MAX = 16 * 1024 * 1024 };

static int no_such_sheet(const struct table *t, struct slice name, struct err *e)
{
	char list[160] = "";
	size_t used = 0;

	if (table_sheet(t, 0).name.n == 0)
		return err_set(e, ERR_INPUT, "%s files have no sheets: leave --sheet out",
			       table_format(t));
	for (size_t i = 0; i < table_sheets(t) && used < sizeof(list); i++) {
		struct slice s = table_sheet(t, i).name;
		int n = snprintf(list + used, sizeof(list) - used, "%s'%.*s'",
				 i == 0 ? "" : ", ", (int)(s.n < 40 ? s.n : 40), s.p);

		used += n < 0 ? 0 : (size_t)n;
	}
	return err_set(e, ERR_INPUT, "there is no sheet '%.*s'; there are %s",
		       (int)(name.n < 40 ? name.n : 40), name.p, list);
}

static bool sheet_find(const struct table *t, struct slice name, size_t *i_r)
{
	for (size_t i = 0; i < table_sheets(t); i++)
		if (slice_eq_nocase(table_sheet(t, i).name, name)) {
			*i_r = i;
			return true;
		}
	return false;
}

/* The sheet that an import would take; when it would take none, the first that is
 * not hidden. */
static size_t sheet_guess(struct table *t)
{
	struct slice name;
	struct columns columns;
	struct arena arena;
	struct err e = { 0 };
	size_t i = 0;
	bool found;

	arena_init(&arena, ARENA_MAX);
	found = columns_find(t, SLICE(""), &arena, &columns, &name, &e) == 0 &&
		sheet_find(t, name, &i);
	arena_release(&arena);
	while (!found && i < table_sheets(t) && table_sheet(t, i).hidden)
		i++;
	return i < table_sheets(t) ? i : 0;
}

static int sheet_select(struct table *t, const char *name, struct err *e)
{
	size_t i = 0;

	if (name != NULL && !sheet_find(t, slice_str(name), &i))
		return no_such_sheet(t, slice_str(name), e);
	if (name == NULL && table_sheets(t) > 1)
		i = sheet_guess(t);
	return table_select(t, i, e);
}

static int row_write(const struct row *r, struct csv_write *w, struct err *e)
{
	uint32_t column = 0;

	for (size_t i = 0; i < r->n; i++, column++) {
		for (; column < r->cells[i].column; column++)
			if (csv_write_cell(w, SLICE(""), e) < 0)
				return -1;
		if (csv_write_cell(w, r->cells[i].text, e) < 0)
			return -1;
	}
	return csv_write_row_end(w, e);
}

static int rows_write(struct table *t, const struct sink *out, struct err *e)
{
	struct csv_write w;
	uint64_t next = 1;
	struct row r;
	int step;

	csv_write_init(&w, out, &(struct csv_write_options){ 0 });
	while ((step = table_next(t, &r, e)) == PARSE_MORE) {
		for (; next < r.number; next++)
			if (csv_write_row_end(&w, e) < 0)
				return -1;
		if (row_write(&r, &w, e) < 0)
			return -1;
		next = r.number + 1;
	}
	return step < 0 ? -1 : csv_write_flush(&w, e);
}

static int rows(const char *path, const char *sheet, struct err *e)
{
	int fd, out = STDOUT_FILENO, result = -1;
	struct sink to = ctl_sink(&out);
	struct table *t;
	uint64_t size;

	if (ctl_open(path, &fd, &size, e) < 0)
		return -1;
	if (ctl_confine(e) == 0 &&
	    table_open(fd, 0, size, &table_limits_default, &t, e) == 0) {
		if (sheet_select(t, sheet, e) == 0)
			result = rows_write(t, &to, e);
		table_close(&t);
	}
	(void)close(fd);
	return result;
}

int ctl_rows(const struct ctl *ctl, int argc, char **argv)
{
	const char *sheet = NULL, *path = NULL;
	bool check = false;
	const struct ctl_option options[] = {
		{ "--sheet", &sheet, NULL, NULL },
		{ "--check", NULL, &check, NULL },
	};
	struct err e = { 0 };

	(void)ctl;
	if (ctl_options(argc, argv, options, 2, &path, 1, "FILE [--sheet NAME] [--check]",
			&e) < 0)
		return ctl_fail(&e);
	if (check)
		return ctl_check(path, sheet);
	return rows(path, sheet, &e) < 0 ? ctl_fail(&e) : CTL_OK;
}
