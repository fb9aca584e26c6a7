/*
 * DEFLATE, unpacked: RFC 1951. Ignorant of where the bytes come from and go to, and of
 * ZIP: it knows neither the length that an archive claims nor the CRC.
 *
 * Unpacked bytes gather in a buffer whose beginning always holds the 32 KiB that a match
 * may reach back to. Most of a stream is unpacked by run_fast(), which needs no question
 * about bytes or room for a whole symbol; near the ends of input and buffer run_slow()
 * takes bytes one by one, and a symbol only when all of it is there, so that it can stop
 * anywhere and leaves less than a byte of bits.
 */
#include "parse/inflate.h"

#include "parse/deflate_codes.h"
#include "parse/le.h"

#include <assert.h>
#include <stdlib.h>

enum {
	HISTORY = DEFLATE_BACK,
	SPACE = 64 * 1024,
	OVERRUN = 24, /* bytes that a copy may write behind its end */
	FAST_IN = 16, /* bytes that a turn of run_fast() may read */
	FAST_OUT = DEFLATE_LONGEST + OVERRUN + 8,

	CLEN_BITS = 7, /* of the code of code lengths, which has no longer ones */
	N_CLEN = 19
};

enum state {
	HEADER,
	STORED_LENGTH,
	STORED,
	COUNTS,
	CLEN_LENGTHS,
	LENGTHS,
	SYMBOLS,
	OVER,
	BAD
};

struct inflate {
	enum state state;
	bool last;     /* the block is */
	uint64_t bits; /* the next n_bits of the stream, the first one lowest; above, 0 */
	unsigned n_bits;
	uint32_t stored; /* bytes of a stored block that are still to come */
	size_t n_litlen, n_distance, n_clen;
	size_t at; /* which length is next */
	const char *wrong;
	uint64_t in, out;
	uint64_t max_out;
	uint32_t max_ratio;
	size_t filled, given; /* of buf */
	unsigned char length[DEFLATE_LITLENS + DEFLATE_DISTANCES];
	struct deflate_codes codes;
	unsigned clen_bits; /* of the code of code lengths */
	uint32_t clen[1 << CLEN_BITS];
	char buf[HISTORY + SPACE + OVERRUN];
};

enum step { STEP_BAD = -1, STEP_GO, STEP_SHORT, STEP_FULL };

static enum step bad(struct inflate *f, const char *what)
{
	f->state = BAD;
	f->wrong = what;
	return STEP_BAD;
}

int inflate_open(uint64_t max_out, uint32_t max_ratio, struct inflate **f_r,
		 struct err *e)
{
	struct inflate *f = malloc(sizeof(*f));

	*f_r = f;
	if (f == NULL)
		return err_set(e, ERR_MEMORY, "out of memory");
	f->state = HEADER;
	f->last = false;
	f->bits = 0;
	f->n_bits = 0;
	f->in = f->out = 0;
	f->max_out = max_out;
	f->max_ratio = max_ratio == 0 ? 1 : max_ratio;
	f->filled = f->given = 0;
	deflate_codes_init(&f->codes);
	return 0;
}

/* Takes bytes until there are n <= 56 bits. */
static bool need(struct inflate *f, struct slice *in, unsigned n)
{
	while (f->n_bits < n) {
		if (in->n == 0)
			return false;
		f->bits |= (uint64_t)(unsigned char)in->p[0] << f->n_bits;
		f->n_bits += 8;
		(void)slice_take(in, 1);
	}
	return true;
}

static unsigned take(struct inflate *f, unsigned n)
{
	unsigned value = (unsigned)(f->bits & ((UINT64_C(1) << n) - 1));

	f->bits >>= n;
	f->n_bits -= n;
	return value;
}

