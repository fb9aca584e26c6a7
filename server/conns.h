/*
 * The connections of a worker: which descriptor is whose, what each is waited for, and
 * when the next deadline passes. A round costs what is ready, however many others are
 * silent.
 */
#ifndef SERVER_CONNS_H
#define SERVER_CONNS_H

#include "server/conn.h"
#include "server/poller.h"

struct conns {
	struct poller *poller;
	struct conns_place *place; /* by descriptor */
	size_t places;
	size_t n;         /* connections */
	uint64_t next_ms; /* no deadline passes before */
};

/* The poller must outlive them. */
void conns_init(struct conns *s, struct poller *p);
/* Closes all. */
void conns_release(struct conns *s);
/* Takes c over. On failure it is closed. */
int conns_add(struct conns *s, struct conn *c, struct err *e) MUST_CHECK;
/* An event of fd, which may be nobody's by now. */
void conns_event(struct conns *s, int fd, short events);
/* After anything else that may have changed what c waits for: closes it when it is
 * over. */
void conns_settle(struct conns *s, struct conn *c);
/* Deadlines that have passed. */
void conns_tick(struct conns *s, uint64_t now_ms);
/* Answers the scans that were gathered in this round: see conn_answer_gathered(). */
void conns_answer_gathered(struct conns *s, struct conn_env *env);
/* Calls `each` for every connection, which must not close it; one for which it returns
 * true is closed. */
void conns_sweep(struct conns *s, bool each(void *, struct conn *), void *ctx);
/* In a forked child: closes the descriptors, without a word to the clients. */
void conns_abandon(const struct conns *s);

#endif
