/*
 * One line per event, to stderr or a file, written with one write(2) so that lines
 * of several processes never mix: "<RFC 3339 time> <level> <role>[<pid>] <text>".
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include "server/config.h"

/* The process's name in its lines: "master", "worker 3", "task 12". Copied. */
void log_role(const char *role);
/* Level and file; also opens the file again after USR1. 0, or -1 with e (lines then go
 * to stderr). The path is copied. */
int log_open(const char *path, enum log_level level, struct err *e) MUST_CHECK;
/* Control characters and bytes that are not UTF-8 are written as \xHH. */
void log_line(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
