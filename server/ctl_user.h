/*
 * waybillctl user and session: who may log in, and the end of old sessions. The first
 * administrator is made here, because nobody can log in before. Passwords come from the
 * terminal without echo, or from standard input; never from the command line, which every
 * user of the machine can read.
 */
#ifndef SERVER_CTL_USER_H
#define SERVER_CTL_USER_H

#include "server/ctl.h"

ctl_command_fn ctl_user, ctl_session;

#endif