/* 3.2.3: BFINAL, then BTYPE: 00 stored, 01 fixed codes, 10 dynamic codes */
static enum step read_header(struct inflate *f, struct slice *in)
{
	if (f->last) {
		f->state = OVER;
		return STEP_FULL;
	}
	if (!need(f, in, 3))
		return STEP_SHORT;
	f->last = take(f, 1) == 1;
	switch (take(f, 2)) {
	case 0:
		(void)take(f, f->n_bits % 8);
		f->state = STORED_LENGTH;
		return STEP_GO;
	case 1:
		f->state = SYMBOLS;
		deflate_codes_fixed(&f->codes);
		return STEP_GO;
	case 2:
		f->state = COUNTS;
		return STEP_GO;
	default:
		return bad(f, "invalid block type");
	}
}

/* 3.2.4: LEN and its complement */
static enum step read_stored_length(struct inflate *f, struct slice *in)
{
	if (!need(f, in, 32))
		return STEP_SHORT;
	f->stored = take(f, 16);
	if (take(f, 16) != (f->stored ^ 0xffff))
		return bad(f, "invalid stored block lengths");
	f->state = STORED;
	return STEP_GO;
}

static enum step copy_stored(struct inflate *f, struct slice *in)
{
	size_t room = HISTORY + SPACE - f->filled;
	struct slice part = slice_take(in, f->stored < room ? f->stored : room);

	assert(f->n_bits == 0);
	if (part.n > 0)
		memcpy(f->buf + f->filled, part.p, part.n);
	f->filled += part.n;
	f->stored -= (uint32_t)part.n;
	if (f->stored == 0) {
		f->state = HEADER;
		return STEP_GO;
	}
	return f->filled == HISTORY + SPACE ? STEP_FULL : STEP_SHORT;
}

/* 3.2.7: HLIT, HDIST, HCLEN */
static enum step read_counts(struct inflate *f, struct slice *in)
{
	if (!need(f, in, 14))
		return STEP_SHORT;
	f->n_litlen = take(f, 5) + 257;
	f->n_distance = take(f, 5) + 1;
	f->n_clen = take(f, 4) + 4;
	if (f->n_litlen > DEFLATE_LITLENS || f->n_distance > DEFLATE_DISTANCES)
		return bad(f, "too many length or distance symbols");
	memset(f->length, 0, N_CLEN);
	f->at = 0;
	f->state = CLEN_LENGTHS;
	return STEP_GO;
}

static enum step read_clen_lengths(struct inflate *f, struct slice *in)
{
	static const unsigned char order[N_CLEN] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
						     11, 4,  12, 3, 13, 2, 14, 1, 15 };
	uint32_t symbol[N_CLEN];

	for (; f->at < f->n_clen; f->at++) {
		if (!need(f, in, 3))
			return STEP_SHORT;
		f->length[order[f->at]] = (unsigned char)take(f, 3);
	}
	for (uint32_t i = 0; i < N_CLEN; i++)
		symbol[i] = i << 16 | (i < 16 ? 0 : i == 16 ? 2 : i == 17 ? 3 : 7);
	f->clen_bits = huffman_build(f->length, N_CLEN, symbol, CLEN_BITS, false, f->clen,
				     1 << CLEN_BITS);
	if (f->clen_bits == 0)
		return bad(f, "invalid code lengths set");
	f->at = 0;
	f->state = LENGTHS;
	return STEP_GO;
}

/* The entry for what comes next, once all its bits are there; 0 when they are not. */
static uint32_t lookup(struct inflate *f, struct slice *in, const uint32_t *table,
		       unsigned first)
{
	for (;;) {
		uint32_t entry = table[f->bits & ((UINT64_C(1) << first) - 1)];

		if ((entry & HUFFMAN_KIND) == HUFFMAN_SUB)
			entry = table[(entry >> 16) +
				      (f->bits >> first &
				       ((1u << huffman_code(entry)) - 1))];
		if (huffman_drop(entry) <= f->n_bits)
			return entry;
		if (!need(f, in, f->n_bits + 1))
			return 0;
	}
}

