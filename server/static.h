/*
 * The pages: every file of static_dir, read once by the master before it forks, so
 * that all workers share the same memory, and served from there. HUP reads the folder
 * anew. In between, a worker looks at most once a second, when a file is asked for,
 * whether it changed, and then reads it for itself; files that are new or gone are
 * noticed with HUP only. Who changes a file under a running server should move the new
 * one over it: a file written in place may be served half for a second.
 */
#ifndef SERVER_STATIC_H
#define SERVER_STATIC_H

#include "server/request.h"
#include "server/response.h"

struct static_files;

/* Reads the files of a folder and of its folders: at most 512, none over 4 MiB, no
 * links (they could lead outside), none whose name begins with a dot. ERR_INPUT when the
 * folder or a file cannot be read. */
int static_open(const char *dir, struct static_files **f_r, struct err *e) MUST_CHECK;
void static_close(struct static_files **f);
/*
 * Answers a GET or HEAD for the file of that name ("scan.html"): 200, the gzip form when
 * the client takes it; 206 or 416 when it asks for a range; 304 or 412 by its
 * conditions; or 404. The files' set is const, but a file that changed is read again.
 */
void static_serve(const struct static_files *f, struct slice name,
		  const struct request *req, struct response *res);
/* Whether there is a file of that name. */
bool static_has(const struct static_files *f, struct slice name);
size_t static_count(const struct static_files *f);

#endif
