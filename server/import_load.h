/*
 * One attempt to load a file: its rows to the staging table, the merge, the rejects, the
 * upload's row, all in one transaction that the caller ends. For import.
 */
#ifndef SERVER_IMPORT_LOAD_H
#define SERVER_IMPORT_LOAD_H

#include "parse/hash_set.h"
#include "server/import.h"
#include "server/import_report.h"
#include "server/import_spool.h"
#include "server/stmt.h"

enum {
	IMPORT_ROW_MAX = 64 * 1024 * 1024, /* bytes of one row, in each of its shapes */
	IMPORT_CELLS_MAX = 256 * 1024, /* of a rejected row that is kept for the report */
	IMPORT_NUMBERS_MAX = 1024 * 1024 /* waybill numbers: see import_job.numbers */
};

/* A decision about the file that is an answer, not a trouble of ours. */
struct import_refusal {
	unsigned http_status; /* 0: none */
	const char *code;     /* stable, for programs */
	const char *state;    /* of the upload: failed or cancelled */
	const char *advice;   /* a sentence behind the reason; "" for none */
};

/* How a row goes straight into the table of waybills. */
struct import_direct {
	bool yes;                                     /* no: into the staging table */
	bool signing_day_first, submission_day_first; /* what the first rows said */
};

struct import_job {
	const struct config *cfg;
	struct db *work, *side;
	const struct import_options *options;
	const struct import_claim *claim; /* NULL: the client waits for this upload */
	const struct import_hooks *hooks; /* may be NULL */
	struct slice id;                  /* the upload's, as text */
	struct arena *answer;             /* lives on */
	struct arena file, row;           /* live as long as the attempt, the row */
	struct table *table;
	struct columns columns;
	struct import_sheets left;
	struct import_report report;
	struct import_spool rejects;
	struct buf copy;    /* COPY text on its way to PostgreSQL */
	struct buf ordered; /* the same, sorted */
	struct buf cells;   /* one rejected row as JSON */
	int64_t told_at;    /* when progress was last told */
	struct import_refusal refusal;
	struct import_direct direct;
	bool direct_tried;       /* in this attempt or an earlier one */
	uint64_t hash_seed;      /* of all rows of the file (parse/row_hash.h) */
	struct hash_set numbers; /* of the rows that are staged */
	bool repeated;           /* one of them may have come twice */
};

/* Records a refusal whose reason stands in an err; returns -1. */
int import_refuse(struct import_job *j, unsigned http_status, const char *code,
		  const char *state, const char *advice);

/* Its user has cancelled the upload; returns -1. */
int import_cancelled(struct import_job *j, struct err *e);

/* The job and its claim as parameters: both NULL without one. */
void import_claim_params(const struct import_job *j, struct slice v[2]);

/* A failure of the table's reader as a refusal, when the file is to blame; returns -1. */
int import_table_failed(struct import_job *j, const struct err *e);

/* The same for what columns_find() and its kin say. */
int import_columns_failed(struct import_job *j, const struct err *e);

/* "no heading row; row 1 has A, B" as a sentence, and what to do. */
struct slice import_sentence(struct arena *a, const char *text, const char *advice);

/* Others see how far it is, and it sees whether it is still wanted: -1 when not. What
 * goes wrong with telling is not worth the import. */
int import_tell(struct import_job *j, enum import_phase phase, struct err *e) MUST_CHECK;

/*
 * Reads the file and loads it, up to but without the COMMIT; the transaction stays open,
 * also after a failure. Returns 0 with *r_r the row that import_finish.sql answered
 * (status, body), or -1 with e: the file's fault when j->refusal says so.
 */
int import_load(struct import_job *j, struct stmt_result *r_r, struct err *e) MUST_CHECK;

#endif
