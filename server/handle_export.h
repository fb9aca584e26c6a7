/*
 * The export of a search of waybills. For handle_waybill, in a task.
 */
#ifndef SERVER_HANDLE_EXPORT_H
#define SERVER_HANDLE_EXPORT_H

#include "server/handle.h"

/* query: q, status, upload, from, to, checked; p NULL for absent. */
void handle_waybill_export(struct handle_env *env, struct request *req,
			   const struct slice *query, bool xlsx, struct response *res);

#endif
