/*
 * One row of a manifest as a waybill: identifiers, phones, money, dates and
 * statuses normalised, or a reason why the row is rejected.
 */
#ifndef PARSE_WAYBILL_H
#define PARSE_WAYBILL_H

#include "parse/columns.h"

/* Dates that read both ways (03/04/2025), counted per column over the file. */
struct date_order {
	uint64_t day_first;   /* texts that can only be d/m/Y */
	uint64_t month_first; /* texts that can only be m/d/Y */
	uint64_t ambiguous;
};

struct waybill {
	/* Text that PostgreSQL can read into the column as it is; p is NULL for an empty
	 * or absent cell. Times are "YYYY-MM-DD HH:MM:SS", local to the configured
	 * timezone; numbers are plain decimals; status is a stored status or NULL. */
	struct slice value[FIELD_COUNT];
	/* For an ambiguous date: value[] holds the month-first reading, these the
	 * day-first one; NULL otherwise. Chosen at the file's end. */
	struct slice signing_day_first, submission_day_first;
	struct slice extra; /* a JSON object of the other columns, "{}" without any */
	struct slice unknown_status; /* the text as the file has it, or NULL */
};

enum row_verdict {
	ROW_WAYBILL,
	ROW_BLANK,   /* no cell with more than white space */
	ROW_FOOTER,  /* begins "Total", "Jumlah", ... and has no waybill number */
	ROW_REJECTED /* see struct reject */
};

struct reject {
	struct slice heading; /* the column at fault */
	struct slice text;    /* its cell as the file has it */
	struct slice reason;  /* a sentence for a clerk, lower case, no final stop */
};

/* What was met in the file so far; zero it before the first row. Warnings never
 * reject a row. */
struct waybill_notes {
	struct date_order signing, submission;
	uint64_t footers, hidden_rows, phones_mended, cod_flags, unknown_statuses;
	uint64_t bad_values; /* optional cells that could not be read and went to extra */
};

/*
 * Reads one data row. All views are in the arena or in r: valid until the arena is
 * reset or the table advances. Returns 0 with *verdict_r set, and *w or *rej filled
 * to match; -1 only for ERR_LIMIT or ERR_INTERNAL.
 */
int waybill_read(const struct columns *c, const struct row *r, struct arena *a,
		 struct waybill_notes *notes, enum row_verdict *verdict_r,
		 struct waybill *w, struct reject *rej, struct err *e) MUST_CHECK;

/* A number typed or scanned, as it is stored: trimmed, control characters and a
 * leading apostrophe dropped, upper case. Returns 0; -1 with ERR_INPUT: empty, over
 * 64 bytes, invalid UTF-8, or with white space or control characters inside.
 * The result is in the arena. */
int waybill_number_normalise(struct slice text, struct arena *a, struct slice *number_r,
			     struct err *e) MUST_CHECK;

#endif
