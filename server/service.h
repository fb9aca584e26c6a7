/*
 * What the server serves with: its configuration, its pages and its listening socket,
 * which a reload replaces together or not at all.
 */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include "server/config.h"
#include "server/static.h"
#include "server/upgrade.h"

struct service {
	struct config *cfg;
	struct static_files *files;
	int listen_fd; /* -1: no workers, so that a client is refused at once */
	bool passed; /* by the service manager: the key `listen` does not count, and there
		      * are workers */
};

/* Finds the socket: what an old program handed over (*h is filled in), what the service
 * manager passed, or one of our own. */
int service_socket(struct service *s, struct handover *h, struct err *e) MUST_CHECK;
/* What a reload is to serve with. */
struct service_next {
	struct config *cfg; /* NULL: there is none */
	struct static_files *files;
};

/* Reads the configuration again and checks what can be checked of it here. -1 with e, and
 * nothing in *next. */
int service_read(const struct service *s, const char *config_path,
		 struct service_next *next, struct err *e) MUST_CHECK;
/* Serves with it from now on: only now the old one goes. -1 with e: everything is as it
 * was. *next is empty in either case. */
int service_take(struct service *s, struct service_next *next, struct err *e) MUST_CHECK;
/* Fine on an empty one. */
void service_drop(struct service_next *next);
/* Opens the log files for the first time, or those of a new configuration. */
int service_logs(const struct config *cfg, struct err *e) MUST_CHECK;
/* Opens them anew, each whatever becomes of the other; the log tells what cannot be. */
void service_logs_anew(const struct config *cfg);
/* Closes the socket. shared: another program listens on it too, so that a unix address
 * keeps its file. */
void service_refuse(struct service *s, bool shared);
void service_close(struct service *s, bool shared);

#endif
