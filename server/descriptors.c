/*
 * The limit of open files (RLIMIT_NOFILE). Ignorant of what is opened.
 */
#include "server/descriptors.h"

#include "server/log.h"

#include <sys/resource.h>

/* For what is no connection: logs, scoreboard, database, spooled bodies; and of each task
 * its pipe and its file. */
enum { OTHERS = 64, OF_TASK = 2 };

void descriptors_raise(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur == r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max;
	/* A system that has a lower limit of its own keeps the old one. */
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

uint64_t descriptors_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return r.rlim_cur;
}

unsigned descriptors_connections(const struct config *cfg, uint64_t limit)
{
	uint64_t others = OTHERS + OF_TASK * (uint64_t)cfg->tasks;
	uint64_t most = limit / 2 > others ? limit - others : limit / 2;

	if (most == 0)
		most = 1;
	return most < cfg->max_connections ? (unsigned)most : cfg->max_connections;
}

void descriptors_check(const struct config *cfg)
{
	uint64_t limit = descriptors_limit();
	unsigned most = descriptors_connections(cfg, limit);

	if (cfg->workers > 0 && most < cfg->max_connections)
		log_line(
			LOG_WARNING,
			"max_connections is %u, but a process may open only %llu files: "
			"a worker takes %u connections; raise the limit (LimitNOFILE= in "
			"the unit, or ulimit -n) or lower max_connections",
			cfg->max_connections, (unsigned long long)limit, most);
}
