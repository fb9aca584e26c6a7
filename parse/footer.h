/*
 * The row of totals below a manifest: its first text is "Total", "Jumlah" and the like or
 * begins so, and it has nothing that looks like a waybill number.
 */
#ifndef PARSE_FOOTER_H
#define PARSE_FOOTER_H

#include "parse/table.h"

#include <stdbool.h>

/* number: the row's cell in the column of waybill numbers, or NULL. */
bool footer_row(const struct row *r, const struct cell *number);

#endif
