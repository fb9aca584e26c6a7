/*
 * What the commands of waybillctl share: options, the file they read, how they end.
 */
#ifndef SERVER_CTL_H
#define SERVER_CTL_H

#include "parse/err.h"
#include "parse/sink.h"

#include <stdint.h>
#include <stdio.h>

/* A command's exit status: CTL_REFUSED when what it was given is at fault (the
 * options, the file), CTL_FAILED when the machine, the database or the program is. */
enum ctl_exit { CTL_OK = 0, CTL_FAILED = 1, CTL_REFUSED = 2 };

struct ctl {
	const char *config_path; /* NULL: defaults and environment */
};

/* argv[0] is the command's name. Returns an enum ctl_exit, with one line on stderr
 * unless it is CTL_OK. */
typedef int ctl_command_fn(const struct ctl *ctl, int argc, char **argv);

struct ctl_option {
	const char *name;   /* "--sheet" */
	const char **value; /* "--sheet X" and "--sheet=X" set it; NULL for a flag */
	bool *flag;         /* set when it is given; NULL for an option with a value */
	const char **list;  /* with value NULL: CTL_LIST places, NULL behind the last, for
			     * an option that may be given several times; else NULL */
};
enum { CTL_LIST = 65 };

/*
 * Sorts argv[1] to argv[argc - 1] into options, in any place before "--", and exactly
 * n_words words, in their order. ERR_INPUT: an unknown option, a missing or an unexpected
 * value, too few or too many words; ends with the usage, which is argv[0] and `usage`.
 */
int ctl_options(int argc, char **argv, const struct ctl_option *options, size_t n_options,
		const char **words, size_t n_words, const char *usage,
		struct err *e) MUST_CHECK;

/* A regular file, open for reading. ERR_INPUT when there is none. */
int ctl_open(const char *path, int *fd_r, uint64_t *size_r, struct err *e) MUST_CHECK;

/* For a command that has opened its file and has nothing to do but to read it and to
 * print: the walls of a task (server/sandbox.h), with nothing left to open. */
int ctl_confine(struct err *e) MUST_CHECK;

/* A sink that writes to *fd, which must outlive it: ERR_INTERNAL. */
struct sink ctl_sink(int *fd);

/* Prints text that may come from a file: control characters, which could move a
 * terminal's cursor or break the line, become '?'. */
void ctl_print(FILE *to, struct slice text);
/* Ends a command that failed: "waybillctl: <text>" on stderr, and the status that fits
 * the kind. */
int ctl_fail(const struct err *e);
/* Ends a command that printed with stdio: CTL_OK when all of it went out. */
int ctl_printed(void);

#endif
