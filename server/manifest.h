/*
 * The manifest of a session: which parcels its valid scans put on it, and their sums.
 * Read once, at one moment, and written as a page, as a table or as JSON. For
 * handle_manifest, in a task.
 */
#ifndef SERVER_MANIFEST_H
#define SERVER_MANIFEST_H

#include "server/handle.h"
#include "server/page_out.h"

/* The columns of manifest_session.sql, all of one row. */
enum manifest_head {
	HEAD_ID,
	HEAD_STATE,
	HEAD_BY,
	HEAD_STATION,
	HEAD_BEGAN,
	HEAD_ENDED,
	HEAD_CLOSED_BY,
	HEAD_REASON,
	HEAD_PRINTED,
	HEAD_ZONE,
	HEAD_SKIPPED,
	HEAD_JSON
};

/* The columns of manifest_sums.sql. */
enum manifest_sum {
	SUM_DESTINATION, /* NULL in the first row, which is the whole */
	SUM_PARCELS,
	SUM_RETURNED,
	SUM_ITEMS,
	SUM_WEIGHT,
	SUM_COD,
	SUM_COD_SHOWN,
	SUM_JSON
};

/* The columns of manifest_parcels.sql. */
enum manifest_parcel {
	PARCEL_NUMBER,
	PARCEL_MODE,
	PARCEL_RECEIVER,
	PARCEL_DESTINATION,
	PARCEL_ITEMS,
	PARCEL_WEIGHT,
	PARCEL_COD,
	PARCEL_COD_SHOWN,
	PARCEL_SCANNED,
	PARCEL_BY,
	PARCEL_STATION,
	PARCEL_STATUS,
	PARCEL_JSON
};

struct manifest {
	struct db *db; /* in a transaction that sees one moment */
	struct slice session;
	struct stmt_result head, sums;
};

static inline struct slice manifest_head(const struct manifest *m, enum manifest_head c)
{
	return stmt_value(&m->head, 0, c);
}

/* A destination's name, or what stands for none. */
struct slice manifest_place(struct slice destination);

/* Calls row() for each parcel, page by page: memory does not grow with their number. */
int manifest_parcels(struct manifest *m,
		     int (*row)(void *ctx, const struct stmt_result *r, size_t i,
				struct err *e),
		     void *ctx, struct err *e) MUST_CHECK;

/* The page. barcodes: one for each number, too. */
int manifest_page(struct manifest *m, const struct sink *out, enum page_paper paper,
		  bool barcodes, struct err *e) MUST_CHECK;
int manifest_json(struct manifest *m, const struct sink *out, struct err *e) MUST_CHECK;
/* CSV or a workbook, as res's body. dir: for the file meanwhile. */
int manifest_table(struct manifest *m, const char *dir, bool xlsx, struct response *res,
		   struct err *e) MUST_CHECK;

#endif
