/*
 * What the parts of a connection share: conn (its life), conn_read (requests coming in),
 * conn_send (answers going out) and conn_task. For those alone; everybody else sees
 * conn.h.
 */
#ifndef SERVER_CONN_STATE_H
#define SERVER_CONN_STATE_H

#include "server/conn.h"

enum {
	CONN_READ = 16 * 1024, /* bytes at a time */
	CONN_READ_BODY = 64 * 1024,
	CONN_HEAD_CAP = 64 * 1024, /* of an answer */
	CONN_RATE_MS = 10000       /* over which a body's rate is measured */
};

/* Named for what comes next. */
enum conn_state {
	CONN_PROXY,     /* a trusted proxy's PROXY header */
	CONN_HEAD,      /* a request's head */
	CONN_BODY,      /* its body */
	CONN_GATHERED,  /* the end of the round, when scans are answered together */
	CONN_TASK_SLOT, /* a free task */
	CONN_TASK,      /* the task's answer */
	CONN_SEND,      /* the client taking the answer */
	CONN_LINGER,    /* the client's end, whatever it still sends (RFC 9112, 9.6) */
	CONN_OVER
};

struct conn {
	struct conn_env *env;
	int fd;
	enum conn_state state;
	uint64_t deadline_ms;
	uint64_t retry_ms; /* CONN_TASK_SLOT: the next try */
	uint64_t rate_ms;  /* CONN_BODY: when its rate is looked at next */
	uint64_t received; /* CONN_BODY: bytes since it was looked at last */
	struct buf in;
	struct http_head_parser parser;
	struct arena arena;
	struct request *req; /* in the arena; NULL between requests */
	struct response res;
	struct buf head;   /* of the answer */
	struct slice id;   /* of the answer */
	uint64_t sent;     /* bytes of head and body */
	uint64_t taken_ms; /* CONN_SEND: when the client must have taken all */
	bool keep_alive;
	bool gone;   /* the client left in the middle of a request */
	bool served; /* one answer at least */
	bool again;  /* more of what came can be read: its turn in the next round */
	bool deaf;   /* more bytes wait, but not for the request at hand: don't poll for
			them */
	uint64_t linger_ms;  /* CONN_LINGER: its end, whatever comes */
	uint64_t came_us;    /* the request at hand, before it was accepted; else 0 */
	uint64_t whole_us;   /* when the request was there as a whole */
	uint64_t head_us;    /* what looking its session up took, before */
	uint64_t took_us;    /* both, and from then to its answer */
	uint64_t db_us;      /* of that, spent on PostgreSQL */
	const char *slowest; /* the statement that took longest, or NULL */
	uint64_t slowest_us;
	enum slot_conn shown; /* on the scoreboard; SLOT_CONNS: not yet */
	struct conn *next;    /* CONN_GATHERED: that came after it */
	struct task task;
	struct client client;
	bool by_proxy;    /* the peer is a trusted proxy, whomever its PROXY header names */
	unsigned refused; /* the status that its first request gets; 0: welcome */
	char peer[64];
};

/* At the last look at the clock. */
static inline uint64_t conn_now_ms(const struct conn *c)
{
	return c->env->now_us / 1000;
}

/* Memory for what comes in, for as long as something is there; and for a request and its
 * answer, until conn_request_end(). */
void conn_in_take(struct conn *c);
void conn_in_give(struct conn *c);
void conn_answer_take(struct conn *c);

/* The next state, and how long it may last. */
void conn_enter(struct conn *c, enum conn_state state, uint64_t in_ms);
/* Goes on until bytes, room or a task are needed. */
void conn_advance(struct conn *c);
/* A whole request: answered at once, or by a task. */
void conn_dispatch(struct conn *c);
/* Tells the scoreboard what the connection waits for now. */
void conn_show(struct conn *c);
/* Adds what a part of the request spent on PostgreSQL; slowest: its slowest statement. */
void conn_spent(struct conn *c, uint64_t db_us, const char *slowest, uint64_t slowest_us);
/* The scoreboard shows the worker at c's request, the first of n, which may wait for
 * PostgreSQL; and it is done: what it spent there is added to each. Returns what
 * conn_work_end() takes. */
enum slot_state conn_work_begin(struct conn *c);
void conn_work_end(struct conn *const c[], size_t n, enum slot_state before);
/* Forgets the request and its answer. */
void conn_request_end(struct conn *c);

/* It is known whose the connection is. */
void conn_admit(struct conn *c);

/* Steps return whether to go on at once. */
bool conn_step_proxy(struct conn *c);
bool conn_step_head(struct conn *c);
bool conn_step_body(struct conn *c);
/* The socket has bytes of a request. */
void conn_read_more(struct conn *c);

/* The answer in c->res goes out. */
void conn_send_begin(struct conn *c);
/* Tells the access log of the answer that goes out, as much as went of it. */
void conn_log(struct conn *c);
/* ... or, as the connection closes, of a request that ends without one. */
void conn_log_end(struct conn *c);
/* An error that ends the connection goes out. */
void conn_answer_error(struct conn *c, unsigned status, const char *code,
		       const char *text);
/* 429 or 503, with the advice to try again; close is the caller's to set. */
void conn_answer_busy(struct conn *c, unsigned status);
bool conn_step_send(struct conn *c);
/* The socket has bytes that nobody wants. */
void conn_linger(struct conn *c);

/* The connection's task is no more, or is to be: its upload, if it was loading one, is
 * failed with that code, and the answer is 503 with the other. */
void conn_task_lost(struct conn *c, const char *code, const char *upload_code,
		    const char *what);
/* A waiting task starts as soon as one of the host's slots is free. */
void conn_task_try(struct conn *c);
/* While a task works: bytes of a next request stay where they are; an end means that
 * nobody waits for this answer. revents: of the socket. */
void conn_watch_client(struct conn *c, short revents);

#endif
