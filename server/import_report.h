/*
 * What an import tells about a file: where its columns went, what was counted, what a
 * clerk should look at. Built while the rows are read; written as JSON for the upload's
 * row.
 */
#ifndef SERVER_IMPORT_REPORT_H
#define SERVER_IMPORT_REPORT_H

#include "server/import_columns.h"
#include "server/import_sheets.h"

#include "parse/waybill.h"

#include "parse/buf.h"

enum { IMPORT_STATUSES = 32 };

struct import_report {
	struct slice sheet;
	const char *format;            /* NULL: the file was not recognised */
	const struct columns *columns; /* NULL: no heading row was found */
	struct import_chosen chosen;
	const struct import_sheets *left; /* sheets that are not read; may be NULL */
	struct waybill_notes notes;
	/* Unknown statuses by their text; what does not fit is counted together. */
	struct {
		struct slice text;
		uint64_t rows;
	} status[IMPORT_STATUSES];
	size_t statuses;
	uint64_t other_statuses;
	uint64_t staged; /* rows that could be read, repeated ones included */
	uint64_t inserted, updated, duplicate, rejected;
	uint64_t on_hold; /* known ones that were left alone */
	bool guessed;     /* nothing tells the encoding of the texts */
	bool loaded;      /* the merge was run: what is left of staged is unchanged */
	bool refused; /* every row was asked for: those that could be read are rejected,
		       * too */
};

/* Sets the last day that a date may be of: tomorrow, since there are zones ahead. */
void import_report_today(struct waybill_notes *n);

/* Counts a row with an unknown status; the text is copied into a when it is new. */
void import_report_status(struct import_report *r, struct slice text, struct arena *a);

/*
 * Whether a column's ambiguous dates (03/04/2025) are day first: by the column's own
 * texts that read only one way, without any by the file's other date column. Day first
 * needs evidence and none against it; otherwise they are month first.
 */
bool import_report_day_first(const struct date_order *own,
			     const struct date_order *other);

/* The JSON object that sql/query/import_finish.sql and upload_fail.sql take. */
int import_report_json(const struct import_report *r, struct buf *b,
		       struct err *e) MUST_CHECK;

#endif
