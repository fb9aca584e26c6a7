/*
 * The first look at a file. It reads with the same columns and rows as import_load, and
 * knows nothing of waybills that are there already.
 */
#include "server/import_preview.h"

#include "parse/column_names.h"
#include "parse/json_write.h"
#include "parse/merged_cells.h"
#include "parse/string_set.h"
#include "parse/text.h"
#include "parse/utf8.h"
#include "server/clock.h"
#include "server/import_columns.h"
#include "server/import_load.h"

#include <assert.h>
#include <inttypes.h>

enum {
	ANSWER_MAX = 16 * 1024 * 1024,
	FILE_MAX = 64 * 1024 * 1024,
	NUMBERS_MAX = 4 * 1024 * 1024,
	SAMPLE = 60, /* bytes of a cell that are shown */
	VALUE = 300, /* ... of a value as it would be stored */
	SAMPLED_COLUMNS = 1000,
	UNHEADED = 100, /* columns without a heading that are shown */
	LONG_ENOUGH_MS = 3000
};

struct kept_row {
	uint64_t number;
	struct waybill w;
};

struct kept_reject {
	uint64_t number;
	struct reject why;
};

/* A column that has cells and no heading. */
struct unheaded {
	uint32_t column;
	struct slice sample[IMPORT_PREVIEW_SAMPLES];
};

struct preview {
	struct import_job job; /* for the report, and the reasons of refusals */
	struct kept_row row[IMPORT_PREVIEW_SHOWN];
	struct kept_reject reject[IMPORT_PREVIEW_PROBLEMS];
	size_t rows, rejects;
	struct slice (*sample)[IMPORT_PREVIEW_SAMPLES]; /* of each column */
	struct unheaded unheaded[UNHEADED];
	size_t n_unheaded;
	struct string_set numbers;
	uint64_t read;
	bool complete;
	struct err columns; /* why the file would be refused as it stands */
};

/* A copy of the first bytes, whole characters. p NULL stays so. */
static struct slice cut(struct arena *a, struct slice s, size_t max)
{
	struct slice head = slice_take(&s, max);

	if (head.p == NULL || s.n == 0)
		return head.p == NULL ? head : arena_dup(a, head);
	head.n = utf8_valid_prefix(head);
	return arena_printf(a, "%.*s...", (int)head.n, head.p);
}

static void keep_row(struct preview *p, uint64_t number, const struct waybill *w)
{
	struct arena *a = &p->job.file;
	struct kept_row *k = &p->row[p->rows];

	if (p->rows == IMPORT_PREVIEW_SHOWN)
		return;
	k->number = number;
	for (int f = 0; f < FIELD_COUNT; f++)
		k->w.value[f] = cut(a, w->value[f], VALUE);
	k->w.signing_day_first = cut(a, w->signing_day_first, VALUE);
	k->w.submission_day_first = cut(a, w->submission_day_first, VALUE);
	k->w.extra = arena_dup(a, w->extra);
	p->rows += k->w.extra.p != NULL;
}

static void keep_reject(struct preview *p, uint64_t number, const struct reject *why)
{
	struct arena *a = &p->job.file;

	p->job.report.rejected++;
	if (p->rejects == IMPORT_PREVIEW_PROBLEMS)
		return;
	p->reject[p->rejects++] = (struct kept_reject){
		number,
		{ cut(a, why->heading, VALUE), cut(a, why->text, VALUE),
		  cut(a, why->reason, VALUE) },
	};
}

static void keep_sample(struct preview *p, struct slice *s, struct slice text)
{
	text = text_trim(text);
	for (size_t i = 0; text.n > 0 && i < IMPORT_PREVIEW_SAMPLES; i++) {
		if (s[i].p == NULL) {
			s[i] = cut(&p->job.file, text, SAMPLE);
			return;
		}
		if (slice_eq(s[i], text))
			return;
	}
}

static void keep_unheaded(struct preview *p, const struct cell *cell)
{
	size_t i = 0;

	while (i < p->n_unheaded && p->unheaded[i].column != cell->column)
		i++;
	if (i == UNHEADED || text_trim(cell->text).n == 0)
		return;
	if (i == p->n_unheaded)
		p->unheaded[p->n_unheaded++] =
			(struct unheaded){ .column = cell->column };
	keep_sample(p, p->unheaded[i].sample, cell->text);
}

