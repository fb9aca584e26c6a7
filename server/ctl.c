/*
 * The tool's common ground. Ignorant of every single command.
 */
#include "server/ctl.h"

#include "server/config.h"
#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct ctl_option *option_find(struct slice name,
					    const struct ctl_option *options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(name, slice_str(options[i].name)))
			return &options[i];
	return NULL;
}

static int value_keep(const struct ctl_option *o, const char *value, struct err *e)
{
	size_t n = 0;

	if (o->list == NULL) {
		*o->value = value;
		return 0;
	}
	while (o->list[n] != NULL)
		n++;
	if (n == CTL_LIST - 1)
		return err_set(e, ERR_INPUT, "too many '%s'", o->name);
	o->list[n] = value;
	o->list[n + 1] = NULL;
	return 0;
}

/* Takes argv[*at], an option, and its value when that stands behind it. */
static int option_take(int argc, char **argv, int *at, const struct ctl_option *options,
		       size_t n, struct err *e)
{
	struct slice rest = slice_str(argv[*at]);
	bool joined = slice_find(rest, '=') != NULL;
	struct slice name = slice_split(&rest, '=');
	const struct ctl_option *o = option_find(name, options, n);

	if (o == NULL)
		return err_set(e, ERR_INPUT, "unknown option '%s'", argv[*at]);
	if (o->flag != NULL) {
		*o->flag = true;
		return joined ? err_set(e, ERR_INPUT, "'%s' takes no value", o->name) : 0;
	}
	if (joined) /* the rest of argv's own string: NUL-terminated */
		return value_keep(o, rest.p, e);
	if (*at + 1 < argc)
		return value_keep(o, argv[++*at], e);
	return err_set(e, ERR_INPUT, "'%s' needs a value", o->name);
}

static int options_take(int argc, char **argv, const struct ctl_option *options,
			size_t n_options, const char **words, size_t n_words,
			struct err *e)
{
	bool only_words = false;
	size_t n = 0;

	for (int i = 1; i < argc; i++) {
		if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
			if (option_take(argc, argv, &i, options, n_options, e) < 0)
				return -1;
		} else if (n == n_words) {
			return err_set(e, ERR_INPUT, "'%s' is one too many", argv[i]);
		} else {
			words[n++] = argv[i];
		}
	}
	if (n < n_words)
		return err_set(e, ERR_INPUT, "'%s' needs more", argv[0]);
	return 0;
}

int ctl_options(int argc, char **argv, const struct ctl_option *options, size_t n_options,
		const char **words, size_t n_words, const char *usage, struct err *e)
{
	char why[sizeof(e->text)];

	if (options_take(argc, argv, options, n_options, words, n_words, e) == 0)
		return 0;
	memcpy(why, e->text, sizeof(why));
	*e = (struct err){ 0 };
	return err_set(e, ERR_INPUT, "%.100s (usage: waybillctl %s%s%s)", why, argv[0],
		       *usage == '\0' ? "" : " ", usage);
}

int ctl_open(const char *path, int *fd_r, uint64_t *size_r, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, ERR_INPUT, "'%s' cannot be opened: %s", path,
			       strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return err_set(e, ERR_INPUT, "'%s' is not a file", path);
	}
	*fd_r = fd;
	*size_r = (uint64_t)st.st_size;
	return 0;
}

int ctl_confine(struct err *e)
{
	static const struct config walls = {
		.task_memory = UINT64_C(2) << 30,
		.task_timeout = 600000,
	};

	return sandbox_enter(&walls, e) < 0 ? -1 : 0;
}

static int write_all(void *to, struct slice bytes, struct err *e)
{
	const int *fd = to;

	while (bytes.n > 0) {
		ssize_t n = write(*fd, bytes.p, bytes.n);

		if (n < 0 && errno != EINTR)
			return err_set(e, ERR_INTERNAL, "writing failed: %s",
				       strerror(errno));
		if (n > 0)
			(void)slice_take(&bytes, (size_t)n);
	}
	return 0;
}

struct sink ctl_sink(int *fd)
{
	return (struct sink){ write_all, fd };
}

void ctl_print(FILE *to, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		/* U+0080 to U+009F are C2 80 to C2 9F in UTF-8. */
		bool c1 = c == 0xC2 && i + 1 < text.n &&
			  (unsigned char)text.p[i + 1] < 0xA0;

		i += c1 ? 1 : 0;
		(void)fputc(c < 0x20 || c == 0x7F || c1 ? '?' : c, to);
	}
}

int ctl_fail(const struct err *e)
{
	(void)fprintf(stderr, "waybillctl: ");
	ctl_print(stderr, slice_str(e->text));
	(void)fputc('\n', stderr);
	return e->kind == ERR_INPUT || e->kind == ERR_UNSUPPORTED || e->kind == ERR_LIMIT
		       ? CTL_REFUSED
		       : CTL_FAILED;
}

int ctl_printed(void)
{
	struct err e = { 0 };

	if (fflush(stdout) == 0 && !ferror(stdout))
		return CTL_OK;
	(void)err_set(&e, ERR_INTERNAL, "writing failed: %s", strerror(errno));
	return ctl_fail(&e);
}
