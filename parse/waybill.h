/*
 * One row of a manifest as a waybill: identifiers, phones, money, dates and
 * statuses normalised, or a reason why the row is rejected.
 */
#ifndef PARSE_WAYBILL_H
#define PARSE_WAYBILL_H

#include "parse/columns.h"
#include "parse/date_text.h"
#include "parse/note.h"
#include "parse/waybill_number.h"

/* Dates that read both ways (03/04/2025), counted per column over the file. */
struct date_order {
	uint64_t day_first;   /* texts that can only be d/m/Y */
	uint64_t month_first; /* texts that can only be m/d/Y */
	uint64_t ambiguous;
};

struct waybill {
	/*
	 * Text that PostgreSQL can read into the column as it is, without NUL; p is NULL
	 * for an empty or absent cell. Text is trimmed and otherwise whole, up to a
	 * cell's limit.
	 * - status: a stored status; "pending" when the file has one that is not known.
	 * - weight: kilograms, below 10^6, at most 3 decimals. cod_amount: below 10^10,
	 * at most 2 decimals. number_of_items: whole, below 10^9. None is negative.
	 * - times: "YYYY-MM-DD HH:MM:SS", local to the configured timezone; where the
	 * file's text names a zone its offset stands behind it, as in "2025-01-31
	 * 08:05:00+08:00".
	 * - phones: at most PHONE_MAX bytes; see phone.h.
	 * - destination: its cell, else the city.
	 * - receiver_address: its cell, else what there is of "street, barangay, city,
	 *   province".
	 * - province, city, barangay, street: their cells; in a row without any of
	 *   them what address_split() finds in the receiver's address.
	 * - remarks: with Remark1 to Remark3 behind each other, joined by "; ".
	 * "-", "N/A" and the like (text_is_filler()) are empty cells; in names, items
	 * and remarks they are text.
	 */
	struct slice value[FIELD_COUNT];
	/* For an ambiguous date: value[] holds the month-first reading, these the
	 * day-first one; NULL otherwise. Chosen at the file's end. */
	struct slice signing_day_first, submission_day_first;
	/*
	 * A JSON object, heading to text, "{}" without any: the filled cells of columns
	 * that map to no field, of shadowed ones, of columns beyond the headings ("Column
	 * F"), and every cell of a mapped column that could not be read or says more than
	 * the field does: bad values, unknown statuses, COD flags.
	 */
	struct slice extra;
	struct slice unknown_status; /* the text as the file has it, or NULL */
};

enum row_verdict {
	ROW_WAYBILL,
	ROW_BLANK,   /* no cell with more than white space */
	ROW_FOOTER,  /* totals: see footer.h */
	ROW_REJECTED /* no waybill number that can be read, columns_shifted(),
		      * second_table_fault(), or a cell, in any column, of more than
		      * TABLE_CELL_CHARS */
};

struct reject {
	struct slice heading; /* the column at fault */
	struct slice text;    /* its cell as the file has it; of one too long the start */
	struct slice reason;  /* a sentence for a clerk, lower case, no final stop */
};

/* What was met in the file so far; zero it before the first row. Warnings never
 * reject a row. */
struct waybill_notes {
	struct date_order signing, submission;
	uint64_t footers;
	uint64_t hidden_rows;   /* read all the same, rejected ones included */
	uint64_t phones_mended; /* a leading 0 put back */
	uint64_t addresses_split;
	uint64_t cod_flags; /* "COD", "NON-COD" where an amount belongs */
	uint64_t unknown_statuses;
	uint64_t bad_values; /* optional cells that could not be read and went to extra */
	uint64_t no_results; /* rows, blank ones included, with formulas that have none */
	/* To be set first: the last day that a date with two digits of its year may be
	 * of;
	 * "": see date_text_read_until(). */
	char last_day[DATE_DAY_LENGTH + 1];
	uint64_t short_years;
	uint64_t other_tables; /* rows of other headings: see second_table.h */
	bool below_other;      /* the last headings were such */
	uint64_t merged;       /* ranges of cells: see merged_cells.h */
	uint64_t last_waybill; /* the row of the last one */
	uint64_t over;         /* rows of delimited text with cells beyond the headings */
	/* The first of some of them. */
	struct {
		struct note footers, hidden_rows, phones, cod_flags, statuses, bad_values,
			no_results, over, merged, other_tables, short_years;
		struct note signing, submission; /* dates that read both ways */
	} first;
};

/*
 * Reads one data row. All views are in the arena or in r: valid until the arena is
 * reset or the table advances. Returns 0 with *verdict_r set, and *w or *rej filled
 * to match; -1 only for ERR_LIMIT or ERR_INTERNAL.
 */
int waybill_read(const struct columns *c, const struct row *r, struct arena *a,
		 struct waybill_notes *notes, enum row_verdict *verdict_r,
		 struct waybill *w, struct reject *rej, struct err *e) MUST_CHECK;

#endif
