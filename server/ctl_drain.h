/*
 * waybillctl drain, undrain: takes this host out of the load balancer's service, and
 * back.
 */
#ifndef SERVER_CTL_DRAIN_H
#define SERVER_CTL_DRAIN_H

#include "server/ctl.h"

int ctl_drain(const struct ctl *ctl, int argc, char **argv);
int ctl_undrain(const struct ctl *ctl, int argc, char **argv);

#endif