static enum step lengths_over(struct inflate *f)
{
	if (f->length[DEFLATE_END] == 0)
		return bad(f, "no code for the end of a block");
	if (!deflate_codes_build(&f->codes, f->length, f->n_litlen, f->n_distance))
		return bad(f, "invalid set of code lengths");
	f->state = SYMBOLS;
	return STEP_GO;
}

/* 3.2.7: 0-15 a length, 16 the last one 3-6 times, 17 and 18 zero 3-10 and 11-138 times;
 * the lengths of both codes as one sequence */
static enum step read_lengths(struct inflate *f, struct slice *in)
{
	size_t all = f->n_litlen + f->n_distance;

	while (f->at < all) {
		uint32_t entry = lookup(f, in, f->clen, f->clen_bits),
			 symbol = entry >> 16;
		size_t times = 1;

		if (entry == 0)
			return STEP_SHORT;
		if ((entry & HUFFMAN_OTHER) != 0)
			return bad(f, "invalid code lengths set");
		if (symbol >= 16)
			times = huffman_value(entry, f->bits) - symbol +
				(symbol == 18 ? 11 : 3);
		if ((symbol == 16 && f->at == 0) || times > all - f->at)
			return bad(f, "invalid repetition of a code length");
		symbol = symbol == 16 ? f->length[f->at - 1] : symbol > 16 ? 0 : symbol;
		(void)take(f, huffman_drop(entry));
		memset(f->length + f->at, (int)symbol, times);
		f->at += times;
	}
	return lengths_over(f);
}

/*
 * One literal, or one match: the code of a length, then that of a distance. Nothing is
 * taken of a match before both are there, so the length is looked up again after a stop.
 */
static enum step run_slow(struct inflate *f, struct slice *in)
{
	uint32_t entry = lookup(f, in, f->codes.litlen, f->codes.litlen_bits);
	unsigned length, distance, held;
	uint64_t bits = f->bits;

	if (entry == 0)
		return STEP_SHORT;
	if ((entry & HUFFMAN_LITERAL) != 0) {
		(void)take(f, huffman_drop(entry));
		f->buf[f->filled++] = (char)(entry >> 16);
		return STEP_GO;
	}
	if ((entry & HUFFMAN_KIND) == HUFFMAN_INVALID)
		return bad(f, "invalid literal or length code");
	held = huffman_drop(entry);
	length = huffman_value(entry, bits);
	(void)take(f, held);
	if ((entry & HUFFMAN_KIND) == HUFFMAN_END) {
		f->state = HEADER;
		return STEP_GO;
	}
	entry = lookup(f, in, f->codes.distance, f->codes.distance_bits);
	if (entry == 0) {
		/* give back the length; `bits` may lack what was taken since */
		f->bits = f->bits << held | (bits & ((UINT64_C(1) << held) - 1));
		f->n_bits += held;
		return STEP_SHORT;
	}
	if ((entry & HUFFMAN_OTHER) != 0)
		return bad(f, "invalid distance code");
	distance = huffman_value(entry, f->bits);
	(void)take(f, huffman_drop(entry));
	if (distance > f->filled)
		return bad(f, "invalid distance too far back");
	for (; length > 0; length--, f->filled++)
		f->buf[f->filled] = f->buf[f->filled - distance];
	return STEP_GO;
}

static inline void copy_word(char *to, const char *from)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
	memcpy(to, &word, sizeof(word));
}

/* Copies a match, up to OVERRUN bytes more than it has: by words, which are often those
 * that were stored just before. */
static inline char *copy_match(char *to, size_t distance, size_t length)
{
	const char *from = to - distance;
	char *end = to + length;

	if (distance >= 8) {
		copy_word(to, from);
		copy_word(to + 8, from + 8);
		copy_word(to + 16, from + 16);
		for (to += 24, from += 24; to < end; to += 16, from += 16) {
			copy_word(to, from);
			copy_word(to + 8, from + 8);
		}
	} else if (distance == 1) {
		memset(to, *from, length);
	} else {
		while (to < end)
			*to++ = *from++;
	}
	return end;
}

