/*
 * waybillctl status: what this host's server is doing, from its scoreboard.
 */
#ifndef SERVER_CTL_STATUS_H
#define SERVER_CTL_STATUS_H

#include "server/ctl.h"

int ctl_status(const struct ctl *ctl, int argc, char **argv);

#endif
