/*
 * Sorts the lines of a COPY. Ignorant of what the fields mean: no field but the last has
 * a bare line feed behind it, and none has a bare byte below the tab within.
 */
#include "server/import_order.h"

#include <stdlib.h>

static int by_bytes(const void *left, const void *right)
{
	const struct slice *a = left, *b = right;
	int order = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);

	if (order != 0)
		return order;
	return a->p < b->p ? -1 : a->p > b->p; /* of one buffer */
}

static size_t count_lines(struct slice lines)
{
	size_t n = 0;

	for (const char *end; (end = slice_find(lines, '\n')) != NULL; n++)
		(void)slice_take(&lines, (size_t)(end - lines.p) + 1);
	return n;
}

int import_order(struct slice lines, struct arena *a, struct buf *to, struct err *e)
{
	size_t n = count_lines(lines);
	struct slice *line;

	if (n == 0)
		return 0;
	line = arena_alloc(a, n * sizeof(*line));
	if (line == NULL)
		return err_set(e, ERR_MEMORY, "out of memory for %zu rows", n);
	for (size_t i = 0; i < n; i++) {
		const char *end = slice_find(lines, '\n');

		line[i] = slice_take(&lines, (size_t)(end - lines.p) + 1);
	}
	qsort(line, n, sizeof(*line), by_bytes);
	for (size_t i = 0; i < n; i++)
		if (buf_add(to, line[i], e) < 0)
			return -1;
	return 0;
}
