/*
 * The scoreboard's memory. Ignorant of what children do: it only keeps what they
 * write down.
 */
#include "server/slots.h"

#include "server/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char magic[8] = { 'W', 'A', 'Y', 'B', 'I', 'L', 'L', '1' };

/* Its being there means that the administrator took the host out of service. */
static const char drained_name[] = "waybilld.drained";
static const char board_name[] = "waybilld.scoreboard";

struct slots {
	struct slots_shared *shared;
};

/* "<dir>/<name>" into path. */
static int path_in(const char *dir, const char *name, char *path, size_t size,
		   struct err *e)
{
	if ((size_t)snprintf(path, size, "%s/%s", dir, name) >= size)
		return err_set(e, ERR_INPUT, "the path of spool_dir is too long");
	return 0;
}

static bool was_drained(const char *dir)
{
	struct err e = { .kind = ERR_NONE };
	char path[1024];

	return path_in(dir, drained_name, path, sizeof(path), &e) == 0 &&
	       access(path, F_OK) == 0;
}

static int slots_map(int fd, int prot, struct slots **s_r, struct err *e)
{
	struct slots *s = malloc(sizeof(*s));
	void *at;

	if (s == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	at = mmap(NULL, sizeof(*s->shared), prot, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		free(s);
		return err_set(e, ERR_INTERNAL, "cannot map the scoreboard: %s",
			       strerror(errno));
	}
	s->shared = at;
	*s_r = s;
	return 0;
}

static uint64_t seed(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return ((uint64_t)t.tv_nsec << 32 ^ (uint64_t)t.tv_sec ^
		(uint64_t)getpid() << 16) *
	       UINT64_C(0x9e3779b97f4a7c15);
}

/* All of its blocks: without, whoever writes where nobody did before, on a disk that is
 * full by then, is ended by SIGBUS. What the last server left gives way to it; one that
 * is still used has another name, or those who have it open. Returns an errno, or 0. */
static int reserve(int fd, const char *last)
{
	const off_t size = (off_t)sizeof(struct slots_shared);
	int r = posix_fallocate(fd, 0, size);

	if (r == ENOSPC && unlink(last) == 0)
		r = posix_fallocate(fd, 0, size);
	return r;
}

int slots_create(const char *dir, struct slots **s_r, struct err *e)
{
	char path[1024], fresh[1100];
	int fd, r;

	*s_r = NULL;
	if (path_in(dir, board_name, path, sizeof(path), e) < 0)
		return -1;
	(void)snprintf(fresh, sizeof(fresh), "%s.%ld", path, (long)getpid());
	(void)unlink(fresh);
	fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_set(e, ERR_INPUT, "cannot create \"%s\": %s", fresh,
			       strerror(errno));
	r = reserve(fd, path);
	if (r != 0)
		r = err_set(e, ERR_INTERNAL, "cannot make room for \"%s\": %s", fresh,
			    strerror(r));
	else
		r = slots_map(fd, PROT_READ | PROT_WRITE, s_r, e);
	(void)close(fd);
	if (*s_r != NULL) {
		memcpy((*s_r)->shared->magic, magic, sizeof(magic));
		atomic_store(&(*s_r)->shared->started_ms, clock_ms());
		atomic_store(&(*s_r)->shared->seed, seed());
		atomic_store(&(*s_r)->shared->drained, was_drained(dir));
		if (rename(fresh, path) == 0)
			return 0;
		r = err_set(e, ERR_INTERNAL, "cannot name \"%s\": %s", path,
			    strerror(errno));
		slots_close(s_r);
	}
	(void)unlink(fresh);
	return r;
}

static int attach(const char *dir, int mode, struct slots **s_r, struct err *e)
{
	char path[1024];
	struct stat st;
	int fd, r;

	*s_r = NULL;
	if (path_in(dir, board_name, path, sizeof(path), e) < 0)
		return -1;
	fd = open(path, mode | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_INPUT, "cannot open \"%s\": %s", path,
			       strerror(errno));
	if (fstat(fd, &st) < 0 || st.st_size != (off_t)sizeof(struct slots_shared))
		r = err_set(e, ERR_INPUT, "\"%s\" is of another version of the server",
			    path);
	else
		r = slots_map(fd, mode == O_RDWR ? PROT_READ | PROT_WRITE : PROT_READ,
			      s_r, e);
	(void)close(fd);
	if (*s_r != NULL && memcmp((*s_r)->shared->magic, magic, sizeof(magic)) != 0) {
		slots_close(s_r);
		return err_set(e, ERR_INPUT, "\"%s\" is not a scoreboard", path);
	}
	return r;
}

int slots_attach(const char *dir, struct slots **s_r, struct err *e)
{
	return attach(dir, O_RDONLY, s_r, e);
}

/* Makes or removes the file; both are done already as often as not. */
static int mark(const char *dir, bool drain, struct err *e)
{
	char path[1024];
	int fd;

	if (path_in(dir, drained_name, path, sizeof(path), e) < 0)
		return -1;
	if (!drain)
		return unlink(path) == 0 || errno == ENOENT
			       ? 0
			       : err_set(e, ERR_INTERNAL, "cannot remove \"%s\": %s",
					 path, strerror(errno));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_set(e, ERR_INTERNAL, "cannot create \"%s\": %s", path,
			       strerror(errno));
	(void)close(fd);
	return 0;
}

int slots_drain(const char *dir, bool drain, bool *running_r, struct err *e)
{
	struct slots *s = NULL;
	char board[1024];
	int master;

	*running_r = false;
	if (mark(dir, drain, e) < 0 ||
	    path_in(dir, board_name, board, sizeof(board), e) < 0)
		return -1;
	if (access(board, F_OK) != 0) /* no server ever ran here */
		return 0;
	if (attach(dir, O_RDWR, &s, e) < 0 || s == NULL)
		return -1;
	atomic_store(&s->shared->drained, drain);
	master = atomic_load(&s->shared->master_pid);
	*running_r = master > 0 && (kill(master, 0) == 0 || errno == EPERM);
	slots_close(&s);
	return 0;
}

bool slots_leaves(struct slots *s)
{
	return atomic_load_explicit(&s->shared->draining, memory_order_relaxed) != 0 ||
	       atomic_load_explicit(&s->shared->drained, memory_order_relaxed) != 0;
}

void slots_close(struct slots **s)
{
	if (*s == NULL)
		return;
	(void)munmap((*s)->shared, sizeof(*(*s)->shared));
	free(*s);
	*s = NULL;
}

struct slots_shared *slots_shared(struct slots *s)
{
	return s->shared;
}

struct slot *slots_of(struct slots *s, enum slot_role role, size_t *n_r)
{
	switch (role) {
	case SLOT_WORKER:
		*n_r = SLOTS_WORKERS;
		return s->shared->slot;
	case SLOT_QUEUE:
		*n_r = SLOTS_QUEUE;
		return s->shared->slot + SLOTS_WORKERS;
	case SLOT_TASK:
	default:
		*n_r = SLOTS_TASKS;
		return s->shared->slot + SLOTS_WORKERS + SLOTS_QUEUE;
	}
}

/* What was the last owner's, but for its counters. */
static void slot_clear(struct slots *s, struct slot *slot)
{
	size_t at = (size_t)(slot - s->shared->slot);

	atomic_store(&slot->connections, 0);
	atomic_store(&slot->requests, 0);
	for (size_t i = 0; i < SLOT_CONNS; i++)
		atomic_store(&slot->conn[i], 0);
	for (size_t i = 0; at < SLOTS_WORKERS && i < SLOT_CLIENTS; i++) {
		atomic_store(&s->shared->client[at][i].key, 0);
		atomic_store(&s->shared->client[at][i].n, 0);
	}
}

/* Two that take at once could both see room under the limit: the slots that count
 * are claimed by compare-and-swap, and only the first `limit` of them are offered. */
struct slot *slots_take(struct slots *s, enum slot_role role, size_t limit, pid_t pid)
{
	size_t n;
	struct slot *slot = slots_of(s, role, &n);

	for (size_t i = 0; i < n && i < limit; i++) {
		int none = 0;

		if (!atomic_compare_exchange_strong(&slot[i].pid, &none, (int)pid))
			continue;
		atomic_store(&slot[i].owner, (int)getpid());
		slot_clear(s, &slot[i]);
		atomic_store(&slot[i].started_ms, clock_ms());
		slot_route(&slot[i], SLICE(""));
		slot_request(&slot[i], SLICE(""));
		slot_state(&slot[i], SLOT_STARTING);
		return &slot[i];
	}
	return NULL;
}

void slot_free(struct slot *slot)
{
	atomic_store(&slot->connections, 0);
	atomic_store(&slot->state, SLOT_FREE);
	atomic_store(&slot->pid, 0);
}

unsigned slots_bury(struct slots *s, pid_t pid)
{
	unsigned tasks = 0;

	for (size_t i = 0; i < SLOTS_ALL; i++) {
		struct slot *slot = &s->shared->slot[i];
		int held = atomic_load(&slot->pid);

		if (held == (int)pid) {
			slot_free(slot);
		} else if (held != 0 && atomic_load(&slot->owner) == (int)pid) {
			(void)kill(held, SIGKILL);
			slot_free(slot);
			tasks++;
		}
	}
	return tasks;
}

void slot_state_at(struct slot *slot, enum slot_state state, uint64_t now_ms)
{
	atomic_store_explicit(&slot->state, (unsigned)state, memory_order_relaxed);
	atomic_store_explicit(&slot->since_ms, now_ms, memory_order_relaxed);
}

void slot_state(struct slot *slot, enum slot_state state)
{
	slot_state_at(slot, state, clock_ms());
}

/* Others may read it meanwhile: it has an end at any moment. */
static void put_text(char *to, size_t size, struct slice text)
{
	size_t n = text.n < size - 1 ? text.n : size - 1;

	if (n > 0)
		memcpy(to, text.p, n);
	memset(to + n, 0, size - n);
}

void slot_route(struct slot *slot, struct slice route)
{
	put_text(slot->route, sizeof(slot->route), route);
}

void slot_request(struct slot *slot, struct slice id)
{
	put_text(slot->request, sizeof(slot->request), id);
}

struct slot *slots_find(struct slots *s, pid_t pid)
{
	for (size_t i = 0; i < SLOTS_ALL; i++)
		if (atomic_load(&s->shared->slot[i].pid) == (int)pid)
			return &s->shared->slot[i];
	return NULL;
}

unsigned slots_connections(struct slots *s, const struct slot *worker,
			   unsigned *workers_r, unsigned *rank_r)
{
	size_t n;
	struct slot *slot = slots_of(s, SLOT_WORKER, &n);
	unsigned held = 0, live = 0, wanted = atomic_load(&s->shared->workers);

	*rank_r = 0;
	for (size_t i = 0; i < n && live < wanted; i++) {
		unsigned state =
			atomic_load_explicit(&slot[i].state, memory_order_relaxed);

		if (state != SLOT_IDLE && state != SLOT_BUSY)
			continue;
		held += atomic_load_explicit(&slot[i].connections, memory_order_relaxed);
		live++;
		*rank_r += &slot[i] < worker;
	}
	*workers_r = live;
	return held;
}

struct metrics *slots_metrics(struct slots *s, const struct slot *slot)
{
	return &s->shared->metrics[slot - s->shared->slot];
}

void slots_sum(struct slots *s, struct metrics_sum *sum)
{
	for (size_t i = 0; i < SLOTS_ALL; i++)
		if (atomic_load(&s->shared->slot[i].started_ms) != 0)
			metrics_sum_add(sum, &s->shared->metrics[i]);
}

void slots_restarted(struct slots *s, enum slots_cause cause)
{
	(void)atomic_fetch_add(&s->shared->restarted[cause], 1);
	if (cause <= SLOTS_STUCK)
		(void)atomic_fetch_add(&s->shared->restarts, 1);
}

/* The entry of a key in one worker's table, or a free one, or NULL: a table that is
 * probed from the key's own place on, with the few steps that a table half full needs.
 * An entry whose count is 0 stays the key's until another needs it. */
static struct slot_client *client_find(struct slot_client *table, uint64_t key)
{
	struct slot_client *empty = NULL;

	for (size_t i = 0; i < 16; i++) {
		struct slot_client *c = &table[(key + i) % SLOT_CLIENTS];

		if (atomic_load_explicit(&c->key, memory_order_relaxed) == key)
			return c;
		if (empty == NULL &&
		    atomic_load_explicit(&c->n, memory_order_relaxed) == 0)
			empty = c;
	}
	return empty;
}

/* One that found no room when it came is not taken off when it goes. */
static void client_count(struct slot_client *c, uint64_t key, int by)
{
	unsigned n = atomic_load_explicit(&c->n, memory_order_relaxed);

	if (by < 0 && (n == 0 || atomic_load(&c->key) != key))
		return;
	atomic_store_explicit(&c->key, key, memory_order_relaxed);
	atomic_store_explicit(&c->n, by < 0 ? n - 1 : n + 1, memory_order_relaxed);
}

unsigned slots_client(struct slots *s, const struct slot *worker, uint64_t key, int by)
{
	size_t own = (size_t)(worker - s->shared->slot);
	unsigned all = 0;

	for (size_t i = 0; i < SLOTS_WORKERS; i++) {
		struct slot_client *c;

		if (atomic_load_explicit(&s->shared->slot[i].pid, memory_order_relaxed) ==
		    0)
			continue;
		c = client_find(s->shared->client[i], key);
		if (i == own && c != NULL)
			client_count(c, key, by);
		if (c != NULL &&
		    atomic_load_explicit(&c->key, memory_order_relaxed) == key)
			all += atomic_load_explicit(&c->n, memory_order_relaxed);
	}
	return all;
}
