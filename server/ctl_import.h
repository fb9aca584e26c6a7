/*
 * waybillctl import FILE [--dry-run] [--strict] [--batch] [--sheet NAME] [--json]: the
 * same import as POST /upload, with a progress bar on a terminal and a report on stdout
 * (or the JSON that an HTTP client would get). INT and TERM give up: nothing is loaded.
 */
#ifndef SERVER_CTL_IMPORT_H
#define SERVER_CTL_IMPORT_H

#include "server/ctl.h"

int ctl_import(const struct ctl *ctl, int argc, char **argv);

#endif
