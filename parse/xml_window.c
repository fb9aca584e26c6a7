/*
 * Reads and checks ahead for the tokenizer, so that it can scan without asking where
 * the bytes end. Ignorant of markup.
 */
#include "parse/xml_window.h"

#include "parse/xml_char.h"

#include <assert.h>
#include <stdlib.h>

enum {
	RAW_SIZE = 16 * 1024,
	ROOM = 3 + TEXT_ROOM /* held bytes, and what a decoder needs */
};

int xml_window_open(struct xml_window *w, xml_read_fn *read, void *from, size_t size,
		    struct err *e)
{
	*w = (struct xml_window){ .read = read, .from = from, .size = size };
	w->buf = calloc(1, size + XML_SLACK);
	return w->buf == NULL ? err_set(e, ERR_MEMORY, "out of memory") : 0;
}

bool xml_window_full(const struct xml_window *w, size_t keep)
{
	return w->size - (w->n - keep) < ROOM;
}

int xml_window_grow(struct xml_window *w, struct err *e)
{
	char *buf =
		w->size > SIZE_MAX / 4 ? NULL : realloc(w->buf, w->size * 2 + XML_SLACK);

	if (buf == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	memset(buf + w->size, 0, w->size + XML_SLACK);
	w->buf = buf;
	w->size *= 2;
	return 0;
}

/* Reads at least `least` bytes unless the document ends before. */
static int read_least(struct xml_window *w, char *to, size_t size, size_t least,
		      size_t *n_r, struct err *e)
{
	size_t got = 0;

	while (got < least && !w->over) {
		size_t n = 0;
		int rc = w->read(w->from, to + got, size - got, &n, e);

		if (rc < 0)
			return -1;
		got += n;
		w->over = rc == PARSE_DONE;
	}
	*n_r = got;
	return 0;
}

/*
 * XML 1.0 appendix F.1: with a byte order mark, UTF-16 is known by its first two bytes,
 * UTF-8 by three; everything else is read as UTF-8, and its declaration looked at later.
 */
static int start(struct xml_window *w, struct err *e)
{
	size_t n, bom = 0;
	bool le, be;

	w->started = true;
	assert(w->size >= 4);
	if (read_least(w, w->buf, 4, 3, &n, e) < 0)
		return -1;
	le = n >= 2 && memcmp(w->buf, "\xff\xfe", 2) == 0;
	be = n >= 2 && memcmp(w->buf, "\xfe\xff", 2) == 0;
	if (n >= 3 && memcmp(w->buf, "\xef\xbb\xbf", 3) == 0)
		bom = 3;
	if (!le && !be) {
		w->n_held = n - bom;
		memcpy(w->held, w->buf + bom, w->n_held);
		return 0;
	}
	w->raw = malloc(RAW_SIZE);
	if (w->raw == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	memcpy(w->raw, w->buf, n);
	w->raw_rest = (struct slice){ w->raw + 2, n - 2 };
	text_decode_init(&w->utf16, le ? TEXT_UTF16LE : TEXT_UTF16BE, 2);
	return 0;
}

/* Puts more bytes of the document at `to`; *n_r == 0 only when there are no more. */
static int refill(struct xml_window *w, char *to, size_t size, size_t *n_r, struct err *e)
{
	bool done = false;

	*n_r = 0;
	if (w->raw == NULL)
		return read_least(w, to, size, 1, n_r, e);
	while (*n_r == 0 && !done) {
		int rc;

		if (w->raw_rest.n == 0 && !w->over) {
			w->raw_rest.p = w->raw;
			if (read_least(w, w->raw, RAW_SIZE, 1, &w->raw_rest.n, e) < 0)
				return -1;
		}
		rc = text_decode_feed(&w->utf16, &w->raw_rest, w->over, to, size, n_r, e);
		if (rc < 0)
			return -1;
		done = rc == PARSE_DONE;
	}
	return 0;
}

/* Takes what stands behind buf[n], `fresh` bytes of it, into the window as far as it is
 * sound; the rest is held back, being the start of a sequence or bad. */
static void admit(struct xml_window *w, size_t fresh, bool last)
{
	size_t ok = xml_chars_prefix((struct slice){ w->buf + w->n, fresh });

	/* Four bytes are enough for any sequence: these will not become one. */
	w->bad = fresh - ok >= 4 || (last && ok < fresh);
	w->n += ok;
	w->n_held = fresh - ok < 4 ? fresh - ok : 4;
	memcpy(w->held, w->buf + w->n, w->n_held);
}

int xml_window_more(struct xml_window *w, size_t keep, struct err *e)
{
	size_t had = w->n - keep;
	bool last = false;

	assert(keep <= w->n && !xml_window_full(w, keep));
	if (!w->started && start(w, e) < 0)
		return -1;
	memmove(w->buf, w->buf + keep, had);
	w->base += keep;
	w->n = had;
	while (w->n == had && !w->bad && !last) {
		size_t fresh = w->n_held, n;

		memcpy(w->buf + w->n, w->held, fresh);
		if (refill(w, w->buf + w->n + fresh, w->size - w->n - fresh, &n, e) < 0) {
			w->buf[w->n] = '\0';
			return -1;
		}
		last = n == 0;
		admit(w, fresh + n, last);
	}
	w->buf[w->n] = '\0';
	if (w->n > had)
		return PARSE_MORE;
	if (w->bad)
		return err_set(
			e, ERR_INPUT,
			"XML byte %llu: not a character that XML allows, or not UTF-8",
			(unsigned long long)(w->base + w->n));
	return PARSE_DONE;
}

void xml_window_release(struct xml_window *w)
{
	free(w->buf);
	free(w->raw);
	*w = (struct xml_window){ .buf = NULL };
}
