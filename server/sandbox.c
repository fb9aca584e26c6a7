/*
 * The walls around a task. Ignorant of what runs inside; the only file that knows
 * seccomp (Documentation/userspace-api/seccomp_filter.rst) and Landlock (landlock.rst).
 */
#include "server/sandbox.h"

#include "server/db_files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

/* Rejected rows on their way and a log; more is a file that means harm. */
static const rlim_t file_max = (rlim_t)4 * 1024 * 1024 * 1024;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static int limit(int what, rlim_t value, const char *name, struct err *e)
{
	struct rlimit now;

	if (getrlimit(what, &now) == 0) {
		if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
			value = now.rlim_max;
		now.rlim_cur = value;
		/* At the hard limit a processor's time ends without a name. */
		now.rlim_max = value + (what == RLIMIT_CPU);
		if (setrlimit(what, &now) == 0)
			return 0;
	}
	return err_set(e, ERR_INTERNAL, "cannot limit a task's %s: %s", name,
		       strerror(errno));
}

static int set_limits(const struct config *cfg, struct err *e)
{
	/* A shadow memory takes terabytes of addresses. */
	if (!SANITIZED && cfg->task_memory != 0 &&
	    limit(RLIMIT_AS, (rlim_t)cfg->task_memory, "memory", e) < 0)
		return -1;
	(void)signal(SIGXFSZ, SIG_IGN); /* write() then fails with EFBIG */
	if (limit(RLIMIT_CPU, cfg->task_timeout / 1000 + 1, "processor time", e) < 0 ||
	    limit(RLIMIT_FSIZE, file_max, "files", e) < 0)
		return -1;
	return limit(RLIMIT_CORE, 0, "core", e);
}

#ifdef __linux__
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* The headers hide it when only POSIX is asked for. */
long syscall(long number, ...);
#ifndef O_PATH
#define O_PATH 010000000
#endif

static int failed(const char *what, struct err *e)
{
	return err_set(e, ERR_INTERNAL, "cannot confine a task (%s): %s", what,
		       strerror(errno));
}

/* --- files */

static const uint64_t may_read =
	LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t may_write = LANDLOCK_ACCESS_FS_WRITE_FILE |
				  LANDLOCK_ACCESS_FS_REMOVE_FILE |
				  LANDLOCK_ACCESS_FS_MAKE_REG;
static const uint64_t may_not =
	LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
	LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
	LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
	LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

/* Opens a path to a ruleset; one that does not exist needs no leave. */
static int allow(int rules, const char *path, uint64_t rights, struct err *e)
{
	struct landlock_path_beneath_attr at = { .allowed_access = rights };
	long rc;

	at.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (at.parent_fd < 0)
		return 0;
	rc = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &at, 0);
	if (rc < 0 && errno == EINVAL) { /* a file has no entries to read */
		at.allowed_access = rights & LANDLOCK_ACCESS_FS_READ_FILE;
		rc = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
			     &at, 0);
	}
	(void)close(at.parent_fd);
	return rc < 0 ? failed(path, e) : 0;
}

/* What a host's name is looked up in (the file that a link leads to now, and the folders
 * where resolvers replace it); who we are; what TLS and Kerberos are set up by, and whom
 * they trust. */
static const char *const of_system[] = { "/etc/hosts",
					 "/etc/host.conf",
					 "/etc/resolv.conf",
					 "/etc/nsswitch.conf",
					 "/etc/gai.conf",
					 "/etc/services",
					 "/etc/protocols",
					 "/run/systemd/resolve",
					 "/run/NetworkManager",
					 "/run/resolvconf",
					 "/etc/passwd",
					 "/etc/group",
					 "/etc/postgresql-common",
					 "/usr/lib/ssl",
					 "/etc/ssl/openssl.cnf",
					 "/etc/ssl/certs",
					 "/usr/share/ca-certificates",
					 "/usr/local/share/ca-certificates",
					 "/etc/pki/tls",
					 "/etc/pki/ca-trust",
					 "/etc/crypto-policies",
					 "/usr/share/crypto-policies",
					 "/dev/urandom" };

static int allow_database(int rules, const char *conninfo, struct err *e)
{
	struct db_files files;
	int rc = 0;

	db_files_named(conninfo, &files);
	for (size_t i = 0; rc == 0 && i < files.n; i++)
		rc = allow(rules, files.path[i], may_read, e);
	/* Its definition may name certificates that only libpq reads there. */
	return rc == 0 && files.service ? allow(rules, "/etc", may_read, e) : rc;
}

static int allow_files(int rules, const struct config *cfg, struct err *e)
{
	/* Who looks for leaks at the end looks there. */
	int rc = SANITIZED ? allow(rules, "/proc", may_read, e) : 0;

	if (rc < 0 || cfg->spool_dir == NULL)
		return rc;
	rc = allow(rules, cfg->spool_dir, may_read | may_write, e);
	for (size_t i = 0; rc == 0 && i < sizeof(of_system) / sizeof(of_system[0]); i++)
		rc = allow(rules, of_system[i], may_read, e);
	if (rc == 0)
		rc = allow_database(rules, cfg->database, e);
	return rc == 0 ? allow_database(rules, cfg->database_read, e) : rc;
}

