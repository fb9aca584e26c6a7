/*
 * Feeds every file named on the command line (or found in a folder named there)
 * to a fuzz target, without a fuzzer. The copy that the target sees ends at an
 * unmapped page, so that reading one byte too far faults at once.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long replayed;

static void die(const char *what, const char *name)
{
	fprintf(stderr, "replay: %s: %s\n", name, what);
	exit(1);
}

static void replay_bytes(const char *name, int fd, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (size + page - 1) / page * page;
	int zero = open("/dev/zero", O_RDWR);
	char *map, *at;
	size_t got = 0;

	if (zero < 0)
		die("cannot open /dev/zero", name);
	map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
	close(zero);
	if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE) < 0)
		die("no memory", name);
	at = map + room - size;
	while (got < size) {
		ssize_t n = read(fd, at + got, size - got);

		if (n <= 0)
			die("cannot be read", name);
		got += (size_t)n;
	}
	(void)LLVMFuzzerTestOneInput((const uint8_t *)at, size);
	(void)munmap(map, room + page);
	replayed++;
}

static void replay_path(const char *name)
{
	int fd = open(name, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		die("cannot be opened", name);
	if (S_ISDIR(st.st_mode)) {
		DIR *dir = fdopendir(fd);
		struct dirent *d;

		if (dir == NULL)
			die("cannot be listed", name);
		while ((d = readdir(dir)) != NULL) {
			char path[4096];

			if (d->d_name[0] == '.')
				continue;
			(void)snprintf(path, sizeof(path), "%s/%s", name, d->d_name);
			replay_path(path);
		}
		closedir(dir);
		return;
	}
	replay_bytes(name, fd, (size_t)st.st_size);
	close(fd);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay_path(argv[i]);
	if (replayed == 0)
		die("no input was replayed", argv[0]);
	printf("%lu inputs replayed\n", replayed);
	return 0;
}
