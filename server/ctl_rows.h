/*
 * waybillctl rows FILE [--sheet NAME]: the sheet exactly as the reader sees it, as CSV on
 * stdout. Record k of the output is row k of the sheet: rows without cells are empty
 * lines, and a record ends with its row's last filled cell.
 *
 * waybillctl rows --check FILE: see ctl_check.h.
 */
#ifndef SERVER_CTL_ROWS_H
#define SERVER_CTL_ROWS_H

#include "server/ctl.h"

int ctl_rows(const struct ctl *ctl, int argc, char **argv);

#endif