static void keep_samples(struct preview *p, const struct row *r)
{
	const struct columns *c = &p->job.columns;
	size_t at = 0;

	for (size_t i = 0; i < r->n; i++) {
		while (at < c->n && c->column[at].column < r->cells[i].column)
			at++;
		if (at == c->n || c->column[at].column != r->cells[i].column)
			keep_unheaded(p, &r->cells[i]);
		else if (at < SAMPLED_COLUMNS)
			keep_sample(p, p->sample[at], r->cells[i].text);
	}
}

static int take_waybill(struct preview *p, uint64_t number, const struct waybill *w,
			struct err *e)
{
	struct import_report *report = &p->job.report;
	size_t known = p->numbers.n;
	uint32_t index;
	int held = string_set_add(&p->numbers, w->value[FIELD_WAYBILL_NUMBER], &index, e);

	if (held < 0)
		return -1;
	report->staged++;
	report->duplicate += held == PARSE_DONE && index < known;
	if (w->unknown_status.p != NULL)
		import_report_status(report, w->unknown_status, &p->job.file);
	keep_row(p, number, w);
	return 0;
}

static int take_row(struct preview *p, const struct row *r, struct err *e)
{
	struct import_job *j = &p->job;
	enum row_verdict verdict;
	struct reject why;
	struct waybill w;

	arena_reset(&j->row);
	keep_samples(p, r);
	if (p->columns.kind != ERR_NONE)
		return 0;
	if (waybill_read(&j->columns, r, &j->row, &j->report.notes, &verdict, &w, &why,
			 e) < 0) {
		(void)err_prefix(e, "row %" PRIu64, r->number);
		return import_table_failed(j, e);
	}
	if (verdict == ROW_WAYBILL)
		return take_waybill(p, r->number, &w, e);
	if (verdict == ROW_REJECTED)
		keep_reject(p, r->number, &why);
	return 0;
}

static int read_rows(struct preview *p, struct err *e)
{
	uint64_t until = clock_ms() + LONG_ENOUGH_MS;
	int step = PARSE_MORE;
	struct row r;

	import_report_today(&p->job.report.notes);
	while (p->read < IMPORT_PREVIEW_ROWS && clock_ms() < until) {
		step = columns_next(&p->job.columns, p->job.table, &r, e);
		if (step != PARSE_MORE)
			break;
		p->read++;
		if (take_row(p, &r, e) < 0)
			return -1;
	}
	p->complete = step == PARSE_DONE;
	if (p->complete)
		merged_cells_note(p->job.table, &p->job.columns, &p->job.report.notes);
	p->job.report.guessed = table_guessed(p->job.table);
	return step < 0 ? import_table_failed(&p->job, e) : 0;
}

/* The columns, or what a person may make of them. */
static int find_columns(struct preview *p, struct db *db, struct err *e)
{
	struct import_job *j = &p->job;
	struct err why = { 0 };

	if (import_columns_find(db, j->table, j->options, &j->file, &j->columns,
				&j->report.sheet, &j->report.chosen, &why) < 0) {
		(void)import_columns_failed(j, &why);
		if (j->refusal.http_status != 422 ||
		    columns_near(j->table, j->options->sheet, &j->file, &j->columns,
				 &j->report.sheet, e) < 0)
			return err_set(e, why.kind, "%s", why.text);
		p->columns = why;
	}
	j->report.columns = &j->columns;
	p->sample =
		arena_alloc(&j->file, (j->columns.n < SAMPLED_COLUMNS ? j->columns.n
								      : SAMPLED_COLUMNS) *
					      sizeof(*p->sample));
	return p->sample != NULL ? 0 : err_set(e, ERR_INTERNAL, "out of memory");
}

static int put(struct buf *b, const char *name, struct slice text, struct err *e)
{
	if (json_write_key(b, slice_str(name), e) < 0)
		return -1;
	return json_write_string(b, text, e);
}

static int put_number(struct buf *b, const char *name, uint64_t n, struct err *e)
{
	if (json_write_key(b, slice_str(name), e) < 0)
		return -1;
	return json_write_uint(b, n, e);
}

static int begin_array(struct buf *b, const char *name, struct err *e)
{
	if (json_write_key(b, slice_str(name), e) < 0)
		return -1;
	return json_write_array(b, e);
}

static int put_sheets(const struct table *t, struct buf *b, struct err *e)
{
	if (begin_array(b, "sheets", e) < 0)
		return -1;
	for (size_t i = 0; i < table_sheets(t); i++) {
		struct table_sheet sheet = table_sheet(t, i);

		if (json_write_object(b, e) < 0 || put(b, "name", sheet.name, e) < 0 ||
		    json_write_key(b, SLICE("hidden"), e) < 0 ||
		    json_write_bool(b, sheet.hidden, e) < 0 ||
		    json_write_object_end(b, e) < 0)
			return -1;
	}
	return json_write_array_end(b, e);
}

