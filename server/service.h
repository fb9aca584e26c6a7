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
	int listen_fd;
	bool passed; /* by the service manager: the key `listen` does not count */
};

/* Finds the socket: what an old program handed over (*h is filled in), what the service
 * manager passed, or one of our own. */
int service_socket(struct service *s, struct handover *h, struct err *e) MUST_CHECK;
/* Reads the configuration again and checks it whole; only then the old one goes. -1 with
 * e: everything is as it was. */
int service_reload(struct service *s, const char *config_path, struct err *e) MUST_CHECK;
/* Opens the log files, for the first time or anew. */
int service_logs(const struct config *cfg, struct err *e) MUST_CHECK;
/* Closes the socket. shared: another program listens on it too, so that a unix address
 * keeps its file. */
void service_refuse(struct service *s, bool shared);
void service_close(struct service *s, bool shared);

#endif
