/*
 * The couriers' words for what a parcel is doing, to the statuses that are stored.
 */
#ifndef PARSE_STATUS_H
#define PARSE_STATUS_H

#include "parse/slice.h"

/*
 * The stored status for a courier's text or for a stored name itself, any case, spaces,
 * hyphens and underscores ignored: "Out for Delivery" is "delivering". p is NULL for a
 * text that is none of them; and for "issue_pending", which is a decision made here
 * and never one of a file's.
 */
struct slice status_read(struct slice text);

#endif