static int put_sample(const struct slice *s, struct buf *b, struct err *e)
{
	if (json_write_array(b, e) < 0)
		return -1;
	for (size_t k = 0; k < IMPORT_PREVIEW_SAMPLES; k++)
		if (s[k].p != NULL && json_write_string(b, s[k], e) < 0)
			return -1;
	return json_write_array_end(b, e);
}

static int put_samples(const struct preview *p, struct buf *b, struct err *e)
{
	assert(p->sample != NULL);
	if (begin_array(b, "samples", e) < 0)
		return -1;
	for (size_t i = 0; i < p->job.columns.n && i < SAMPLED_COLUMNS; i++)
		if (put_sample(p->sample[i], b, e) < 0)
			return -1;
	return json_write_array_end(b, e);
}

/* By the names that choose them. */
static int put_unheaded(const struct preview *p, struct buf *b, struct err *e)
{
	char own[COLUMN_OWN_NAME];

	if (begin_array(b, "unheaded", e) < 0)
		return -1;
	for (size_t i = 0; i < p->n_unheaded; i++) {
		const struct unheaded *u = &p->unheaded[i];

		if (json_write_object(b, e) < 0 ||
		    put(b, "heading", column_own_name(u->column, own), e) < 0 ||
		    put_number(b, "column", (uint64_t)u->column + 1, e) < 0 ||
		    json_write_key(b, SLICE("samples"), e) < 0 ||
		    put_sample(u->sample, b, e) < 0 || json_write_object_end(b, e) < 0)
			return -1;
	}
	return json_write_array_end(b, e);
}

static int put_fields(struct buf *b, struct err *e)
{
	if (begin_array(b, "fields", e) < 0)
		return -1;
	for (int f = 0; f < FIELD_COUNT; f++)
		if (json_write_string(b, slice_str(field_name((enum field)f)), e) < 0)
			return -1;
	return json_write_array_end(b, e);
}

/* The dates that read both ways as the rows read so far say. */
static struct slice value_of(const struct preview *p, const struct waybill *w, int f)
{
	const struct waybill_notes *n = &p->job.report.notes;

	if (f == FIELD_SIGNING_TIME && w->signing_day_first.p != NULL &&
	    import_report_day_first(&n->signing, &n->submission))
		return w->signing_day_first;
	if (f == FIELD_SUBMISSION_TIME && w->submission_day_first.p != NULL &&
	    import_report_day_first(&n->submission, &n->signing))
		return w->submission_day_first;
	return w->value[f];
}

static int put_row(const struct preview *p, const struct kept_row *k, struct buf *b,
		   struct err *e)
{
	if (json_write_object(b, e) < 0 || put_number(b, "row", k->number, e) < 0 ||
	    json_write_key(b, SLICE("values"), e) < 0 || json_write_object(b, e) < 0)
		return -1;
	for (int f = 0; f < FIELD_COUNT; f++) {
		struct slice value = value_of(p, &k->w, f);

		if (value.p != NULL && put(b, field_name((enum field)f), value, e) < 0)
			return -1;
	}
	if (json_write_object_end(b, e) < 0 || json_write_key(b, SLICE("extra"), e) < 0 ||
	    json_write_raw(b, k->w.extra, e) < 0)
		return -1;
	return json_write_object_end(b, e);
}

static int put_rows(const struct preview *p, struct buf *b, struct err *e)
{
	if (begin_array(b, "rows", e) < 0)
		return -1;
	for (size_t i = 0; i < p->rows; i++)
		if (put_row(p, &p->row[i], b, e) < 0)
			return -1;
	if (json_write_array_end(b, e) < 0 || begin_array(b, "rejects", e) < 0)
		return -1;
	for (size_t i = 0; i < p->rejects; i++) {
		const struct kept_reject *k = &p->reject[i];

		if (json_write_object(b, e) < 0 ||
		    put_number(b, "row", k->number, e) < 0 ||
		    put(b, "column", k->why.heading, e) < 0 ||
		    put(b, "text", k->why.text, e) < 0 ||
		    put(b, "reason", k->why.reason, e) < 0 ||
		    json_write_object_end(b, e) < 0)
			return -1;
	}
	return json_write_array_end(b, e);
}

