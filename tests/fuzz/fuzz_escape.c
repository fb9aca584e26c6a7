/*
 * Any bytes as a page's text and as a cell's: what a reader makes of them is what was
 * given, but for what neither can hold. The first byte is how much a sink takes.
 */
#include "parse/buf.h"
#include "parse/escape.h"
#include "parse/html_write.h"
#include "parse/xlsx_rich.h"
#include "parse/xlsx_text.h"

#include "tests/fuzz/digest.h"
#include "tests/unit/xml_feed.h"

enum { MOST = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int to_buf(void *to, struct slice bytes, struct err *e)
{
	assert(bytes.n > 0);
	return buf_add(to, bytes, e);
}

static void add(struct buf *b, struct slice s)
{
	struct err e = { .kind = ERR_NONE };
	int rc = buf_add(b, s, &e);

	assert(rc == 0);
}

/* A workbook's reader gives no U+0000; a page has no controls but white space. */
static bool is_lost(struct slice c, bool page)
{
	unsigned char first = (unsigned char)c.p[0];

	if (!page)
		return first == 0;
	return first == 0x7F ||
	       (first < 0x20 && first != '\t' && first != '\n' && first != '\r');
}

/* What is to be read of it. */
static void expect(struct buf *b, struct slice s, bool page)
{
	while (s.n > 0) {
		size_t n = utf8_length(s);
		struct slice c = slice_take(&s, n == 0 ? 1 : n);

		add(b, n == 0 || is_lost(c, page) ? SLICE("\uFFFD") : c);
	}
}

static void page_read(struct buf *b, struct slice s)
{
	static const struct {
		struct slice spelling, text;
	} known[] = {
		{ SLICE_INIT("&amp;"), SLICE_INIT("&") },
		{ SLICE_INIT("&lt;"), SLICE_INIT("<") },
		{ SLICE_INIT("&gt;"), SLICE_INIT(">") },
		{ SLICE_INIT("&quot;"), SLICE_INIT("\"") },
		{ SLICE_INIT("&#39;"), SLICE_INIT("'") },
	};
	size_t i;

	while (s.n > 0) {
		assert(memchr("<>\"'", s.p[0], 4) == NULL);
		if (s.p[0] != '&') {
			add(b, slice_take(&s, 1));
			continue;
		}
		for (i = 0; !slice_starts(s, known[i].spelling);)
			assert(++i < sizeof(known) / sizeof(known[0]));
		(void)slice_take(&s, known[i].spelling.n);
		add(b, known[i].text);
	}
}

static void page(struct slice text, struct buf *written, struct buf *read)
{
	const struct sink out = { .write = to_buf, .to = written };
	struct err e = { .kind = ERR_NONE };
	struct html_write h;
	int rc;

	html_init(&h, &out);
	html_text(&h, text);
	rc = html_finish(&h, &e);
	assert(rc == 0 && utf8_valid(buf_slice(written)));
	page_read(read, buf_slice(written));
}

static void cell(struct slice text, struct buf *written, struct buf *read)
{
	const struct sink out = { .write = to_buf, .to = written };
	struct xml_feed feed;
	struct err e = { .kind = ERR_NONE };
	struct xml_token t;
	struct xml *x;
	int rc;

	add(written, SLICE("<t>"));
	rc = xlsx_text_escape(&out, text, &e);
	assert(rc == 0);
	add(written, SLICE("</t>"));
	feed = (struct xml_feed){ buf_slice(written), written->n };
	rc = xml_open(xml_feed_read, &feed, &xlsx_xml_limits, &x, &e);
	assert(rc == 0);
	rc = xml_next(x, &t, &e);
	assert(rc == PARSE_MORE && t.kind == XML_START);
	rc = xlsx_plain_read(x, read, &e);
	assert(rc == 0);
	rc = xml_next(x, &t, &e);
	assert(rc == PARSE_DONE);
	xml_close(&x);
}

/* A sink that takes no more ends it, with nothing written out of turn. */
static void cut(struct slice text, struct slice whole, size_t room)
{
	struct err e = { .kind = ERR_NONE };
	struct buf b;
	const struct sink out = { .write = to_buf, .to = &b };
	int rc;

	buf_init(&b, room);
	rc = xlsx_text_escape(&out, text, &e);
	assert((rc == 0) == (whole.n <= room) && (rc == 0) == (e.kind == ERR_NONE));
	assert(slice_starts(whole, buf_slice(&b)));
	buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct slice room = slice_take(&in, 1), text = in.n == 0 ? SLICE("") : in;
	struct buf written, read, want;

	for (int is_page = 0; is_page < 2; is_page++) {
		buf_init(&written, MOST);
		buf_init(&read, MOST);
		buf_init(&want, MOST);
		expect(&want, text, is_page != 0);
		(is_page != 0 ? page : cell)(text, &written, &read);
		assert(slice_eq(buf_slice(&read), buf_slice(&want)));
		if (is_page == 0 && room.n > 0) {
			struct slice whole = slice_from(buf_slice(&written), 3);

			whole.n -= 4;
			cut(text, whole, (unsigned char)room.p[0]);
		}
		buf_release(&written);
		buf_release(&read);
		buf_release(&want);
	}
	return 0;
}
