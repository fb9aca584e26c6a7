/*
 * Rows out of a table as the text of a COPY. What a row means is decided in parse/, what
 * becomes of it in SQL.
 */
#include "server/import_rows.h"

#include "parse/column_names.h"
#include "parse/json_write.h"
#include "parse/merged_cells.h"
#include "parse/row_hash.h"
#include "parse/utf8.h"
#include "server/clock.h"
#include "server/import_columns.h"
#include "server/import_copy.h"
#include "server/import_order.h"

#include <inttypes.h>

enum {
	PIECE = 64 * 1024,    /* of the COPY stream */
	ORDERED = 512 * 1024, /* of rows that go straight into the table, sorted */
	FIRST_ROWS = 500,     /* that tell what kind of file it is */
	TELL_MS = 400,
	TELL_ROWS = 256, /* how often the clock is looked at */
	HASH_DIGITS = 19 /* of 63 bits */
};

static int tell_now_and_then(struct import_job *j, struct err *e)
{
	uint64_t rows = j->report.staged + j->report.rejected;

	if (rows % TELL_ROWS != 0 || (int64_t)clock_ms() - j->told_at < TELL_MS)
		return 0;
	return import_tell(j, IMPORT_READING, e);
}

static int add_fields(struct buf *b, const struct slice *v, size_t n, char behind,
		      struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (import_copy_field(b, v[i], i + 1 < n ? '\t' : behind, e) < 0)
			return -1;
	return 0;
}

/* What the fields mean that the rows are equal in, and what the headings take out of a
 * waybill's other columns. */
static int hash_seed(struct import_job *j, struct err *e)
{
	struct slice v[2] = { { NULL, 0 }, slice_str(j->cfg->timezone) };

	if (import_columns_json(&j->columns, &j->cells, e) < 0)
		return -1;
	v[0] = buf_slice(&j->cells);
	j->hash_seed = row_hash(0, v, 2);
	return 0;
}

/* Where the file's other rows say what this one means, nothing tells it by itself. */
static bool has_hash(const struct waybill *w)
{
	return w->signing_day_first.p == NULL && w->submission_day_first.p == NULL;
}

static int add_hash(struct buf *b, uint64_t hash, char behind, struct err *e)
{
	char text[HASH_DIGITS + 1];

	for (size_t i = HASH_DIGITS; i-- > 0; hash /= 10)
		text[i] = (char)('0' + hash % 10);
	text[HASH_DIGITS] = behind;
	return buf_add(b, (struct slice){ text, sizeof(text) }, e);
}

/* The fields in the order of enum field; of these from the third on, as they stand there,
 * and of the status and the other columns *hash_r is: by it the same row is known again
 * without a look at its fields. */
static int add_values(struct import_job *j, const struct waybill *w, struct slice status,
		      uint64_t *hash_r, struct err *e)
{
	struct buf *b = &j->copy;
	struct slice v[] = { w->value[FIELD_STATUS], { NULL, 0 }, w->extra };
	size_t start;

	if (import_copy_field(b, w->value[FIELD_WAYBILL_NUMBER], '\t', e) < 0 ||
	    import_copy_field(b, status, '\t', e) < 0)
		return -1;
	start = b->n;
	if (add_fields(b, w->value + FIELD_STATUS + 1, FIELD_COUNT - FIELD_STATUS - 1,
		       '\t', e) < 0)
		return -1;
	v[1] = (struct slice){ b->p + start, b->n - start };
	*hash_r = row_hash(j->hash_seed, v, sizeof(v) / sizeof(v[0]));
	return 0;
}

/* Spares PostgreSQL the search in a file where every number comes once. */
static void look_for_repeated(struct import_job *j, const struct slice *number)
{
	if (j->repeated || hash_set_first(&j->numbers, row_hash(0, number, 1)))
		return;
	j->repeated = true;
	hash_set_release(&j->numbers);
}

/* For import_copy.sql. */
static int add_staged(struct import_job *j, uint64_t row, const struct waybill *w,
		      struct err *e)
{
	struct buf *b = &j->copy;
	struct slice more[] = { w->signing_day_first, w->submission_day_first, w->extra };
	uint64_t hash;

	look_for_repeated(j, &w->value[FIELD_WAYBILL_NUMBER]);

