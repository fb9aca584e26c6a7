/*
 * waybillctl migrate: brings the schema up to date.
 */
#ifndef SERVER_CTL_MIGRATE_H
#define SERVER_CTL_MIGRATE_H

#include "server/ctl.h"

int ctl_migrate(const struct ctl *ctl, int argc, char **argv);

#endif
