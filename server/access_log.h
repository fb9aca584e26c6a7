/*
 * The access log: one line per answered request, the combined form with the request
 * id and the microseconds behind it.
 */
#ifndef SERVER_ACCESS_LOG_H
#define SERVER_ACCESS_LOG_H

#include "server/request.h"
#include "server/response.h"

/* path "": none; "-": standard output. Also opens the file again after USR1. */
int access_log_open(const char *path, struct err *e) MUST_CHECK;
/* sent: bytes of the body. db_us: microseconds spent on PostgreSQL. */
void access_log_write(const struct request *r, const struct response *res, uint64_t sent,
		      uint64_t us, uint64_t db_us);

#endif
