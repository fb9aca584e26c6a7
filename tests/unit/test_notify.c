/*
 * The service manager's datagrams: where they go, when the watchdog is fed, what they
 * say.
 */
#include "server/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void addresses(void **state)
{
	static const struct row {
		const char *text;
		bool good;
		size_t len; /* behind the family */
	} rows[] = {
		{ "/run/systemd/notify", true, 20 }, /* with its zero byte */
		{ "@abstract", true, 9 },            /* without: its length ends it */
		{ "", false, 0 },
		{ "/", false, 0 },
		{ "@", false, 0 },
		{ "relative", false, 0 },
		{ "vsock:2:1234", false, 0 },
	};
	char path[200];
	struct sockaddr_un to;
	socklen_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good = notify_address(rows[i].text, &to, &len);

		if (good != rows[i].good)
			fail_msg("%s: %d", rows[i].text, good);
		if (!good)
			continue;
		assert_int_equal(len - offsetof(struct sockaddr_un, sun_path),
				 rows[i].len);
		assert_int_equal(to.sun_path[0], rows[i].text[0] == '@' ? '\0' : '/');
		assert_memory_equal(to.sun_path + 1, rows[i].text + 1,
				    strlen(rows[i].text) - 1);
	}
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(to.sun_path)] = '\0';
	assert_false(notify_address(path, &to, &len));
	path[sizeof(to.sun_path) - 1] = '\0';
	assert_true(notify_address(path, &to, &len));
}

static void intervals(void **state)
{
	static const struct row {
		const char *usec, *pid;
		uint64_t ms;
	} rows[] = {
		{ "30000000", "7", 15000 },
		{ "30000000", NULL, 15000 },
		{ "30000000", "8", 0 },
		{ NULL, "7", 0 },
		{ "0", "7", 0 },
		{ "x", "7", 0 },
		{ "30000000", "x", 0 },
		{ "100", "7", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (notify_interval(rows[i].usec, rows[i].pid, 7) != rows[i].ms)
			fail_msg("row %zu", i);
}

static void nobody_asked(void **state)
{
	struct notify n;

	(void)state;
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	notify_init(&n);
	notify_say(&n, "READY=1");
	notify_reloading(&n);
	assert_true(notify_tick(&n, 1) == UINT64_MAX);
}

static int listen_at(const char *text)
{
	struct sockaddr_un at;
	socklen_t len;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_true(notify_address(text, &at, &len));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void expect(int fd, const char *begin)
{
	char got[600] = "";

	if (begin == NULL) {
		assert_int_equal(read(fd, got, sizeof(got) - 1), -1);
		return;
	}
	assert_true(read(fd, got, sizeof(got) - 1) > 0);
	if (strncmp(got, begin, strlen(begin)) != 0)
		fail_msg("%s instead of %s", got, begin);
}

static void says_what_it_is_told(void **state)
{
	char at[64], own[32];
	struct notify n;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int fd;

		(void)snprintf(at, sizeof(at),
			       i == 0 ? "/tmp/waybill-notify-%ld" : "@waybill-notify-%ld",
			       (long)getpid());
		(void)snprintf(own, sizeof(own), "%ld", (long)getpid());
		assert_int_equal(setenv("NOTIFY_SOCKET", at, 1), 0);
		assert_int_equal(setenv("WATCHDOG_USEC", "2000000", 1), 0);
		assert_int_equal(setenv("WATCHDOG_PID", own, 1), 0);
		fd = listen_at(at);
		notify_init(&n);
		notify_say(&n, "READY=1\nSTATUS=%u workers", 20);
		expect(fd, "READY=1\nSTATUS=20 workers");
		notify_reloading(&n);
		expect(fd, "RELOADING=1\nMONOTONIC_USEC=");
		assert_int_equal(notify_tick(&n, 5000), 1000);
		expect(fd, "WATCHDOG=1");
		assert_int_equal(notify_tick(&n, 5400), 600);
		expect(fd, NULL);
		assert_int_equal(notify_tick(&n, 6000), 1000);
		expect(fd, "WATCHDOG=1");
		(void)close(fd);
		(void)close(n.fd);
		(void)unlink(at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(intervals),
		cmocka_unit_test(nobody_asked),
		cmocka_unit_test(says_what_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
