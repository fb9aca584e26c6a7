/*
 * One line per event, to stderr or a file, written with one write(2) so that lines
 * of several processes never mix: "<RFC 3339 time> <level> <role>[<pid>] <text>". After
 * log_open() no line is waited for: one that finds its pipe or socket full, or its disk,
 * is lost and counted, and the log says how many were as soon as it can.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include "server/config.h"
#include "server/log_sink.h"

/* The process's name in its lines: "master", "worker 3", "task 12". Copied. */
void log_role(const char *role);
/* Level and file; also opens the file again after USR1. 0, or -1 with e (lines then go
 * to stderr). The path is copied. */
int log_open(const char *path, enum log_level level, struct err *e) MUST_CHECK;
/* Where this process, and those that it forks, count lost lines from now on; NULL: for
 * itself. Borrowed. */
void log_losses(struct log_lost *shared);
/* Tells of lost lines if that can be written now, without waiting for the next event. */
void log_tick(void);
/* Control characters and bytes that are not UTF-8 are written as \xHH. */
void log_line(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