/* SANDBOX_FILES, 0 where the kernel has no Landlock or more had to be allowed, or -1. */
static int confine_files(const struct config *cfg, struct err *e)
{
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = may_read | may_write | may_not,
	};
	long rules = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	int rc;

	if (rules < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : failed("files", e);
	rc = allow_files((int)rules, cfg, e);
	if (rc == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		rc = failed("files", e);
	(void)close((int)rules);
	if (rc < 0)
		return -1;
	return SANITIZED ? 0 : SANDBOX_FILES;
}

/* --- system calls */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#if defined(ARCH) && !SANITIZED
/* Files, sockets, memory, time: what reading a workbook, a COPY and a lookup of the
 * database's name need. */
static const unsigned calls[] = {
	__NR_read,
	__NR_readv,
	__NR_pread64,
	__NR_write,
	__NR_writev,
	__NR_pwrite64,
	__NR_close,
	__NR_lseek,
	__NR_fstat,
	__NR_newfstatat,
	__NR_statx,
	__NR_faccessat,
	__NR_openat,
	__NR_unlinkat,
	__NR_fcntl,
	__NR_ioctl,
	__NR_ftruncate,
	__NR_fallocate,
	__NR_dup,
	__NR_getdents64,
	__NR_connect,
	__NR_bind,
	__NR_sendto,
	__NR_recvfrom,
	__NR_sendmsg,
	__NR_recvmsg,
	__NR_sendmmsg,
	__NR_getsockname,
	__NR_getpeername,
	__NR_getsockopt,
	__NR_setsockopt,
	__NR_shutdown,
	__NR_ppoll,
	__NR_pselect6,
	__NR_munmap,
	__NR_mremap,
	__NR_madvise,
	__NR_brk,
	__NR_futex,
	__NR_rt_sigaction,
	__NR_rt_sigprocmask,
	__NR_rt_sigreturn,
	__NR_clock_gettime,
	__NR_clock_nanosleep,
	__NR_nanosleep,
	__NR_gettimeofday,
	__NR_getpid,
	__NR_gettid,
	__NR_getppid,
	__NR_getuid,
	__NR_geteuid,
	__NR_getgid,
	__NR_getegid,
	__NR_getrandom,
	__NR_uname,
	__NR_getrusage,
	__NR_sysinfo,
	__NR_sched_yield,
	__NR_restart_syscall,
	__NR_exit,
	__NR_exit_group,
	__NR_sched_getaffinity,
#ifdef __NR_poll
	__NR_poll,
	__NR_select,
	__NR_open,
	__NR_stat,
	__NR_lstat,
	__NR_access,
	__NR_unlink,
	__NR_time,
#endif
#ifdef __NR_faccessat2
	__NR_faccessat2,
#endif
#ifdef __NR_futex_waitv
	__NR_futex_waitv,
#endif
};

static const unsigned families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

enum {
	CALLS = sizeof(calls) / sizeof(calls[0]),
	FAMILIES = sizeof(families) / sizeof(families[0])
};

/* A program being written; what is not allowed by its end is refused. */
struct filter {
	struct sock_filter code[4 * CALLS];
	size_t n;
};

static void put(struct filter *f, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	f->code[f->n++] = (struct sock_filter){ code, yes, no, k };
}

static void load(struct filter *f, size_t offset)
{
	put(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer_when(struct filter *f, uint32_t value, uint32_t answer)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	put(f, BPF_RET | BPF_K, answer, 0, 0);
}

/* Low halves of arguments lie first on the machines above. */
static size_t argument(size_t i)
{
	return offsetof(struct seccomp_data, args) + i * sizeof(uint64_t);
}

static void write_filter(struct filter *f, bool sockets)
{
	const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;

	load(f, offsetof(struct seccomp_data, arch));
	put(f, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	put(f, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	load(f, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < CALLS; i++)
		answer_when(f, calls[i], SECCOMP_RET_ALLOW);
	answer_when(f, __NR_execve, SECCOMP_RET_KILL_PROCESS);
	answer_when(f, __NR_execveat, SECCOMP_RET_KILL_PROCESS);
	/* Memory that is not code. */
	put(f, BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 1, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, __NR_mprotect, 0, 4);
	load(f, argument(2));
	put(f, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1);
	put(f, BPF_RET | BPF_K, refuse, 0, 0);
	put(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	/* A signal to itself: abort(). */
	put(f, BPF_JMP | BPF_JEQ | BPF_K, __NR_tgkill, 0, 4);
	load(f, argument(0));
	answer_when(f, (uint32_t)getpid(), SECCOMP_RET_ALLOW);
	put(f, BPF_RET | BPF_K, refuse, 0, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 1, 0);
	put(f, BPF_RET | BPF_K, refuse, 0, 0);
	load(f, argument(0));
	for (size_t i = 0; sockets && i < FAMILIES; i++)
		answer_when(f, families[i], SECCOMP_RET_ALLOW);
	put(f, BPF_RET | BPF_K, refuse, 0, 0);
}

/* SANDBOX_CALLS, 0 where the kernel has no filters, or -1. */
static int confine_calls(const struct config *cfg, struct err *e)
{
	struct filter f = { .n = 0 };
	struct sock_fprog program;

	write_filter(&f, cfg->database != NULL);
	program = (struct sock_fprog){ (unsigned short)f.n, f.code };
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0)
		return SANDBOX_CALLS;
	return errno == ENOSYS || errno == EINVAL ? 0 : failed("system calls", e);
}
#else
static int confine_calls(const struct config *cfg, struct err *e)
{
	(void)cfg;
	(void)e;
	return 0;
}
#endif

static int confine(const struct config *cfg, struct err *e)
{
	int files, filtered;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed("privileges", e);
	files = confine_files(cfg, e);
	if (files < 0)
		return -1;
	filtered = confine_calls(cfg, e);
	return filtered < 0 ? -1 : SANDBOX_PRIVILEGES | files | filtered;
}
#else
static int confine(const struct config *cfg, struct err *e)
{
	(void)cfg;
	(void)e;
	return 0;
}
#endif

int sandbox_enter(const struct config *cfg, struct err *e)
{
	int confined;

	if (set_limits(cfg, e) < 0)
		return -1;
	confined = confine(cfg, e);
	return confined < 0 ? -1 : SANDBOX_LIMITS | confined;
}
