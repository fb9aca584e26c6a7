/* Which descriptors are ready. */
#include "server/poller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct poller *p;
	int a[2], b[2]; /* socket pairs */
	struct poller_event got[4];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e = { .kind = ERR_NONE };

	*state = f;
	return f == NULL || poller_open(&f->p, &e) < 0 ||
	       socketpair(AF_UNIX, SOCK_STREAM, 0, f->a) < 0 ||
	       socketpair(AF_UNIX, SOCK_STREAM, 0, f->b) < 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	poller_close(&f->p);
	poller_close(&f->p); /* does nothing */
	for (int i = 0; i < 2; i++) {
		(void)close(f->a[i]);
		(void)close(f->b[i]);
	}
	free(f);
	return 0;
}

static void watch(struct fixture *f, int fd, short events)
{
	struct err e = { .kind = ERR_NONE };

	assert_int_equal(poller_watch(f->p, fd, events, &e), 0);
}

static int wait_now(struct fixture *f)
{
	return poller_wait(f->p, f->got, 4, 0);
}

static void tells_what_is_ready(void **state)
{
	struct fixture *f = *state;

	watch(f, f->a[0], POLLIN);
	watch(f, f->b[0], POLLIN);
	assert_int_equal(wait_now(f), 0);
	assert_int_equal(write(f->b[1], "x", 1), 1);
	assert_int_equal(wait_now(f), 1);
	assert_int_equal(f->got[0].fd, f->b[0]);
	assert_int_equal(f->got[0].events, POLLIN);
	/* What is not taken is told again. */
	assert_int_equal(wait_now(f), 1);
	watch(f, f->b[0], POLLIN | POLLOUT);
	assert_int_equal(wait_now(f), 1);
	assert_int_equal(f->got[0].events, POLLIN | POLLOUT);
}

static void of_more_than_fit_each_has_its_turn(void **state)
{
	struct fixture *f = *state;
	bool seen[2] = { false, false };

	watch(f, f->a[0], POLLOUT);
	watch(f, f->b[0], POLLOUT);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(poller_wait(f->p, f->got, 1, 0), 1);
		seen[f->got[0].fd == f->b[0]] = true;
	}
	assert_true(seen[0] && seen[1]);
}

/* A client that hangs up is noticed while its bytes are left alone. */
static void an_end_is_told_without_being_asked(void **state)
{
	struct fixture *f = *state;

	watch(f, f->a[0], 0);
	assert_int_equal(write(f->a[1], "x", 1), 1);
	assert_int_equal(wait_now(f), 0);
	(void)close(f->a[1]);
	assert_int_equal(wait_now(f), 1);
	assert_true((f->got[0].events & POLLHUP) != 0);
}

static void forgets(void **state)
{
	struct fixture *f = *state;

	watch(f, f->a[0], POLLOUT);
	watch(f, f->b[0], POLLOUT);
	poller_forget(f->p, f->a[0]);
	poller_forget(f->p, f->a[0]);
	poller_forget(f->p, -1);
	poller_forget(f->p, 100000);
	assert_int_equal(wait_now(f), 1);
	assert_int_equal(f->got[0].fd, f->b[0]);
	watch(f, f->a[0], POLLOUT);
	assert_int_equal(wait_now(f), 2);
}

/* The number of a closed descriptor comes back as another one's. */
static void a_number_is_used_again(void **state)
{
	struct fixture *f = *state;
	struct err e = { .kind = ERR_NONE };
	int fd = f->a[0], other[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
	watch(f, fd, POLLOUT);
	poller_closing(f->p, fd);
	assert_int_equal(dup2(f->b[0], fd), fd);
	assert_int_equal(wait_now(f), 0);
	watch(f, fd, POLLOUT);
	assert_int_equal(wait_now(f), 1);
	assert_int_equal(f->got[0].fd, fd);
	/* ... without a word to the poller. */
	(void)close(f->b[0]);
	assert_int_equal(dup2(other[0], fd), fd);
	assert_int_equal(poller_watch_anew(f->p, fd, POLLOUT, &e), 0);
	assert_int_equal(wait_now(f), 1);
	assert_int_equal(poller_watch_anew(f->p, fd, POLLIN, &e), 0);
	assert_int_equal(wait_now(f), 0);
	(void)close(other[0]);
	(void)close(other[1]);
}

static void shares_a_descriptor(void **state)
{
	struct fixture *f = *state;
	struct err e = { .kind = ERR_NONE };
	struct poller *other;

	assert_int_equal(poller_open(&other, &e), 0);
	assert_int_equal(poller_watch_shared(f->p, f->a[0], &e), 0);
	assert_int_equal(poller_watch_shared(f->p, f->a[0], &e), 0);
	assert_int_equal(poller_watch_shared(other, f->a[0], &e), 0);
	assert_int_equal(write(f->a[1], "x", 1), 1);
	/* Neither slept: both are told. */
	assert_int_equal(wait_now(f), 1);
	assert_int_equal(poller_wait(other, f->got, 4, 0), 1);
	poller_close(&other);
}

static void refuses_what_cannot_be_watched(void **state)
{
	struct fixture *f = *state;
	struct err e = { .kind = ERR_NONE };

	(void)close(f->a[1]);
#if defined(__linux__) && !defined(POLLER_PORTABLE)
	assert_int_equal(poller_watch(f->p, f->a[1], POLLIN, &e), -1);
	assert_int_equal(e.kind, ERR_INTERNAL);
#else
	/* poll() tells of it when it is asked. */
	assert_int_equal(poller_watch(f->p, f->a[1], POLLIN, &e), 0);
	assert_int_equal(wait_now(f), 1);
	assert_int_equal(f->got[0].events, POLLNVAL);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_what_is_ready, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_more_than_fit_each_has_its_turn,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_end_is_told_without_being_asked,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(forgets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_number_is_used_again, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(shares_a_descriptor, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_what_cannot_be_watched, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
