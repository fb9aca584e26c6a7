/*
 * The drain and undrain commands. They change what /health says and nothing else: the
 * load balancer then sends its clients to other hosts.
 */
#include "server/ctl_drain.h"

#include "server/config.h"
#include "server/slots.h"

static int change(const struct ctl *ctl, int argc, char **argv, bool drain)
{
	struct config *cfg = NULL;
	struct err e = { .kind = ERR_NONE };
	bool running = false;
	int rc;

	if (ctl_options(argc, argv, NULL, 0, NULL, 0, "", &e) < 0 ||
	    config_load(ctl->config_path, &cfg, &e) < 0)
		return ctl_fail(&e);
	rc = slots_drain(cfg->spool_dir, drain, &running, &e);
	config_free(&cfg);
	if (rc < 0)
		return ctl_fail(&e);
	if (drain)
		(void)printf("/health says \"draining\" %s\n",
			     running ? "from now on; `waybillctl undrain` ends it"
				     : "when waybilld is started; `waybillctl undrain` "
				       "ends it");
	else
		(void)printf(
			"%s\n",
			running ? "this host is in service"
				: "this host is in service when waybilld is started");
	return ctl_printed();
}

int ctl_drain(const struct ctl *ctl, int argc, char **argv)
{
	return change(ctl, argc, argv, true);
}

int ctl_undrain(const struct ctl *ctl, int argc, char **argv)
{
	return change(ctl, argc, argv, false);
}
