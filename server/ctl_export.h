/*
 * waybillctl export: what the database holds, as a file.
 */
#ifndef SERVER_CTL_EXPORT_H
#define SERVER_CTL_EXPORT_H

#include "server/ctl.h"

int ctl_export(const struct ctl *ctl, int argc, char **argv);

#endif
