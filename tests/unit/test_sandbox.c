/* What a confined process can and cannot do: each try runs in a child of its own. */
#include "server/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char spool[] = "/tmp/test_sandbox.XXXXXX";

static int opened; /* a file with a byte in it */

/* Exit statuses of a child; a signal's number stands above 100. */
enum { DONE = 0, FAILED = 1, NOT_ENTERED = 2, NOT_IN_FORCE = 77, SIGNAL = 100 };

static int read_passwords(void)
{
	return open("/proc/self/status", O_RDONLY) >= 0 ||
			       open("/proc/self/environ", O_RDONLY) >= 0
		       ? DONE
		       : FAILED;
}

static int read_names(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0 ? DONE : FAILED;
}

static int readable(const char *path)
{
	return open(path, O_RDONLY) >= 0 ? DONE : FAILED;
}

static int read_settings_of_others(void)
{
	return readable("/etc/fstab") == DONE ||
			       readable("/etc/debian_version") == DONE ||
			       readable("/etc/shells") == DONE ||
			       readable("/etc/login.defs") == DONE
		       ? DONE
		       : FAILED;
}

static int list_settings(void)
{
	return opendir("/etc") != NULL || opendir("/usr/share") != NULL ||
			       opendir("/usr/lib") != NULL || opendir("/lib") != NULL
		       ? DONE
		       : FAILED;
}

static int read_programs(void)
{
	return readable("/usr/lib/os-release") == DONE ||
			       readable("/usr/share/common-licenses/GPL-3") == DONE
		       ? DONE
		       : FAILED;
}

static int read_hosts(void)
{
	struct addrinfo *found = NULL;

	if (access("/etc/hosts", F_OK) == 0 && readable("/etc/hosts") != DONE)
		return FAILED;
	if (getaddrinfo("localhost", NULL, NULL, &found) != 0)
		return FAILED;
	freeaddrinfo(found);
	return DONE;
}

static int read_certificates(void)
{
	static const char *const paths[] = { "/etc/ssl/openssl.cnf",
					     "/usr/lib/ssl/openssl.cnf",
					     "/etc/ssl/certs/ca-certificates.crt" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], F_OK) == 0 && readable(paths[i]) != DONE)
			return FAILED;
	return DONE;
}

static int write_elsewhere(void)
{
	return open("/tmp/test_sandbox.out", O_WRONLY | O_CREAT, 0600) >= 0 ? DONE
									    : FAILED;
}

static int write_spool(void)
{
	char path[sizeof(spool) + 8];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/file", spool);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || unlink(path) < 0)
		return FAILED;
	return DONE;
}

static int run_program(void)
{
	(void)execl("/bin/true", "true", (char *)NULL);
	return FAILED;
}

static int fork_one(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? FAILED : DONE;
}

static int raw_socket(void)
{
	return socket(17, SOCK_RAW, 0) < 0 && errno == EPERM ? FAILED : DONE;
}

static int database_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 &&
			       socket(AF_INET, SOCK_STREAM, 0) >= 0
		       ? DONE
		       : FAILED;
}

static int allocate(void)
{
	enum { MEGA = 1024 * 1024 };
	void *volatile p =
		malloc((size_t)256 * MEGA); /* a clever compiler allocates nothing */
	int got = p == NULL ? FAILED : DONE;

	free(p);
	return got;
}

static int compute_for_ever(void)
{
	for (volatile unsigned n = 0;; n = n + 1)
		;
	return DONE;
}

static int stop_itself(void)
{
	abort();
}

static int use_what_is_open(void)
{
	char c;

	return pread(opened, &c, 1, 0) == 1 && write(opened, "x", 1) == 1 ? DONE : FAILED;
}

static const struct try_row {
	const char *name;
	int needs; /* what must be in force for this to be refused */
	int (*what)(void);
	int want;
} try_rows[] = {
	{ "files of others are out of reach", SANDBOX_FILES, read_passwords, FAILED },
	{ "settings of others are out of reach", SANDBOX_FILES, read_settings_of_others,
	  FAILED },
	{ "nor can they be listed", SANDBOX_FILES, list_settings, FAILED },
	{ "programs and their data are out of reach", SANDBOX_FILES, read_programs,
	  FAILED },
	{ "users can be looked up", 0, read_names, DONE },
	{ "hosts can be looked up", 0, read_hosts, DONE },
	{ "certificates can be checked", 0, read_certificates, DONE },
	{ "nothing is written elsewhere", SANDBOX_FILES, write_elsewhere, FAILED },
	{ "the spool can be written", 0, write_spool, DONE },
	{ "no program is run", SANDBOX_CALLS, run_program, SIGNAL + SIGSYS },
	{ "no process is made", SANDBOX_CALLS, fork_one, FAILED },
	{ "no packets are forged", SANDBOX_CALLS, raw_socket, FAILED },
	{ "the database can be reached", 0, database_socket, DONE },
	{ "memory has an end", SANDBOX_CALLS, allocate, FAILED },
	{ "time has an end", SANDBOX_LIMITS, compute_for_ever, SIGNAL + SIGXCPU },
	{ "a bug ends the process as ever", 0, stop_itself, SIGNAL + SIGABRT },
}, alone_rows[] = {
	{ "no file is opened", SANDBOX_FILES, read_names, FAILED },
	{ "nothing is written", SANDBOX_FILES, write_spool, FAILED },
	{ "nothing is connected to", SANDBOX_CALLS, database_socket, FAILED },
	{ "memory has an end", SANDBOX_CALLS, allocate, FAILED },
	{ "what is open can be used", 0, use_what_is_open, DONE },
};

static const struct config of_task = { .spool_dir = spool,
				       .task_memory = (uint64_t)128 * 1024 * 1024,
				       .task_timeout = 1,
				       .database = (char *)"dbname=x",
				       .database_read = (char *)"" };
static const struct config alone = { .task_memory = (uint64_t)128 * 1024 * 1024,
				     .task_timeout = 1 };

static int in_child(const struct config *cfg, const struct try_row *row)
{
	pid_t pid = fork();
	int status = 0, force;
	struct err e = { .kind = ERR_NONE };

	if (pid == 0) {
		force = sandbox_enter(cfg, &e);
		if (force < 0)
			_exit(NOT_ENTERED);
		if ((force & row->needs) != row->needs)
			_exit(NOT_IN_FORCE);
		_exit(row->what());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static void try_all(const struct config *cfg, const struct try_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct try_row *row = &rows[i];
		int got = in_child(cfg, row);

		if (got == NOT_IN_FORCE)
			print_message("%s: not in force here\n", row->name);
		else if (got != row->want)
			fail_msg("%s: got %d, want %d", row->name, got, row->want);
	}
}

static void test_tries(void **state)
{
	(void)state;
	try_all(&of_task, try_rows, sizeof(try_rows) / sizeof(try_rows[0]));
}

static void test_alone(void **state)
{
	(void)state;
	try_all(&alone, alone_rows, sizeof(alone_rows) / sizeof(alone_rows[0]));
}

static int set_up(void **state)
{
	char name[] = "/tmp/test_sandbox.XXXXXX";

	(void)state;
	opened = mkstemp(name);
	if (opened < 0 || unlink(name) < 0 || write(opened, "x", 1) != 1)
		return -1;
	return mkdtemp(spool) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)close(opened);
	return rmdir(spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_alone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