/* The stream while it is in registers. */
struct fast {
	const char *in;
	char *to;
	uint64_t bits; /* above the n lowest, bits of the byte at `in` and those behind */
	unsigned n;
};

static inline void refill(struct fast *s)
{
	s->bits |= le_64(s->in) << s->n;
	s->in += (63 - s->n) >> 3;
	s->n |= 56;
}

static inline void drop(struct fast *s, uint32_t entry)
{
	s->bits >>= huffman_drop(entry);
	s->n -= huffman_drop(entry);
}

static inline uint32_t peek(const struct fast *s, const uint32_t *table, unsigned first)
{
	return table[s->bits & ((1u << first) - 1)];
}

static inline uint32_t second(const struct fast *s, const uint32_t *table, unsigned first,
			      uint32_t entry)
{
	if ((entry & HUFFMAN_KIND) != HUFFMAN_SUB)
		return entry;
	return table[(entry >> 16) +
		     (s->bits >> first & ((1u << huffman_code(entry)) - 1))];
}

static inline void put_literal(struct fast *s, uint32_t entry)
{
	drop(s, entry);
	*s->to++ = (char)(entry >> 16);
}

/* Symbols while bytes and room last for the longest: a turn takes up to three literals,
 * or two and a match. 56 bits are enough for that: 3 * 11, and again 20 + 28. */
static enum step run_symbols(struct inflate *f, struct fast *s, const char *in_end,
			     const char *to_end)
{
	const unsigned litlen_bits = f->codes.litlen_bits,
		       distance_bits = f->codes.distance_bits;

	while (s->in <= in_end && s->to <= to_end) {
		unsigned length, distance;
		uint32_t entry;

		refill(s);
		entry = peek(s, f->codes.litlen, litlen_bits);
		if ((entry & HUFFMAN_LITERAL) != 0) {
			put_literal(s, entry);
			entry = peek(s, f->codes.litlen, litlen_bits);
			if ((entry & HUFFMAN_LITERAL) != 0) {
				put_literal(s, entry);
				entry = peek(s, f->codes.litlen, litlen_bits);
				if ((entry & HUFFMAN_LITERAL) != 0) {
					put_literal(s, entry);
					continue;
				}
			}
			refill(s);
		}
		if ((entry & HUFFMAN_OTHER) != 0) {
			entry = second(s, f->codes.litlen, litlen_bits, entry);
			if ((entry & HUFFMAN_LITERAL) != 0) {
				put_literal(s, entry);
				continue;
			}
			if ((entry & HUFFMAN_KIND) == HUFFMAN_INVALID)
				return bad(f, "invalid literal or length code");
			if ((entry & HUFFMAN_KIND) == HUFFMAN_END) {
				drop(s, entry);
				f->state = HEADER;
				return STEP_GO;
			}
		}
		length = huffman_value(entry, s->bits);
		drop(s, entry);
		entry = peek(s, f->codes.distance, distance_bits);
		if ((entry & HUFFMAN_OTHER) != 0) {
			entry = second(s, f->codes.distance, distance_bits, entry);
			if ((entry & HUFFMAN_OTHER) != 0)
				return bad(f, "invalid distance code");
		}
		distance = huffman_value(entry, s->bits);
		drop(s, entry);
		if (distance > (size_t)(s->to - f->buf))
			return bad(f, "invalid distance too far back");
		s->to = copy_match(s->to, distance, length);
	}
	return STEP_GO;
}

static enum step run_fast(struct inflate *f, struct slice *in)
{
	struct fast s = { in->p, f->buf + f->filled, f->bits, f->n_bits };
	enum step step = run_symbols(f, &s, in->p + in->n - FAST_IN,
				     f->buf + HISTORY + SPACE - FAST_OUT);
	/* Whole bytes go back. They all are of *in: what bits there were before began a
	 * symbol that was not whole, and at least one has been taken since. */
	size_t back = s.n / 8;

