/*
 * XML 1.0 (fifth edition) with namespaces, as a pull tokenizer over a stream of
 * bytes: no DTDs, no entities but the five and character references, no
 * allocation per token. UTF-8; UTF-16 parts with a BOM are transcoded on the way.
 * Namespace prefixes are split off and not resolved: callers go by local names.
 */
#ifndef PARSE_XML_TOKEN_H
#define PARSE_XML_TOKEN_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

enum xml_kind { XML_START, XML_END, XML_TEXT };

struct xml_attr {
	struct slice name;  /* as written, prefix included */
	struct slice value; /* raw: see xml_unescape() */
};

/* Fields that are not listed for a kind are unspecified. */
struct xml_token {
	enum xml_kind kind;
	struct slice name;           /* START, END: local name, without a prefix */
	struct slice prefix;         /* START, END: the prefix, empty without one */
	const struct xml_attr *attr; /* START: in document order */
	size_t n_attr;
	bool empty;        /* START: <a/>; its END follows as a token of its own */
	bool raw;          /* TEXT: holds references: pass it through xml_unescape() */
	struct slice text; /* TEXT: one run of character data or one CDATA section; a long
			    * run may come as several tokens (never split inside a
			    * reference or a UTF-8 sequence). Line ends are LF
			    * (2.11). Never outside of the root element */
};

struct xml_limits {
	uint32_t max_depth;  /* open elements */
	uint32_t max_attrs;  /* of one element */
	uint32_t max_markup; /* bytes of one tag, comment or processing instruction; of
			      * the names of all open elements together */
	uint32_t window; /* bytes read ahead, and of one TEXT at the most; 0: 128 KiB */
};

/* Where the bytes come from: zip_stream_read() behind a void *, or a test's array.
 * Returns like zip_stream_read(), and should fill `to` as that does. */
typedef int xml_read_fn(void *from, char *to, size_t size, size_t *n_r, struct err *e);

struct xml;
/* Room for max_depth and max_attrs is allocated here, once. ERR_INTERNAL. */
int xml_open(xml_read_fn *read, void *from, const struct xml_limits *limits,
	     struct xml **x_r, struct err *e) MUST_CHECK;
/*
 * The next token: PARSE_MORE with *t filled (its views are valid until the next
 * call), PARSE_DONE at the document's end, or -1: ERR_INPUT not well formed (the
 * text names the byte offset), a DTD, an unknown entity, invalid UTF-8; ERR_LIMIT.
 */
int xml_next(struct xml *x, struct xml_token *t, struct err *e) MUST_CHECK;
/*
 * A short cut for what nearly always comes: the bytes that are in memory from the next
 * token on, inside of the root element, or NULL. They are XML characters, a NUL that is
 * none, and 16 bytes that may be read. The caller that finds whole elements there which
 * it knows, or text, calls xml_pass() with what is behind them; what it does not know,
 * or what is cut off by the NUL, it leaves to xml_next(). Such elements must be well
 * formed, of tags that are within the limits. Valid until xml_next().
 */
const char *xml_ahead(const struct xml *x);
void xml_pass(struct xml *x, const char *behind);
/* For what has elements inside and no text: PARSE_MORE with the START of the next one,
 * which the caller reads to its END; PARSE_DONE: *t is the END of the one around them. */
int xml_child(struct xml *x, struct xml_token *t, struct err *e) MUST_CHECK;
/* Reads past the element whose START was just returned, its END included. */
int xml_skip(struct xml *x, struct err *e) MUST_CHECK;
/* The value of the attribute of that name as written ("r:id" or "id"), raw; p is
 * NULL when it is not there. */
struct slice xml_attr_raw(const struct xml_token *t, struct slice name);
/* Writes s with its references resolved to `to`, which has room for s.n bytes (the
 * result is never longer; `to` may be s.p), and sets *n_r; -1: ERR_INPUT. */
int xml_unescape(struct slice s, char *to, size_t *n_r, struct err *e) MUST_CHECK;
/* Bytes consumed, of the document as UTF-8. */
uint64_t xml_offset(const struct xml *x);
void xml_close(struct xml **x);

#endif