static int put_problem(const struct preview *p, struct buf *b, struct err *e)
{
	const struct import_refusal *f = &p->job.refusal;

	if (p->columns.kind == ERR_NONE)
		return 0;
	if (put(b, "error", slice_str(f->code), e) < 0)
		return -1;
	return put(b, "message",
		   import_sentence(p->job.answer, p->columns.text, f->advice), e);
}

/* The report's members, and ours behind them. */
static int write_answer(const struct preview *p, struct buf *b, struct err *e)
{
	const struct import_job *j = &p->job;

	if (import_report_json(&j->report, b, e) < 0)
		return -1;
	b->n--; /* its closing brace */
	if (put(b, "file_name", j->options->file_name, e) < 0 ||
	    put_problem(p, b, e) < 0 || put_sheets(j->table, b, e) < 0 ||
	    put_samples(p, b, e) < 0 || put_unheaded(p, b, e) < 0 ||
	    put_fields(b, e) < 0 || put_rows(p, b, e) < 0 ||
	    put_number(b, "rows_read", p->read, e) < 0 ||
	    json_write_key(b, SLICE("complete"), e) < 0 ||
	    json_write_bool(b, p->complete, e) < 0)
		return -1;
	return json_write_object_end(b, e);
}

static int answer_ok(const struct preview *p, struct import_answer *answer, struct err *e)
{
	struct buf b;
	int rc;

	buf_init(&b, ANSWER_MAX);
	rc = write_answer(p, &b, e);
	if (rc == 0) {
		answer->http_status = 200;
		answer->json = arena_dup(p->job.answer, buf_slice(&b));
		if (answer->json.p == NULL)
			rc = err_set(e, ERR_LIMIT, "the preview is too large");
	}
	buf_release(&b);
	return rc;
}

/* With the sheets of a file that could be opened: another one may be what is wanted. */
static int answer_refusal(const struct import_job *j, const struct err *why,
			  struct import_answer *answer, struct err *e)
{
	struct buf b;
	int rc = -1;

	buf_init(&b, ANSWER_MAX);
	if (json_write_object(&b, e) == 0 &&
	    put(&b, "error", slice_str(j->refusal.code), e) == 0 &&
	    put(&b, "message", import_sentence(j->answer, why->text, j->refusal.advice),
		e) == 0 &&
	    (j->table == NULL || put_sheets(j->table, &b, e) == 0) &&
	    json_write_object_end(&b, e) == 0) {
		answer->http_status = j->refusal.http_status;
		answer->json = arena_dup(j->answer, buf_slice(&b));
		rc = answer->json.p != NULL ? 0
					    : err_set(e, ERR_INTERNAL, "out of memory");
	}
	buf_release(&b);
	return rc;
}

static int preview(struct preview *p, struct db *db, int fd, uint64_t start,
		   uint64_t size, struct err *e)
{
	struct table_limits limits = table_limits_default;
	struct import_job *j = &p->job;

	limits.max_strings = j->cfg->max_shared_strings;
	if (table_open(fd, start, size, &limits, &j->table, e) < 0)
		return import_table_failed(j, e);
	j->report.format = table_format(j->table);
	j->report.left = &j->left;
	if (find_columns(p, db, e) < 0)
		return -1;
	if (table_sheets(j->table) > 1 && p->columns.kind == ERR_NONE) {
		import_sheets_find(db, j->table, j->options, j->report.sheet, &j->left);
		if (find_columns(p, db, e) < 0)
			return -1;
	}
	return read_rows(p, e);
}

int import_preview(const struct config *cfg, struct db *db, int fd, uint64_t start,
		   uint64_t size, const struct import_options *o, struct arena *a,
		   struct import_answer *answer, struct err *e)
{
	struct preview p = { .job = { .cfg = cfg, .options = o, .answer = a } };
	struct err why = { 0 };
	int rc;

	arena_init(&p.job.file, FILE_MAX);
	arena_init(&p.job.row, IMPORT_ROW_MAX);
	string_set_init(&p.numbers, NUMBERS_MAX);
	if (preview(&p, db, fd, start, size, &why) == 0)
		rc = answer_ok(&p, answer, e);
	else if (p.job.refusal.http_status != 0)
		rc = answer_refusal(&p.job, &why, answer, e);
	else
		rc = err_set(e, why.kind, "%s", why.text);
	table_close(&p.job.table);
	string_set_release(&p.numbers);
	arena_release(&p.job.row);
	arena_release(&p.job.file);
	return rc;
}
