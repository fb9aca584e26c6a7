/*
 * waybillctl sample ROWS FILE [--seed N] [--inline]: a realistic manifest; CSV when
 * FILE ends in .csv, else a workbook.
 */
#ifndef SERVER_CTL_SAMPLE_H
#define SERVER_CTL_SAMPLE_H

#include "server/ctl.h"

int ctl_sample(const struct ctl *ctl, int argc, char **argv);

#endif
