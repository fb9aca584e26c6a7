/*
 * The sample command: options and the file. What stands in it is sample's business.
 */
#include "server/ctl_sample.h"

#include "parse/num.h"
#include "server/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int read_options(int argc, char **argv, struct sample_options *o,
			const char **path_r, struct err *e)
{
	const char *seed = "1", *words[2];
	const struct ctl_option options[] = {
		{ "--seed", &seed, NULL, NULL },
		{ "--inline", NULL, &o->inline_strings, NULL },
	};
	uint64_t n;

	if (ctl_options(argc, argv, options, 2, words, 2,
			"ROWS FILE [--seed N] [--inline]", e) < 0)
		return -1;
	if (!num_u64(slice_str(words[0]), SAMPLE_MAX_ROWS, &o->rows))
		return err_set(e, ERR_INPUT, "'%s' is not a number of rows from 0 to %d",
			       words[0], SAMPLE_MAX_ROWS);
	if (!num_u64(slice_str(seed), SAMPLE_MAX_SEED, &n))
		return err_set(e, ERR_INPUT, "'%s' is not a seed from 0 to %d", seed,
			       SAMPLE_MAX_SEED);
	o->seed = (uint32_t)n;
	*path_r = words[1];
	o->csv = slice_ends(slice_str(words[1]), SLICE(".csv"));
	return 0;
}

static int write_file(const struct sample_options *o, const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
	struct sink out = ctl_sink(&fd);
	int result;

	if (fd < 0)
		return err_set(e, ERR_INPUT, "'%s' cannot be written: %s", path,
			       strerror(errno));
	result = sample_write(o, &out, e);
	if (close(fd) < 0 && result == 0)
		result = err_set(e, ERR_INTERNAL, "'%s': %s", path, strerror(errno));
	return result;
}

int ctl_sample(const struct ctl *ctl, int argc, char **argv)
{
	struct sample_options o = { .seed = 1 };
	struct err e = { 0 };
	const char *path = "";

	(void)ctl;
	if (read_options(argc, argv, &o, &path, &e) < 0 || write_file(&o, path, &e) < 0)
		return ctl_fail(&e);
	return CTL_OK;
}