	(void)slice_take(in, (size_t)(s.in - in->p) - back);
	f->n_bits = s.n % 8;
	f->bits = s.bits & ((UINT64_C(1) << f->n_bits) - 1);
	f->filled = (size_t)(s.to - f->buf);
	return step;
}

static enum step run(struct inflate *f, struct slice *in)
{
	if (HISTORY + SPACE - f->filled < FAST_OUT)
		return STEP_FULL;
	return in->n > FAST_IN ? run_fast(f, in) : run_slow(f, in);
}

/* Unpacks until the buffer is full, the bytes are used up, or the stream is over. */
static enum step unpack(struct inflate *f, struct slice *in)
{
	for (;;) {
		enum step step = STEP_FULL;

		switch (f->state) {
		case HEADER:
			step = read_header(f, in);
			break;
		case STORED_LENGTH:
			step = read_stored_length(f, in);
			break;
		case STORED:
			step = copy_stored(f, in);
			break;
		case COUNTS:
			step = read_counts(f, in);
			break;
		case CLEN_LENGTHS:
			step = read_clen_lengths(f, in);
			break;
		case LENGTHS:
			step = read_lengths(f, in);
			break;
		case SYMBOLS:
			step = run(f, in);
			break;
		case OVER:
		case BAD:
			break;
		}
		if (step != STEP_GO)
			return step;
	}
}

static int check_caps(const struct inflate *f, struct err *e)
{
	if (f->out > f->max_out)
		return err_set(e, ERR_LIMIT,
			       "it unpacks to more than %llu bytes, which is the limit",
			       (unsigned long long)f->max_out);
	if (f->out > INFLATE_RATIO_FREE && f->out / f->max_ratio > f->in)
		return err_set(
			e, ERR_LIMIT,
			"it unpacks to more than %u times its size, which is the limit",
			f->max_ratio);
	return 0;
}

/* Hands out what there is, as far as there is room. */
static int give(struct inflate *f, char *to, size_t room, size_t *n_r, struct err *e)
{
	size_t n = f->filled - f->given < room ? f->filled - f->given : room;

	if (n > 0)
		memcpy(to, f->buf + f->given, n);
	f->given += n;
	f->out += n;
	*n_r = n;
	return check_caps(f, e);
}

/* Only the history is still needed of what was given. */
static void make_room(struct inflate *f)
{
	if (f->filled <= HISTORY)
		return;
	memmove(f->buf, f->buf + f->filled - HISTORY, HISTORY);
	f->filled = f->given = HISTORY;
}

int inflate_feed(struct inflate *f, struct slice *in, char *to, size_t size, size_t *n_r,
		 struct err *e)
{
	enum step step = STEP_GO;

	assert(size > 0);
	*n_r = 0;
	for (;;) {
		size_t before = in->n, n;

		if (give(f, to + *n_r, size - *n_r, &n, e) < 0) {
			*n_r = 0;
			return -1;
		}
		*n_r += n;
		if (f->given < f->filled)
			return PARSE_MORE;
		if (f->state == OVER)
			return PARSE_DONE;
		if (f->state == BAD)
			return *n_r > 0
				       ? PARSE_MORE
				       : err_set(e, ERR_INPUT,
						 "damaged compressed data: %s", f->wrong);
		if (step == STEP_SHORT || *n_r == size)
			return PARSE_MORE;
		if (HISTORY + SPACE - f->filled < FAST_OUT)
			make_room(f);
		step = unpack(f, in);
		f->in += before - in->n;
	}
}

uint64_t inflate_in(const struct inflate *f)
{
	return f->in;
}

uint64_t inflate_out(const struct inflate *f)
{
	return f->out;
}

void inflate_close(struct inflate **f)
{
	free(*f);
	*f = NULL;
}