	/* Spares PostgreSQL the reading of an empty object. */
	if (slice_eq(w->extra, SLICE("{}")))
		more[2] = (struct slice){ NULL, 0 };
	if (import_copy_number(b, row, '\t', e) < 0 ||
	    add_values(j, w, w->value[FIELD_STATUS], &hash, e) < 0 ||
	    add_fields(b, more, sizeof(more) / sizeof(more[0]), '\t', e) < 0)
		return -1;
	return has_hash(w) ? add_hash(b, hash, '\n', e)
			   : import_copy_field(b, (struct slice){ NULL, 0 }, '\n', e);
}

/* For import_direct.sql. */
static int add_direct(struct import_job *j, struct waybill *w, struct err *e)
{
	struct slice status = w->value[FIELD_STATUS];
	struct slice more[] = { w->extra,
				j->options->batch ? SLICE("true") : SLICE("false"),
				j->id };
	uint64_t hash;

	if (j->direct.signing_day_first && w->signing_day_first.p != NULL)
		w->value[FIELD_SIGNING_TIME] = w->signing_day_first;
	if (j->direct.submission_day_first && w->submission_day_first.p != NULL)
		w->value[FIELD_SUBMISSION_TIME] = w->submission_day_first;
	if (add_values(j, w, status.p != NULL ? status : SLICE("pending"), &hash, e) <
		    0 ||
	    add_fields(&j->copy, more, sizeof(more) / sizeof(more[0]), '\t', e) < 0)
		return -1;
	return has_hash(w)
		       ? add_hash(&j->copy, hash, '\n', e)
		       : import_copy_field(&j->copy, (struct slice){ NULL, 0 }, '\n', e);
}

static int add_waybill(struct import_job *j, uint64_t row, struct waybill *w,
		       struct err *e)
{
	if ((j->direct.yes ? add_direct(j, w, e) : add_staged(j, row, w, e)) < 0)
		return -1;
	j->report.staged++;
	if (w->unknown_status.p != NULL)
		import_report_status(&j->report, w->unknown_status, &j->file);
	return 0;
}

/* A rejected row's cells by heading; a cell under none by its column's letters. Of each
 * at most `most` bytes. */
static int cells_json(struct import_job *j, const struct row *r, size_t most,
		      struct err *e)
{
	const struct columns *c = &j->columns;
	char own[COLUMN_OWN_NAME];
	size_t at = 0;

	buf_drop(&j->cells, j->cells.n);
	if (json_write_object(&j->cells, e) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		struct slice name, rest = r->cells[i].text;
		struct slice text = slice_take(&rest, most);

		while (at < c->n && c->column[at].column < r->cells[i].column)
			at++;
		name = at < c->n && c->column[at].column == r->cells[i].column
			       ? c->column[at].heading
			       : column_own_name(r->cells[i].column, own);
		if (rest.n > 0)
			text.n = utf8_valid_prefix(text);
		if (json_write_key(&j->cells, name, e) < 0 ||
		    json_write_string(&j->cells, text, e) < 0)
			return -1;
	}
	return json_write_object_end(&j->cells, e);
}

/* A row that is too large to be kept is kept in part, and says so. */
static struct slice rejected_cells(struct import_job *j, const struct row *r,
				   const char **cut_r)
{
	struct err whole = { 0 }, part = { 0 };

	*cut_r = "";
	if (cells_json(j, r, SIZE_MAX, &whole) == 0)
		return buf_slice(&j->cells);
	*cut_r =
		"; the row is too long to be kept whole, so mend it in the original file";
	if (cells_json(j, r, (size_t)IMPORT_CELLS_MAX / (8 * (r->n + 1)), &part) == 0)
		return buf_slice(&j->cells);
	return SLICE("{}");
}

static int reject(struct import_job *j, const struct row *r, const struct reject *why,
		  struct err *e)
{
	const char *cut;
	struct slice cells = rejected_cells(j, r, &cut);
	struct slice reason =
		arena_printf(&j->row, "%.*s%s", (int)why->reason.n, why->reason.p, cut);
	struct buf b;
	int rc = -1;

