/*
 * multipart/form-data (RFC 7578, RFC 2046 section 5.1) as a stream: each part's
 * head, then its bytes in place as they come, whatever the size.
 */
#ifndef PARSE_MULTIPART_H
#define PARSE_MULTIPART_H

#include "parse/buf.h"
#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

struct multipart_limits {
	uint32_t max_parts;
	uint32_t max_part_head; /* bytes */
};

enum multipart_event { MULTIPART_PART, MULTIPART_DATA, MULTIPART_PART_END };

struct multipart_item {
	enum multipart_event event;
	struct slice name, filename, content_type; /* PART; filename.p NULL without one */
	struct slice data;                         /* DATA: a view into the input */
	uint64_t offset; /* DATA: where data begins; PART_END: where the part's data
			  * ended; both in bytes from the body's first byte */
};

struct multipart;
/* content_type is the request's Content-Type value; ERR_INPUT when it is not
 * multipart/form-data or has no usable boundary. */
int multipart_open(struct slice content_type, const struct multipart_limits *limits,
		   struct multipart **m_r, struct err *e) MUST_CHECK;
/*
 * Takes bytes from *in. PARSE_MORE with *got_r true and an item, or with *got_r false
 * when *in was used up; PARSE_DONE behind the closing boundary (the epilogue is
 * ignored); -1: ERR_INPUT, ERR_LIMIT. Views are valid until the next call. DATA may
 * hand out a view into *in or into the parser (bytes held back at a split that turned
 * out not to be a boundary); offset is right for both.
 */
int multipart_feed(struct multipart *m, struct slice *in, struct multipart_item *item,
		   bool *got_r, struct err *e) MUST_CHECK;
void multipart_close(struct multipart **m);

#endif
