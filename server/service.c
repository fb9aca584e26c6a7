/*
 * Configuration, pages and socket of the running server. Ignorant of processes.
 */
#include "server/service.h"

#include "server/access_log.h"
#include "server/db_read.h"
#include "server/listener.h"
#include "server/log.h"
#include "server/router.h"

/* Whoever passed the socket keeps it open, whatever is done with it here. */
static int passed_has_workers(const struct config *cfg, struct err *e)
{
	if (cfg->workers > 0)
		return 0;
	return err_set(e, ERR_INPUT,
		       "key 'workers' is 0, but a socket was passed (LISTEN_FDS), whose "
		       "clients nobody would answer: set workers, or do without the "
		       "socket unit");
}

int service_socket(struct service *s, struct handover *h, struct err *e)
{
	const struct config *cfg = s->cfg;

	handover_take(h);
	s->listen_fd = h->listen_fd;
	if (s->listen_fd >= 0) {
		if (listener_adopt(s->listen_fd, "the old program", e) < 0)
			return -1;
		s->passed = h->address[0] == '\0';
		if (s->passed)
			return passed_has_workers(cfg, e);
		if (cfg->workers > 0 && strcmp(h->address, cfg->listen) == 0)
			return 0;
		/* Now another address is wanted, or none. */
		listener_close(&s->listen_fd, NULL);
	} else {
		if (listener_passed(&s->listen_fd, e) < 0)
			return -1;
		s->passed = s->listen_fd >= 0;
		if (s->passed)
			return passed_has_workers(cfg, e);
	}
	if (cfg->workers == 0)
		return 0;
	s->listen_fd = listener_open(cfg->listen, (int)cfg->backlog, e);
	return s->listen_fd < 0 ? -1 : 0;
}

int service_logs(const struct config *cfg, struct err *e)
{
	if (log_open(cfg->log_file, cfg->log_level, e) < 0)
		return -1;
	return access_log_open(cfg, e);
}

void service_logs_anew(const struct config *cfg)
{
	struct err events = { .kind = ERR_NONE }, access = { .kind = ERR_NONE };

	if (log_open(cfg->log_file, cfg->log_level, &events) < 0)
		log_line(LOG_ERROR, "%s", events.text);
	if (access_log_open(cfg, &access) < 0)
		log_line(LOG_ERROR, "%s", access.text);
}

/* The socket for a new configuration in *fd_r: the same one if its address is the same.
 * -1 with e. */
static int reload_socket(const struct service *s, const struct config *cfg, int *fd_r,
			 struct err *e)
{
	*fd_r = cfg->workers > 0 ? s->listen_fd : -1;
	if (!s->passed && cfg->workers > 0 &&
	    (s->listen_fd < 0 || strcmp(cfg->listen, s->cfg->listen) != 0)) {
		*fd_r = listener_open(cfg->listen, (int)cfg->backlog, e);
		return *fd_r < 0 ? -1 : 0;
	}
	if (*fd_r >= 0 && cfg->backlog != s->cfg->backlog)
		listener_backlog(*fd_r, (int)cfg->backlog);
	return 0;
}

int service_read(const struct service *s, const char *config_path,
		 struct service_next *next, struct err *e)
{
	struct config *cfg;

	*next = (struct service_next){ .cfg = NULL };
	if (config_load(config_path, &next->cfg, e) < 0)
		return -1;
	cfg = next->cfg;
	if ((!s->passed || passed_has_workers(cfg, e) == 0) &&
	    db_read_check(cfg, e) == 0 &&
	    router_pages_open(cfg->static_dir, &next->files, e) == 0) {
		if (strcmp(cfg->spool_dir, s->cfg->spool_dir) == 0 &&
		    strcmp(cfg->user, s->cfg->user) == 0)
			return 0;
		(void)err_set(e, ERR_INPUT,
			      "keys 'spool_dir' and 'user' change with a restart only");
	}
	service_drop(next);
	return -1;
}

int service_take(struct service *s, struct service_next *next, struct err *e)
{
	struct err again = { .kind = ERR_NONE };
	int fd;

	if (service_logs(next->cfg, e) < 0 || reload_socket(s, next->cfg, &fd, e) < 0) {
		if (service_logs(s->cfg, &again) < 0)
			log_line(LOG_ERROR, "%s", again.text);
		service_drop(next);
		return -1;
	}
	if (fd != s->listen_fd) {
		listener_close(&s->listen_fd, s->cfg->listen);
		s->listen_fd = fd;
	}
	static_close(&s->files);
	config_free(&s->cfg);
	s->cfg = next->cfg;
	s->files = next->files;
	*next = (struct service_next){ .cfg = NULL };
	return 0;
}

void service_drop(struct service_next *next)
{
	static_close(&next->files);
	config_free(&next->cfg);
}

/* The socket file of a unix address stays when others listen there: a new program, or
 * the service manager. */
void service_refuse(struct service *s, bool shared)
{
	listener_close(&s->listen_fd, shared || s->passed ? NULL : s->cfg->listen);
}

void service_close(struct service *s, bool shared)
{
	service_refuse(s, shared);
	static_close(&s->files);
	config_free(&s->cfg);
}
