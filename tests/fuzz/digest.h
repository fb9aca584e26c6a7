/*
 * What a parser gave, as one number: equal readings have equal digests.
 */
#ifndef TESTS_FUZZ_DIGEST_H
#define TESTS_FUZZ_DIGEST_H

#include "parse/err.h"
#include "parse/table.h"
#include "parse/utf8.h"

#include <assert.h>
#include <stdint.h>

/* FNV-1a */
static inline uint64_t digest(uint64_t d, const void *p, size_t n)
{
	const unsigned char *at = p;

	for (size_t i = 0; i < n; i++)
		d = (d ^ at[i]) * UINT64_C(1099511628211);
	return d;
}

static inline uint64_t digest_err(uint64_t d, const struct err *e)
{
	d = digest(d, &e->kind, sizeof(e->kind));
	return digest(d, e->text, strlen(e->text));
}

/* A row that is told of must keep what parse/table.h promises. */
static inline uint64_t digest_row(uint64_t d, const struct row *r, uint64_t *last)
{
	uint64_t next_column = 0;

	assert(r->number > *last && r->n > 0);
	*last = r->number;
	d = digest(d, &r->number, sizeof(r->number));
	d = digest(d, &r->hidden, sizeof(r->hidden));
	for (size_t i = 0; i < r->n; i++) {
		const struct cell *c = &r->cells[i];

		assert(c->column >= next_column && c->text.n > 0);
		assert(utf8_valid(c->text) && slice_find(c->text, '\0') == NULL);
		next_column = (uint64_t)c->column + 1;
		d = digest(d, &c->column, sizeof(c->column));
		d = digest(d, &c->kind, sizeof(c->kind));
		d = digest(d, c->text.p, c->text.n);
		if (c->kind == CELL_NUMBER || c->kind == CELL_DATE)
			d = digest(d, &c->number, sizeof(c->number));
	}
	return d;
}

#endif
