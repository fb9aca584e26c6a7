/*
 * Detects and decodes text encodings. Ignorant of lines, cells and files.
 */
#include "parse/text_decode.h"

#include "parse/utf8.h"

#include <assert.h>

/* Windows-1252, 0x80 to 0x9F (the WHATWG and Microsoft tables agree on all but the five
 * that stand for nothing); everything else is the code point of its own number. */
static const uint16_t high_1252[32] = {
	0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
	0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

/* Is every second byte from `nul` on mostly NUL, and none of the others? */
static bool looks_utf16(struct slice head, size_t nul)
{
	size_t pairs = head.n / 2, hits = 0;

	for (size_t i = 0; i < pairs; i++) {
		if (head.p[2 * i + (1 - nul)] == '\0')
			return false;
		hits += head.p[2 * i + nul] == '\0';
	}
	return pairs >= 2 && hits > pairs / 2;
}

/* Whether a malformed sequence is one that just is not all there yet. */
static bool utf8_cut(struct slice s)
{
	char probe[4];

	if (s.n >= 4)
		return false;
	/* The least and the greatest tail bytes decide for all others */
	for (unsigned tail = 0x80; tail <= 0xbf; tail += 0x3f) {
		memset(probe, (int)tail, sizeof(probe));
		memcpy(probe, s.p, s.n);
		if (utf8_length((struct slice){ probe, sizeof(probe) }) > s.n)
			return true;
	}
	return false;
}

/* Weighs well-formed multi-byte sequences against malformed bytes: rules 3 and 4. */
static enum text_encoding weigh_utf8(struct slice head)
{
	bool longer = head.n >= TEXT_HEAD;
	size_t good = 0, bad = 0;

	while (head.n > 0) {
		size_t len = utf8_length(head);

		if (len == 0 && longer && utf8_cut(head))
			break;
		good += len > 1;
		bad += len == 0;
		(void)slice_take(&head, len == 0 ? 1 : len);
	}
	if (bad > good)
		return TEXT_WINDOWS_1252;
	return good > 0 ? TEXT_UTF8 : TEXT_ASCII;
}

enum text_encoding text_detect(struct slice head, size_t *bom_r)
{
	*bom_r = 0;
	if (slice_starts(head, SLICE("\xef\xbb\xbf"))) {
		*bom_r = 3;
		return TEXT_UTF8;
	}
	if (slice_starts(head, SLICE("\xff\xfe")) ||
	    slice_starts(head, SLICE("\xfe\xff"))) {
		*bom_r = 2;
		return head.p[0] == '\xff' ? TEXT_UTF16LE : TEXT_UTF16BE;
	}
	if (looks_utf16(head, 1))
		return TEXT_UTF16LE;
	if (looks_utf16(head, 0))
		return TEXT_UTF16BE;
	return weigh_utf8(head);
}

const char *text_encoding_name(enum text_encoding encoding)
{
	switch (encoding) {
	case TEXT_UTF16LE:
		return "UTF-16LE";
	case TEXT_UTF16BE:
		return "UTF-16BE";
	case TEXT_WINDOWS_1252:
		return "Windows-1252";
	case TEXT_ASCII:
	case TEXT_UTF8:
		break;
	}
	return "UTF-8";
}

void text_decode_init(struct text_decode *d, enum text_encoding encoding, uint64_t offset)
{
	*d = (struct text_decode){ .encoding = encoding, .offset = offset };
}

/*
 * GB 2312 and EUC-KR: a first byte of A1 to F7, a second one of A1 to FE. Many such
 * pairs and hardly a letter between them settle it on the way; a few at the end.
 */
enum { PAIRS_SETTLE = 32, PAIRS_PER_ALONE = 8, PAIRS_FEW = 2 };

static void weigh_pairs(struct text_decode *d, unsigned char c)
{
	bool second = d->first && c >= 0xa1 && c <= 0xfe;

	d->pairs += second;
	d->alone += d->first && !second;
	d->first = !second && c >= 0xa1 && c <= 0xf7;
	d->alone += !second && !d->first && c >= 0x80;
	if (second && d->pairs >= PAIRS_SETTLE && d->pairs / PAIRS_PER_ALONE > d->alone)
		d->foreign = true;
}

static bool ends_foreign(const struct text_decode *d)
{
	return d->pairs >= PAIRS_FEW && d->pairs > d->alone + d->first;
}

/* No character: the input ends inside it, or it is none. */
enum { CUT = 0, BAD = -1 };

/*
 * RFC 2781 section 2.2: a value of D800 to DBFF and one of DC00 to DFFF together are a
 * character; either alone is an error. Returns bytes used, CUT or BAD.
 */
static int utf16_char(struct slice s, bool big, uint32_t *code_r)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t hi = big ? 0 : 1, lo = big ? 1 : 0;
	uint32_t first, second;

	if (s.n < 2)
		return CUT;
	first = (uint32_t)p[hi] << 8 | p[lo];
	*code_r = first;
	if (first < 0xd800 || first > 0xdfff)
		return 2;
	if (first > 0xdbff)
		return BAD;
	if (s.n < 4)
		return CUT;
	second = (uint32_t)p[2 + hi] << 8 | p[2 + lo];
	if (second < 0xdc00 || second > 0xdfff)
		return BAD;
	*code_r = 0x10000 + ((first & 0x3ff) << 10 | (second & 0x3ff));
	return 4;
}

