/*
 * Waiting on libpq's socket with poll(), so that no call blocks past its deadline.
 * Ignorant of statements, settings and reconnecting.
 */
#include "server/db_pq.h"

#include "parse/slice.h"
#include "server/clock.h"
#include "server/log.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

enum {
	HOSTS = 16,
	HOST_SHARE_MS = 500,
	ON_ITS_WAY = 256 * 1024 /* bytes of a COPY */
};

int64_t pq_now(void)
{
	return (int64_t)clock_ms();
}

/* Waits for one of `events`; *got_r is what came. */
static int wait_for(PGconn *conn, short events, int64_t deadline, short *got_r,
		    struct err *e)
{
	struct pollfd p = { .fd = PQsocket(conn), .events = events };

	for (;;) {
		int64_t left = deadline - pq_now();
		int n;

		if (p.fd < 0)
			return err_set(e, ERR_TRANSIENT, "database connection lost");
		if (left <= 0)
			return err_set(e, ERR_TRANSIENT,
				       "database did not answer in time");
		n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (n < 0 && errno != EINTR)
			return err_set(e, ERR_INTERNAL, "poll: %s", strerror(errno));
		if (n > 0) {
			*got_r = p.revents;
			return 0;
		}
	}
}

/* libpq ends its messages with a line feed and may use several lines. */
static void one_line(const char *text, char *to, size_t size)
{
	size_t n = 0;

	for (; *text != '\0' && n + 1 < size; text++)
		to[n++] = *text == '\n' || *text == '\t' ? ' ' : *text;
	while (n > 0 && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
}

static int lost(const PGconn *conn, struct err *e)
{
	char text[160];

	one_line(PQerrorMessage(conn), text, sizeof(text));
	return err_set(e, ERR_TRANSIENT, "database connection lost: %s", text);
}

static void notice(void *ctx, const char *message)
{
	char text[200];

	(void)ctx;
	one_line(message, text, sizeof(text));
	log_line(LOG_DEBUG, "database: %s", text);
}

static int connect_poll(PGconn *conn, int64_t deadline, struct err *e)
{
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;
	char text[200];
	short got;

	if (PQstatus(conn) == CONNECTION_BAD)
		want = PGRES_POLLING_FAILED;
	while (want == PGRES_POLLING_READING || want == PGRES_POLLING_WRITING) {
		if (wait_for(conn, want == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			     deadline, &got, e) < 0)
			return -1;
		want = PQconnectPoll(conn);
	}
	if (want == PGRES_POLLING_OK)
		return 0;
	one_line(PQerrorMessage(conn), text, sizeof(text));
	return err_set(e, ERR_TRANSIENT, "cannot connect to the database: %s", text);
}

/* One host of the conninfo; a NULL in it keeps the conninfo's own. */
struct host {
	const char *host, *hostaddr, *port;
};

static int connect_host(const struct pq_target *t, const struct host *h, int64_t deadline,
			PGconn **conn_r, struct err *e)
{
	/* What stands before dbname gives way to the conninfo, what stands behind it
	 * wins. Keep-alives find a host that went without a word. */
	const char *key[16] = { "keepalives_idle",  "keepalives_interval",
				"keepalives_count", "tcp_user_timeout",
				"dbname",           "client_encoding",
				"application_name", NULL };
	const char *value[16] = {
		"5", "2", "3", "10000", t->conninfo, "UTF8", t->application_name, NULL
	};
	const char *more[][2] = { { "host", h->host },
				  { "hostaddr", h->hostaddr },
				  { "port", h->port } };
	size_t n = 7;
	PGconn *conn;

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		if (more[i][1] == NULL)
			continue;
		key[n] = more[i][0];
		value[n++] = more[i][1];
	}
	conn = PQconnectStartParams(key, value, 1);
	if (conn == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory for a connection");
	if (connect_poll(conn, deadline, e) < 0 || PQsetnonblocking(conn, 1) != 0) {
		PQfinish(conn);
		return err_set(e, ERR_TRANSIENT, "cannot connect to the database");
	}
	(void)PQsetNoticeProcessor(conn, notice, NULL);
	*conn_r = conn;
	return 0;
}

/* Cuts "a,b,c" at its commas, in place; returns the count. NULL has none. */
static size_t split(char *list, const char *part[HOSTS])
{
	size_t n = 0;

	if (list == NULL || *list == '\0')
		return 0;
	part[n++] = list;
	for (; *list != '\0' && n < HOSTS; list++)
		if (*list == ',') {
			*list = '\0';
			part[n++] = list + 1;
		}
	return n;
}

static char *option(PQconninfoOption *all, const char *name)
{
	for (; all != NULL && all->keyword != NULL; all++)
		if (strcmp(all->keyword, name) == 0)
			return all->val;
	return NULL;
}

static int connect_each(const struct pq_target *t, PQconninfoOption *all,
			int64_t deadline, PGconn **conn_r, struct err *e)
{
	const char *host[HOSTS], *addr[HOSTS], *port[HOSTS];
	size_t hosts = split(option(all, "host"), host);
	size_t addrs = split(option(all, "hostaddr"), addr);
	size_t ports = split(option(all, "port"), port);
	size_t n = hosts > addrs ? hosts : addrs;
	struct err first = { 0 };

	for (size_t i = 0; i < n; i++) {
		int64_t now = pq_now();
		int64_t share = (deadline - now) / (int64_t)(n - i);
		struct host h = { i < hosts ? host[i] : NULL, i < addrs ? addr[i] : NULL,
				  i < ports ? port[i] : (ports > 0 ? port[0] : NULL) };
		struct err failed = { 0 };

		if (share < HOST_SHARE_MS)
			share = HOST_SHARE_MS;
		if (connect_host(t, &h, now + share, conn_r, &failed) == 0)
			return 0;
		if (first.kind == ERR_NONE)
			first = failed;
	}
	return err_set(e, first.kind, "%s", first.text);
}

int pq_conninfo(const char *text, PQconninfoOption **all_r, struct err *e)
{
	char *wrong = NULL, why[160];

	*all_r = PQconninfoParse(text, &wrong);
	if (*all_r != NULL)
		return 0;
	one_line(wrong == NULL ? "out of memory" : wrong, why, sizeof(why));
	PQfreemem(wrong);
	return err_set(e, ERR_INTERNAL, "%s", why);
}

int pq_connect(const struct pq_target *t, int64_t deadline, PGconn **conn_r,
	       struct err *e)
{
	struct host same = { NULL, NULL, NULL };
	PQconninfoOption *all;
	const char *hosts;
	int rc;

	*conn_r = NULL;
	if (pq_conninfo(t->conninfo, &all, e) < 0)
		return err_prefix(e, "key 'database'");
	hosts = option(all, "host");
	if (hosts == NULL)
		hosts = option(all, "hostaddr");
	if (hosts != NULL && strchr(hosts, ',') != NULL)
		rc = connect_each(t, all, deadline, conn_r, e);
	else
		rc = connect_host(t, &same, deadline, conn_r, e);
	PQconninfoFree(all);
	return rc;
}

bool pq_readable(PGconn *conn)
{
	struct pollfd p = { .fd = PQsocket(conn), .events = POLLIN };

	return p.fd >= 0 && poll(&p, 1, 0) > 0;
}

void pq_widen(PGconn *conn)
{
	struct sockaddr_storage own;
	socklen_t n = sizeof(own);
	int fd = PQsocket(conn), room = ON_ITS_WAY;

	/* TCP does so by itself, unless it is told a size. Linux has a unix socket
	 * writable only when three quarters of it have been read. */
	if (getsockname(fd, (struct sockaddr *)&own, &n) == 0 && own.ss_family == AF_UNIX)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

int pq_flush(PGconn *conn, int64_t deadline, struct err *e)
{
	for (;;) {
		int rc = PQflush(conn);
		short got = 0;

		if (rc == 0)
			return 0;
		if (rc < 0)
			return lost(conn, e);
		/* A server that waits for us to read its notices would wait for ever. */
		if (wait_for(conn, POLLIN | POLLOUT, deadline, &got, e) < 0)
			return -1;
		if ((got & POLLIN) != 0 && PQconsumeInput(conn) == 0)
			return lost(conn, e);
	}
}

int pq_result(PGconn *conn, int64_t deadline, PGresult **r_r, struct err *e)
{
	short got = 0;

	*r_r = NULL;
	if (pq_flush(conn, deadline, e) < 0)
		return -1;
	while (PQisBusy(conn)) {
		if (wait_for(conn, POLLIN, deadline, &got, e) < 0)
			return -1;
		if (PQconsumeInput(conn) == 0)
			return lost(conn, e);
	}
	*r_r = PQgetResult(conn);
	if (PQstatus(conn) == CONNECTION_BAD) {
		PQclear(*r_r);
		*r_r = NULL;
		return lost(conn, e);
	}
	return 0;
}

int pq_drain(PGconn *conn, int64_t deadline, struct err *e)
{
	PGresult *r;

	do {
		if (pq_result(conn, deadline, &r, e) < 0)
			return -1;
		PQclear(r);
	} while (r != NULL);
	return 0;
}

/* 25006 and 0A000: a standby that nobody has promoted yet was asked to write, or for an
 * unlogged table. */
static enum err_kind kind_of(const char *state)
{
	static const struct {
		const char *prefix;
		enum err_kind kind;
	} table[] = {
		{ "08", ERR_TRANSIENT },    { "40", ERR_TRANSIENT },
		{ "53", ERR_TRANSIENT },    { "57", ERR_TRANSIENT },
		{ "55P03", ERR_TRANSIENT }, { "25006", ERR_TRANSIENT },
		{ "0A000", ERR_TRANSIENT }, { "22", ERR_INPUT },
		{ "23", ERR_INPUT },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strncmp(state, table[i].prefix, strlen(table[i].prefix)) == 0)
			return table[i].kind;
	return ERR_INTERNAL;
}

int pq_failed(const PGresult *r, struct err *e)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	char text[160];

	/* libpq's own failures carry no SQLSTATE. */
	if (state == NULL)
		state = "08006";
	one_line(message == NULL ? PQresultErrorMessage(r) : message, text, sizeof(text));
	if (strncmp(state, "42P01", 5) == 0 || strncmp(state, "42703", 5) == 0 ||
	    strncmp(state, "42883", 5) == 0)
		return err_set(e, ERR_INTERNAL,
			       "%s (%s): is the schema up to date? run 'waybillctl "
			       "migrate'",
			       text, state);
	return err_set(e, kind_of(state), "%s (%s)", text, state);
}

bool pq_cut_off(const PGresult *r)
{
	/* PgBouncer's words for a statement that it kept to itself. */
	static const char *const kept[] = { "query_wait_timeout", "client_login_timeout",
					    "server login has been failing",
					    "no more connections allowed",
					    "pgbouncer cannot connect to server" };
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	if (state == NULL || strncmp(state, "08", 2) != 0)
		return false;
	for (size_t i = 0; text != NULL && i < sizeof(kept) / sizeof(kept[0]); i++)
		if (strncmp(text, kept[i], strlen(kept[i])) == 0)
			return false;
	return true;
}

bool pq_alive(PGconn *conn)
{
	struct pollfd p = { .fd = PQsocket(conn), .events = POLLIN };

	/* A last message may stand before the end of the stream. */
	while (p.fd >= 0 && PQstatus(conn) == CONNECTION_OK) {
		if (poll(&p, 1, 0) <= 0)
			return true;
		if (PQconsumeInput(conn) == 0)
			return false;
	}
	return false;
}
