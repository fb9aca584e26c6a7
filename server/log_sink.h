/*
 * Where a log's lines go. None is waited for: a line is taken whole at once, or lost.
 * What a full disk has taken of a lost one is made blanks and a line end.
 */
#ifndef SERVER_LOG_SINK_H
#define SERVER_LOG_SINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* PIPE_BUF of Linux: a pipe takes a line of up to this size whole or not at all. */
enum { LOG_SINK_LINE = 4096 };

enum log_sink_kind {
	LOG_SINK_PLAIN,  /* writes come back at once: a file, or a description of our own
			  */
	LOG_SINK_SOCKET, /* each call says that it will not wait */
	LOG_SINK_SHARED  /* asked before each line */
};

struct log_sink {
	int fd; /* -1: none */
	enum log_sink_kind kind;
};

/* Lines that were lost, by all processes that share it. */
struct log_lost {
	atomic_ullong lost; /* ever */
	atomic_ullong told; /* of those, told of in the log itself */
};

/*
 * Standard output or error. Its description is shared with whoever started us, who
 * would be surprised to find it non-blocking, so that flag is never set on it:
 *   regular file  written as it is; with a description of our own neither would see how
 *                 far the other has come
 *   socket        MSG_DONTWAIT (journald's)
 *   pipe, terminal  opened anew under /dev/fd, which makes a description of our own
 *                 that does not wait; when that is refused (it belongs to another user,
 *                 as it does in a container and behind `user`), poll(2) before each
 *                 line. Between poll and write a sibling could take the room, so both
 *                 happen under a record lock on the pipe, which all processes with this
 *                 code have in common.
 * A description that was opened anew earlier is kept when it cannot be now.
 */
void log_sink_standard(struct log_sink *s, int standard);
/* A file, made if it is not there, or a pipe with a name; -1 with errno, and s is as it
 * was. */
int log_sink_file(struct log_sink *s, const char *path);
/* Whether the line was taken. */
bool log_sink_put(const struct log_sink *s, const char *line, size_t n);
void log_sink_close(struct log_sink *s);

#endif