	buf_init(&b, (size_t)8 * IMPORT_CELLS_MAX);
	if (import_copy_field(&b, j->id, '\t', e) == 0 &&
	    import_copy_number(&b, r->number, '\t', e) == 0 &&
	    import_copy_field(&b, SLICE("rejected"), '\t', e) == 0 &&
	    import_copy_field(&b, why->heading, '\t', e) == 0 &&
	    import_copy_field(&b, why->text, '\t', e) == 0 &&
	    import_copy_field(&b, reason, '\t', e) == 0 &&
	    import_copy_field(&b, cells, '\n', e) == 0)
		rc = import_spool_add(&j->rejects, buf_slice(&b), e);
	buf_release(&b);
	j->report.rejected++;
	return rc;
}

/* A row that the reader knows nothing to do with is as much the file's fault. */
static int read_row(struct import_job *j, const struct row *r, enum row_verdict *verdict,
		    struct waybill *w, struct reject *why, struct err *e)
{
	arena_reset(&j->row);
	if (waybill_read(&j->columns, r, &j->row, &j->report.notes, verdict, w, why, e) ==
	    0)
		return 0;
	(void)err_prefix(e, "row %" PRIu64, r->number);
	return import_table_failed(j, e);
}

static int add_row(struct import_job *j, const struct row *r, struct err *e)
{
	enum row_verdict verdict;
	struct reject why;
	struct waybill w;

	if (read_row(j, r, &verdict, &w, &why, e) < 0)
		return -1;
	switch (verdict) {
	case ROW_WAYBILL:
		return add_waybill(j, r->number, &w, e);
	case ROW_REJECTED:
		return reject(j, r, &why, e);
	case ROW_BLANK:
	case ROW_FOOTER:
		break;
	}
	return 0;
}

static int send_piece(struct import_job *j, struct err *e)
{
	if (stmt_copy_put(j->work, buf_slice(&j->copy), e) < 0)
		return -1;
	buf_drop(&j->copy, j->copy.n);
	return 0;
}

static int send_ordered(struct import_job *j, struct err *e)
{
	struct slice rest;

	arena_reset(&j->row);
	if (import_order(buf_slice(&j->copy), &j->row, &j->ordered, e) < 0)
		return -1;
	for (rest = buf_slice(&j->ordered); rest.n > 0;)
		if (stmt_copy_put(j->work, slice_take(&rest, PIECE), e) < 0)
			return -1;
	buf_drop(&j->ordered, j->ordered.n);
	buf_drop(&j->copy, j->copy.n);
	return 0;
}

int import_rows(struct import_job *j, struct err *e)
{
	size_t most = j->direct.yes ? ORDERED : PIECE;
	bool many = false;
	struct row r;
	int step;

	if (hash_seed(j, e) < 0)
		return -1;
	while ((step = columns_next(&j->columns, j->table, &r, e)) == PARSE_MORE) {
		if (add_row(j, &r, e) < 0 || tell_now_and_then(j, e) < 0)
			return -1;
		if (j->copy.n < most)
			continue;
		if (j->direct.yes && stmt_copy_answered(j->work))
			return 0;
		many = j->direct.yes;
		if ((many ? send_ordered(j, e) : send_piece(j, e)) < 0)
			return -1;
	}
	if (step != PARSE_DONE)
		return import_table_failed(j, e);
	j->report.guessed = table_guessed(j->table);
	merged_cells_note(j->table, &j->columns, &j->report.notes);
	/* A file that is no longer than that keeps its order. */
	return (many ? send_ordered(j, e) : send_piece(j, e)) < 0 ? -1 : 1;
}

int import_rows_first(struct import_job *j, struct slice *numbers_r, struct err *e)
{
	struct row r;
	int step = PARSE_MORE;

	for (unsigned n = 0; n < FIRST_ROWS && step == PARSE_MORE; n++) {
		enum row_verdict verdict = ROW_BLANK;
		struct reject why;
		struct waybill w;

		step = columns_next(&j->columns, j->table, &r, e);
		if (step < 0)
			return import_table_failed(j, e);
		if (step == PARSE_DONE)
			break;
		if (read_row(j, &r, &verdict, &w, &why, e) < 0)
			return -1;
		if (verdict == ROW_WAYBILL &&
		    (buf_add(&j->copy, w.value[FIELD_WAYBILL_NUMBER], e) < 0 ||
		     buf_add(&j->copy, SLICE("\n"), e) < 0))
			return -1;
	}
	*numbers_r = buf_slice(&j->copy);
	return 0;
}
