/*
 * The audit log: who did what, from where. What people change about users, and their
 * comings and goings, is written by the statement that does it. Every other request that
 * changed something is written here, after it has succeeded: one place that no new route
 * can forget, at the price of a second transaction. If the database goes away between the
 * two, the log of the server says so, and who did it stands in the deed's own record
 * (uploads.uploaded_by, waybill_events.changed_by, scanned_waybills.voided_by). Scans are
 * their own record and would only double.
 */
#ifndef SERVER_AUDIT_H
#define SERVER_AUDIT_H

#include "server/handle.h"

/* The parameters that a statement writing the audit log ends with: the user's id and
 * name, the client's address, the request's id. */
enum { AUDIT_ACTOR = 4 };
void audit_actor(const struct request *req, struct slice to[AUDIT_ACTOR]);
/* Writes a request that was answered: with auth = on, a method that changes, 2xx, a route
 * without ROUTE_AUDITED. */
void audit_request(struct handle_env *env, struct request *req,
		   const struct response *res);

#endif
