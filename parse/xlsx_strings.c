/*
 * The table of shared strings. Ignorant of archives and of cells.
 */
#include "parse/xlsx_strings.h"

#include "parse/cell_text.h"
#include "parse/xlsx_plain.h"
#include "parse/xlsx_rich.h"

#include <assert.h>
#include <stdlib.h>

struct xlsx_strings {
	struct buf bytes;  /* the strings, one behind the other */
	uint32_t *end;     /* of each in bytes */
	size_t n, room;    /* strings held, and room in end[] */
	size_t cap;        /* bytes of both at the most */
	uint32_t max_cell; /* characters of one string */
};

static int too_large(const struct xlsx_strings *s, struct err *e)
{
	return err_set(e, ERR_LIMIT, "more than %zu bytes", s->cap);
}

static int add_end(struct xlsx_strings *s, struct err *e)
{
	size_t room = s->room == 0 ? 256 : s->room * 2;
	uint32_t *end;

	if (s->bytes.n > s->cap || (s->cap - s->bytes.n) / sizeof(*s->end) <= s->n)
		return too_large(s, e);
	if (s->n == s->room) {
		end = realloc(s->end, room * sizeof(*end));
		if (end == NULL)
			return err_set(e, ERR_MEMORY, "out of memory for %zu strings",
				       room);
		s->end = end;
		s->room = room;
	}
	s->end[s->n++] = (uint32_t)s->bytes.n;
	return 0;
}

/* Makes the bytes from `from` on the next string. */
static int add_string(struct xlsx_strings *s, size_t from, struct err *e)
{
	struct slice text = slice_from(buf_slice(&s->bytes), from);

	if (!cell_fits(text, s->max_cell))
		return err_set(e, ERR_LIMIT, "string %zu is longer than %u characters",
			       s->n, (unsigned)s->max_cell);
	return add_end(s, e);
}

/* One si, whose START was just read. */
static int read_string(struct xlsx_strings *s, struct xml *x, struct err *e)
{
	size_t from = s->bytes.n;

	return xlsx_rich_read(x, &s->bytes, e) < 0 ? -1 : add_string(s, from, e);
}

/* Takes the strings of the usual spelling that are in memory. */
static int take_strings(struct xlsx_strings *s, struct xml *x, struct err *e)
{
	const char *p = xml_ahead(x), *behind;
	struct slice text;

	if (p == NULL)
		return 0;
	for (; (behind = xlsx_plain_string(p, &text)) != NULL; p = behind) {
		size_t from = s->bytes.n;

		if (buf_add(&s->bytes, text, e) < 0 || add_string(s, from, e) < 0)
			return -1;
	}
	xml_pass(x, p);
	return 0;
}

/* 18.4.9: sst = si*, extLst? */
static int read_table(struct xlsx_strings *s, struct xml *x, struct err *e)
{
	bool inside = false;
	struct xml_token t;
	int got;

	for (;;) {
		if (inside && take_strings(s, x, e) < 0)
			return -1;
		got = xml_next(x, &t, e);
		if (got != PARSE_MORE)
			break;
		if (t.kind != XML_START)
			continue;
		if (!inside) {
			if (!slice_eq(t.name, SLICE("sst")))
				return err_set(
					e, ERR_INPUT,
					"\"%.*s\" is not a table of shared strings",
					(int)(t.name.n < 40 ? t.name.n : 40), t.name.p);
			inside = true;
		} else if (slice_eq(t.name, SLICE("si")) ? read_string(s, x, e) < 0
							 : xml_skip(x, e) < 0) {
			return -1;
		}
	}
	return got < 0 ? -1 : 0;
}

int xlsx_strings_open(xml_read_fn *read, void *from, const struct table_limits *limits,
		      struct xlsx_strings **s_r, struct err *e)
{
	struct xlsx_strings *s = calloc(1, sizeof(*s));
	struct xml *x = NULL;
	int got;

	*s_r = NULL;
	if (s == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	s->cap = limits->max_strings < UINT32_MAX ? (size_t)limits->max_strings
						  : UINT32_MAX;
	s->max_cell = limits->max_cell;
	buf_init(&s->bytes, s->cap);
	got = xml_open(read, from, &xlsx_xml_limits, &x, e);
	if (got == 0)
		got = read_table(s, x, e);
	xml_close(&x);
	if (got < 0) {
		xlsx_strings_close(&s);
		return err_prefix(e, "shared strings");
	}
	*s_r = s;
	return 0;
}

size_t xlsx_strings_count(const struct xlsx_strings *s)
{
	return s->n;
}

struct slice xlsx_strings_at(const struct xlsx_strings *s, size_t i)
{
	struct slice text = buf_slice(&s->bytes);

	assert(i < s->n);
	text.n = s->end[i];
	return slice_from(text, i == 0 ? 0 : s->end[i - 1]);
}

void xlsx_strings_fetch(const struct xlsx_strings *s, size_t i)
{
	assert(i < s->n);
	__builtin_prefetch(s->end + i);
}

void xlsx_strings_close(struct xlsx_strings **s)
{
	if (*s == NULL)
		return;
	buf_release(&(*s)->bytes);
	free((*s)->end);
	free(*s);
	*s = NULL;
}
