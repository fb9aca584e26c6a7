/*
 * Confines a task, the process that parses what strangers send: limits of memory,
 * processor time and file size everywhere; on Linux no new privileges, no files but the
 * spool and the few that a connection to the database is made with: names of hosts and
 * users, certificates, passwords (Landlock), and no system calls but those of reading,
 * computing and talking to the database (seccomp). Where it connects to is not confined:
 * the database may move.
 */
#ifndef SERVER_SANDBOX_H
#define SERVER_SANDBOX_H

#include "parse/err.h"
#include "server/config.h"

/* What is in force. Each but the limits may be missing: where the kernel has no such
 * thing, and in a build with sanitizers, which need more than a task may do. */
enum {
	SANDBOX_LIMITS = 1,
	SANDBOX_PRIVILEGES = 2, /* no new ones, through any program */
	SANDBOX_FILES = 4,
	SANDBOX_CALLS = 8
};

/*
 * From now on, for the rest of this process: at most cfg->task_memory bytes of address
 * space, cfg->task_timeout of processor time, files of 4 GiB and no
 * core; of files only those of the spool may be written. A call that a task has no use
 * for fails with EPERM, an attempt to run a program ends the process with SIGSYS. Returns
 * what is in force, or -1 with e when something that the system has was refused.
 *
 * Of cfg nothing else is looked at. With its spool_dir and databases NULL no file is
 * opened any more and no socket made: what is open by now is all there is.
 */
int sandbox_enter(const struct config *cfg, struct err *e) MUST_CHECK;

#endif
