/*
 * Listening and accepting. Ignorant of HTTP and of who accepts.
 */
#include "server/listener.h"

#include "parse/ip.h"
#include "parse/num.h"
#include "parse/slice.h"
#include "server/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Connections inherit what is set here: each has an answer to send at once. A worker that
 * is woken for a connection would mostly be woken once more, for its first bytes: half of
 * what a short connection costs. */
static int prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	platform_accept_late(fd);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* For what is in errno. */
static int refuse(const char *address, struct err *e)
{
	return err_set(e, ERR_INPUT, "cannot listen on %s: %s%s", address,
		       strerror(errno),
		       errno == EADDRINUSE ? " (another program listens there, or this "
					     "one under another address)"
					   : "");
}

static int bind_listen(int family, const struct sockaddr *sa, socklen_t len, int backlog,
		       const char *address, struct err *e)
{
	int fd = socket(family, SOCK_STREAM, 0);
	int on = 1, off = 0;

	if (fd < 0)
		return err_set(e, ERR_INTERNAL, "cannot make a socket: %s",
			       strerror(errno));
	if (family != AF_UNIX)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* Whatever the system's default is: "::" is IPv4 as well. */
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (prepare(fd) < 0 || bind(fd, sa, len) < 0 || listen(fd, backlog) < 0) {
		(void)refuse(address, e);
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Whether somebody listens on a socket file. */
static bool is_served(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), flags;
	bool refused;

	if (fd < 0)
		return true;
	/* A full queue is no reason to wait. */
	flags = fcntl(fd, F_GETFL);
	(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	refused = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 &&
		  errno == ECONNREFUSED;
	(void)close(fd);
	return !refused;
}

static int open_unix(const char *path, int backlog, const char *address, struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct stat st;
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(sa.sun_path))
		return err_set(
			e, ERR_INPUT,
			"key 'listen': the path in \"%s\" must have 1 to %zu bytes",
			address, sizeof(sa.sun_path) - 1);
	memcpy(sa.sun_path, path, n + 1);
	/* A socket file left by a server that was killed; never a file of another kind.
	 */
	if (stat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
		if (is_served(&sa)) {
			errno = EADDRINUSE;
			return refuse(address, e);
		}
		(void)unlink(path);
	}
	return bind_listen(AF_UNIX, (const struct sockaddr *)&sa, sizeof(sa), backlog,
			   address, e);
}

/* Whether this machine has IPv6, be it for itself alone. */
static bool has_ipv6(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = in6addr_any };
	int fd = socket(AF_INET6, SOCK_STREAM, 0), off = 0;
	bool has = fd >= 0 &&
		   setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0 &&
		   bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0;

	if (fd >= 0)
		(void)close(fd);
	return has;
}

/* Of "*" that is every address of both families, where there are both. */
static const char *name_of_any(const char *host)
{
	if (strcmp(host, "*") != 0)
		return host;
	return has_ipv6() ? "::" : "0.0.0.0";
}

int listener_open(const char *address, int backlog, struct err *e)
{
	struct addrinfo hints = { .ai_flags =
					  AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	struct slice host = slice_str(address);
	const char *port = strrchr(address, ':');
	char name[128];
	int fd, r;

	if (slice_starts(host, SLICE("unix:")))
		return open_unix(address + 5, backlog, address, e);
	if (port == NULL)
		return err_set(e, ERR_INPUT,
			       "key 'listen': \"%s\" has no port: write 127.0.0.1:8080",
			       address);
	host = slice_take(&host, (size_t)(port - address));
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct slice){ host.p + 1, host.n - 2 };
	if (host.n >= sizeof(name))
		return err_set(e, ERR_INPUT, "key 'listen': \"%s\" is no address",
			       address);
	(void)snprintf(name, sizeof(name), "%.*s", (int)host.n, host.p);
	r = getaddrinfo(name_of_any(name), port + 1, &hints, &list);
	if (r != 0)
		return err_set(e, ERR_INPUT, "key 'listen': \"%s\" is no address: %s",
			       address, gai_strerror(r));
	fd = bind_listen(list->ai_family, list->ai_addr, list->ai_addrlen, backlog,
			 address, e);
	freeaddrinfo(list);
	return fd;
}

int listener_adopt(int fd, const char *what, struct err *e)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || listens == 0)
		return err_set(e, ERR_INPUT,
			       "descriptor %d from %s is not a listening socket", fd,
			       what);
	if (prepare(fd) < 0)
		return err_set(e, ERR_INTERNAL, "cannot use descriptor %d from %s: %s",
			       fd, what, strerror(errno));
	return 0;
}

int listener_passed(int *fd_r, struct err *e)
{
	enum { FIRST = 3 };
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint64_t n = 0, who = 0;
	bool ours = count != NULL && pid != NULL && num_u64(slice_str(count), 1024, &n) &&
		    n > 0 && num_u64(slice_str(pid), INT32_MAX, &who) &&
		    (pid_t)who == getpid();

	*fd_r = -1;
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDNAMES");
	if (!ours)
		return 0;
	if (n > 1)
		return err_set(e, ERR_INPUT,
			       "LISTEN_FDS passes %llu sockets; one is possible",
			       (unsigned long long)n);
	if (listener_adopt(FIRST, "LISTEN_FDS", e) < 0)
		return -1;
	*fd_r = FIRST;
	return 0;
}

void listener_backlog(int fd, int backlog)
{
	(void)listen(fd, backlog);
}

/* As text; an IPv4 address is one, also where it comes over IPv6. */
static void put_peer(const struct sockaddr_storage *sa, char *peer,
		     unsigned long peer_size)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_in *in = (const void *)sa;
	char text[IP_TEXT], scope[IF_NAMESIZE] = "";
	uint8_t v4[4];
	struct ip ip;

	if (sa->ss_family == AF_INET) {
		memcpy(v4, &in->sin_addr, sizeof(v4));
		ip = ip_from_v4(v4);
	} else if (sa->ss_family == AF_INET6) {
		memcpy(ip.b, &in6->sin6_addr, sizeof(ip.b));
	} else {
		(void)snprintf(peer, peer_size, "unix");
		return;
	}
	ip_write(&ip, text);
	if (sa->ss_family == AF_INET6 && in6->sin6_scope_id != 0 &&
	    if_indextoname(in6->sin6_scope_id, scope) != NULL)
		(void)snprintf(peer, peer_size, "%s%%%s", text, scope);
	else
		(void)snprintf(peer, peer_size, "%s", text);
}

int listener_accept(int fd, char *peer, unsigned long peer_size)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNIX };
	socklen_t len = sizeof(sa);
	int got = platform_accept(fd, (struct sockaddr *)&sa, &len);

	if (got >= 0)
		put_peer(&sa, peer, peer_size);
	return got;
}

void listener_close(int *fd, const char *address)
{
	if (*fd < 0)
		return;
	(void)close(*fd);
	*fd = -1;
	if (address != NULL && slice_starts(slice_str(address), SLICE("unix:")))
		(void)unlink(address + 5);
}