static int utf8_char(struct text_decode *d, struct slice s, bool last, uint32_t *code_r)
{
	size_t len = utf8_length(s);

	if (len > 0) {
		d->encoding = len > 1 ? TEXT_UTF8 : d->encoding;
		*code_r = utf8_get(&s);
		return (int)len;
	}
	if (!last && utf8_cut(s))
		return CUT;
	if (d->encoding == TEXT_UTF8)
		return utf8_cut(s) ? CUT : BAD;
	d->encoding = TEXT_WINDOWS_1252;
	return BAD;
}

/* The character that a non-empty s begins with: bytes used, CUT or BAD. */
static int one_char(struct text_decode *d, struct slice s, bool last, uint32_t *code_r)
{
	unsigned char c = (unsigned char)s.p[0];

	if (d->encoding == TEXT_UTF16LE || d->encoding == TEXT_UTF16BE)
		return utf16_char(s, d->encoding == TEXT_UTF16BE, code_r);
	if (d->encoding != TEXT_WINDOWS_1252) {
		int used = utf8_char(d, s, last, code_r);

		if (d->encoding != TEXT_WINDOWS_1252)
			return used;
	}
	*code_r = c >= 0x80 && c < 0xa0 ? high_1252[c - 0x80] : c;
	return *code_r == 0 && c != 0 ? BAD : 1;
}

static int fail(const struct text_decode *d, int used, unsigned c, struct err *e)
{
	unsigned long long at = d->offset;

	if (d->foreign)
		return err_set(
			e, ERR_INPUT,
			"byte %llu: the text before it looks Chinese or Korean, in "
			"an encoding that is not read",
			at);
	if (used == CUT)
		return err_set(e, ERR_INPUT,
			       "byte %llu: the file ends inside a character", at);
	return err_set(e, ERR_INPUT,
		       "byte %llu (0x%02x) is no %s, as the text before it is", at, c,
		       text_encoding_name(d->encoding));
}

/* Copies what needs no conversion: ASCII, and after that known UTF-8. */
static size_t copy_run(struct text_decode *d, struct slice *in, char *to, size_t size)
{
	size_t n = 0, most = in->n < size ? in->n : size;

	if (d->encoding == TEXT_UTF16LE || d->encoding == TEXT_UTF16BE)
		return 0;
	if (d->encoding == TEXT_UTF8) {
		n = utf8_valid_prefix((struct slice){ in->p, most });
	} else {
		while (n < most && (signed char)in->p[n] >= 0)
			n++;
	}
	if (n > 0) {
		memcpy(to, in->p, n);
		weigh_pairs(d, 0);
	}
	(void)slice_take(in, n);
	d->offset += n;
	return n;
}

/* The held bytes, with as many of `in` behind them as there is room for. */
static struct slice join(const struct text_decode *d, struct slice in, char *to)
{
	struct slice more = slice_take(&in, sizeof(d->held) - d->n_held);

	memcpy(to, d->held, d->n_held);
	if (more.n > 0)
		memcpy(to + d->n_held, more.p, more.n);
	return (struct slice){ to, d->n_held + more.n };
}

/*
 * Writes the character at the front of the held bytes and *in to `to` and returns how
 * many bytes of it there are, or CUT (all of *in is held now) or BAD.
 */
static int step(struct text_decode *d, struct slice *in, bool last, char *to, size_t *n)
{
	char joined[sizeof(d->held)];
	struct slice s = d->n_held == 0 ? *in : join(d, *in, joined);
	uint32_t code = 0;
	int used;

	used = one_char(d, s, last && s.n - d->n_held == in->n, &code);
	if (used == CUT && !last) {
		/* A cut sequence has fewer than four bytes: all of *in is in s */
		memcpy(d->held, s.p, s.n);
		d->n_held = s.n;
		(void)slice_take(in, in->n);
	}
	if (used <= 0)
		return used;
	d->offset += (unsigned)used;
	*n += utf8_put(code, to + *n);
	if (d->encoding == TEXT_WINDOWS_1252)
		weigh_pairs(d, (unsigned char)s.p[0]);
	if (d->n_held > (size_t)used) {
		memmove(d->held, d->held + used, d->n_held - (size_t)used);
		d->n_held -= (size_t)used;
	} else {
		(void)slice_take(in, (size_t)used - d->n_held);
		d->n_held = 0;
	}
	return used;
}

int text_decode_feed(struct text_decode *d, struct slice *in, bool last, char *to,
		     size_t size, size_t *n_r, struct err *e)
{
	size_t n = 0;

	assert(size >= TEXT_ROOM);
	*n_r = 0;
	while (!d->foreign && (in->n > 0 || (d->n_held > 0 && last))) {
		int used;

		if (d->n_held == 0)
			n += copy_run(d, in, to + n, size - n);
		if (size - n < TEXT_ROOM || (in->n == 0 && d->n_held == 0))
			break;
		used = step(d, in, last, to, &n);
		if (used > 0 || (used == CUT && !last))
			continue;
		if (n > 0)
			break;
		return fail(d, used, d->n_held > 0 ? d->held[0] : (unsigned char)in->p[0],
			    e);
	}
	*n_r = n;
	last = last && in->n == 0 && d->n_held == 0;
	d->foreign = d->foreign || (last && ends_foreign(d));
	if (d->foreign && n == 0)
		return fail(d, 0, 0, e);
	return last && !d->foreign ? PARSE_DONE : PARSE_MORE;
}
