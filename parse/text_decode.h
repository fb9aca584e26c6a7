/*
 * Text of unknown encoding as a stream of UTF-8. Which encoding it is:
 *
 * 1. A byte order mark decides (UTF-8, UTF-16LE, UTF-16BE).
 * 2. Without one, a head whose every second byte is mostly NUL, and whose others
 *    never are, is UTF-16.
 * 3. A head with more malformed UTF-8 than well-formed multi-byte sequences is
 *    Windows-1252; with fewer it is UTF-8 that is damaged, and decoding it fails.
 * 4. A head of well-formed UTF-8 is UTF-8. A head of nothing but ASCII leaves it open:
 *    the first byte over 0x7F then decides, UTF-8 if it begins a well-formed sequence,
 *    Windows-1252 if not. What was given out before is the same in both.
 *
 * After that the encoding never changes: a byte that does not belong to it is an error
 * that names its offset, never a replacement character. What was taken for Windows-1252
 * and turns out to be made of pairs of bytes, as Chinese and Korean characters are in
 * GBK, Big5 and EUC-KR, is an error, too: in Western text accented letters stand alone.
 */
#ifndef PARSE_TEXT_DECODE_H
#define PARSE_TEXT_DECODE_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

enum text_encoding {
	TEXT_ASCII, /* so far: rule 4 */
	TEXT_UTF8,
	TEXT_UTF16LE,
	TEXT_UTF16BE,
	TEXT_WINDOWS_1252
};

enum {
	TEXT_HEAD = 65536, /* bytes of a file's head worth giving to text_detect() */
	TEXT_ROOM = 4,     /* least bytes of `to` for text_decode_feed() */
};

/* The encoding by the first bytes of a file (TEXT_HEAD of them, or the whole file when
 * it is shorter). *bom_r: length of the byte order mark, 0 without one. */
enum text_encoding text_detect(struct slice head, size_t *bom_r);
/* "UTF-8" (ASCII too), "UTF-16LE", "UTF-16BE", "Windows-1252". */
const char *text_encoding_name(enum text_encoding encoding);

struct text_decode {
	enum text_encoding encoding;
	uint64_t offset;       /* of the next byte to be decoded, in the file */
	unsigned char held[4]; /* private, like all below: a sequence that the end of the
				* input cuts */
	size_t n_held;
	uint64_t pairs, alone; /* bytes of Windows-1252 over 0x7F */
	bool first, foreign;   /* the last byte may begin a pair; there are too many */
};

/* Decoding starts behind the mark: feed bytes from `offset` (bom_r) of the file on. */
void text_decode_init(struct text_decode *d, enum text_encoding encoding,
		      uint64_t offset);
/*
 * Decodes from *in, which it shortens, to the `size` (at least TEXT_ROOM) bytes at `to`,
 * and sets *n_r to how many it wrote: whole characters only. `last` says that no more
 * bytes follow *in. PARSE_MORE: go on with the rest of *in, or with more of it;
 * PARSE_DONE: `last`, and all is written; -1 with *n_r == 0: ERR_INPUT for a byte that is
 * not of the encoding, or a sequence cut by the end (what stands before it was given out
 * by the call before). A NUL is a character like any other.
 */
int text_decode_feed(struct text_decode *d, struct slice *in, bool last, char *to,
		     size_t size, size_t *n_r, struct err *e) MUST_CHECK;

#endif
