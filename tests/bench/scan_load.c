/*
 * Stations that scan over HTTP keep-alive, for tests/bench/scans.py:
 *
 *   bench_scan_load PORT CONNECTIONS RATE SECONDS NUMBERS SESSIONS SEED [one]
 *
 * RATE 0: every station sends its next scan as soon as the last is answered. Otherwise
 * RATE scans a second fall due whether or not the server keeps up, and a scan's latency
 * counts from when it was due: one that found no station free has waited. With `one` the
 * connections are opened one by one, each used before the next, else all at once.
 *
 * Prints: rate (answers a second), p50_ms, p99_ms, faults (no answer, or a status of 500
 * and above).
 */
#include "parse/slice.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STATIONS = 500, ANSWER = 16 * 1024, SECOND_US = 1000000, LAST_US = 2 * SECOND_US };

static const uint64_t FIRST = 1000000000000; /* waybill: JT1000000000000 */

struct station {
	int fd;
	bool busy;
	uint64_t due_us; /* of the scan that is on its way */
	size_t got;
	char answer[ANSWER];
};

static struct station station[STATIONS];
static size_t stations, answered, latencies, faults;
static uint32_t *latency; /* microseconds, of every answer */
static uint64_t numbers, sessions, seed;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_US + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t chance(void)
{
	/* splitmix64 */
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void station_open(struct station *s, unsigned port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	int yes = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (s->fd < 0 || s->fd >= FD_SETSIZE ||
	    connect(s->fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0)
		fail("cannot connect");
}

static void station_scan(struct station *s, uint64_t due_us)
{
	char body[512], text[1024];
	uint64_t a = chance(), b = chance();
	int n = snprintf(body, sizeof(body),
			 "{\"waybill_number\":\"JT%llu\",\"session_id\":\"%llu\","
			 "\"station\":\"dock 1\",\"scanned_by\":\"ana\","
			 "\"scan_id\":\"%08x-%04x-4%03x-8%03x-%012llx\"}",
			 (unsigned long long)(FIRST + chance() % numbers),
			 (unsigned long long)(1 + chance() % sessions),
			 (unsigned)(a & 0xffffffff), (unsigned)(a >> 32 & 0xffff),
			 (unsigned)(a >> 48 & 0xfff), (unsigned)(b >> 48 & 0xfff),
			 (unsigned long long)(b & 0xffffffffffff));

	n = snprintf(text, sizeof(text),
		     "POST /scan HTTP/1.1\r\nHost: bench\r\n"
		     "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		     n, body);
	if (send(s->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		fail("cannot send");
	s->busy = true;
	s->due_us = due_us;
	s->got = 0;
}

/* The whole answer's length, once its head is there; else 0. */
static size_t answer_length(const struct station *s)
{
	const char *end = strstr(s->answer, "\r\n\r\n");
	const char *length = strstr(s->answer, "Content-Length: ");

	if (end == NULL || length == NULL || length > end)
		return 0;
	return (size_t)(end + 4 - s->answer) + strtoul(length + 16, NULL, 10);
}

/* Reads what came; whether the answer is there. */
static bool station_read(struct station *s)
{
	ssize_t n = recv(s->fd, s->answer + s->got, ANSWER - 1 - s->got, 0);

	if (n <= 0) {
		fprintf(stderr, "a connection ended\n");
		exit(1);
	}
	s->got += (size_t)n;
	s->answer[s->got] = '\0';
	if (answer_length(s) == 0 || s->got < answer_length(s))
		return false;
	s->busy = false;
	answered++;
	if (strtoul(s->answer + sizeof("HTTP/1.1"), NULL, 10) >= 500)
		faults++;
	return true;
}

/* Waits until some station has bytes, for `us` at most, and takes them. */
static void stations_read(uint64_t us, bool again)
{
	struct timespec t = { (time_t)(us / SECOND_US), (long)(us % SECOND_US) * 1000 };
	fd_set set;
	int most = -1;

	FD_ZERO(&set);
	for (size_t i = 0; i < stations; i++)
		if (station[i].busy) {
			FD_SET(station[i].fd, &set);
			if (station[i].fd > most)
				most = station[i].fd;
		}
	if (pselect(most + 1, &set, NULL, NULL, &t, NULL) < 0)
		fail("pselect");
	for (size_t i = 0; i < stations; i++) {
		struct station *s = &station[i];

		if (!s->busy || !FD_ISSET(s->fd, &set) || !station_read(s))
			continue;
		latency[latencies++] = (uint32_t)(now_us() - s->due_us);
		if (again)
			station_scan(s, now_us());
	}
}

static void drain(void)
{
	uint64_t until = now_us() + LAST_US;
	bool busy = true;

	while (busy && now_us() < until) {
		stations_read(SECOND_US / 10, false);
		busy = false;
		for (size_t i = 0; i < stations; i++)
			busy = busy || station[i].busy;
	}
	for (size_t i = 0; i < stations; i++)
		faults += station[i].busy;
}

static void as_fast_as_answered(uint64_t until)
{
	for (size_t i = 0; i < stations; i++)
		station_scan(&station[i], now_us());
	while (now_us() < until)
		stations_read(SECOND_US / 10, true);
}

static void as_they_fall_due(uint64_t rate, uint64_t until)
{
	uint64_t start = now_us(), sent = 0, due = start, now;
	size_t next = 0; /* round the stations, so that all are used */

	while (now_us() < until) {
		for (size_t i = 0; i < stations && due <= now_us(); i++) {
			struct station *s = &station[next++ % stations];

			if (s->busy)
				continue;
			station_scan(s, due);
			due = start + ++sent * SECOND_US / rate;
		}
		now = now_us();
		stations_read(due > now ? due - now : 0, false);
	}
}

static int later(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	uint64_t rate, seconds, from;
	unsigned port;

	if (argc < 8) {
		fprintf(stderr,
			"usage: %s PORT CONNECTIONS RATE SECONDS NUMBERS "
			"SESSIONS SEED [one]\n",
			argv[0]);
		return 2;
	}
	port = (unsigned)strtoul(argv[1], NULL, 10);
	stations = strtoul(argv[2], NULL, 10);
	rate = strtoull(argv[3], NULL, 10);
	seconds = strtoull(argv[4], NULL, 10);
	numbers = strtoull(argv[5], NULL, 10);
	sessions = strtoull(argv[6], NULL, 10);
	seed = strtoull(argv[7], NULL, 10) << 32;
	latency = calloc((seconds + 1) * 200000, sizeof(*latency));
	if (stations == 0 || stations > STATIONS || latency == NULL)
		return 2;
	for (size_t i = 0; i < stations; i++) {
		station_open(&station[i], port);
		if (argc > 8) {
			station_scan(&station[i], now_us());
			while (!station_read(&station[i]))
				continue;
		}
	}
	answered = 0;
	from = now_us();
	if (rate == 0)
		as_fast_as_answered(from + seconds * SECOND_US);
	else
		as_they_fall_due(rate, from + seconds * SECOND_US);
	printf("rate %.1f\n", (double)answered * SECOND_US / (double)(now_us() - from));
	drain();
	qsort(latency, latencies, sizeof(*latency), later);
	if (latencies > 0)
		printf("p50_ms %.3f\np99_ms %.3f\n", latency[latencies / 2] / 1e3,
		       latency[latencies - 1 - latencies / 100] / 1e3);
	printf("faults %zu\n", faults);
	return 0;
}
