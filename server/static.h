/*
 * The pages: every file of static_dir, read once by the master before it forks, so
 * that all workers share the same memory, and served from there with an ETag.
 */
#ifndef SERVER_STATIC_H
#define SERVER_STATIC_H

#include "server/request.h"
#include "server/response.h"

struct static_files;

/* Reads the files of a folder and of its folders (no links, none over 4 MiB). ERR_INPUT
 * when the folder cannot be read or a page that the routes name is not there. */
int static_open(const char *dir, struct static_files **f_r, struct err *e) MUST_CHECK;
void static_close(struct static_files **f);
/* Answers with the file of that name ("scan.html"): 200, 304 when the client has it
 * (RFC 9110 section 13.1.2), or 404. */
void static_serve(const struct static_files *f, struct slice name,
		  const struct request *req, struct response *res);
size_t static_count(const struct static_files *f);

#endif
