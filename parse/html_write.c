/*
 * HTML as a stream. Ignorant of what the page is about.
 *
 * HTML 13.1.2.3 and 13.1.2.6: text and quoted attribute values need "&" and "<", or "&"
 * and the quote escaped; all five are, always, so that no caller has to know where it is.
 */
#include "parse/html_write.h"

#include "parse/escape.h"

#include <assert.h>

void html_init(struct html_write *h, const struct sink *out)
{
	h->out = *out;
	h->failed = false;
	h->err = (struct err){ .kind = ERR_NONE };
	h->n = 0;
}

static void flush(struct html_write *h)
{
	struct slice bytes = { h->room, h->n };

	h->n = 0;
	if (!h->failed && bytes.n > 0)
		h->failed = h->out.write(h->out.to, bytes, &h->err) < 0;
}

static void put(struct html_write *h, struct slice s)
{
	while (s.n > 0) {
		struct slice part = slice_take(&s, sizeof(h->room) - h->n);

		memcpy(h->room + h->n, part.p, part.n);
		h->n += part.n;
		if (h->n == sizeof(h->room))
			flush(h);
	}
}

void html_markup(struct html_write *h, const char *markup)
{
	put(h, slice_str(markup));
}

/* Controls but white space are no text of a page (HTML 13.2.3.5: parse errors). */
static struct slice spelling(struct slice s, struct escape_spelling *use)
{
	unsigned char c = (unsigned char)s.p[0];

	(void)use;
	if (c == '\'')
		return SLICE("&#39;");
	if (c == 0x7F || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
		return SLICE("\xEF\xBF\xBD");
	return escape_entity(s.p[0]);
}

/* A sink whose failure is kept by h. */
static int put_self(void *to, struct slice bytes, struct err *e)
{
	(void)e;
	put(to, bytes);
	return 0;
}

void html_text(struct html_write *h, struct slice text)
{
	const struct sink self = { .write = put_self, .to = h };
	struct err none = { .kind = ERR_NONE };
	int rc = escape_text(&self, text, spelling, &none);

	assert(rc == 0);
}

void html_uint(struct html_write *h, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	put(h, (struct slice){ digits + at, sizeof(digits) - at });
}

void html_element(struct html_write *h, const char *name, struct slice text)
{
	struct slice attributes = slice_str(name);
	struct slice bare = slice_split(&attributes, ' ');

	html_markup(h, "<");
	html_markup(h, name);
	html_markup(h, ">");
	html_text(h, text);
	html_markup(h, "</");
	put(h, bare);
	html_markup(h, ">");
}

int html_finish(struct html_write *h, struct err *e)
{
	flush(h);
	if (h->failed)
		return err_set(e, h->err.kind, "%s", h->err.text);
	return 0;
}
