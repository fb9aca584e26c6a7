/*
 * Writes a ZIP archive as a stream (PKWARE APPNOTE 6.3.x): deflated entries, sizes
 * and CRC-32 in data descriptors, ZIP64 records where they are needed. Never seeks,
 * so that an archive can go straight into an HTTP response. The same calls give the
 * same bytes: no clock is read, entries are dated 1980-01-01.
 */
#ifndef PARSE_ZIP_WRITE_H
#define PARSE_ZIP_WRITE_H

#include "parse/sink.h"

#include <stdint.h>

struct zip_write_options {
	int level;  /* of deflate, 1 fastest to 9 smallest; 0: 4 */
	bool zip64; /* every record in its ZIP64 form, needed or not */
};

/* Memory: about 300 KiB and some 30 bytes and the name for each entry. */
struct zip_write;

/* out is copied; what it points to must outlive *w_r. */
int zip_write_open(const struct sink *out, const struct zip_write_options *o,
		   struct zip_write **w_r, struct err *e) MUST_CHECK;
/* Ends the entry that is open, if any, and begins the next. Names are UTF-8 with '/'
 * between folders, 1 to 65535 bytes, and each used once (the caller's duty). */
int zip_write_entry(struct zip_write *w, struct slice name, struct err *e) MUST_CHECK;
/* Bytes of the open entry, in pieces of any size. */
int zip_write_data(struct zip_write *w, struct slice bytes, struct err *e) MUST_CHECK;
/* Ends the open entry and writes the central directory. Only zip_write_close() may
 * follow. Without it what was written is no archive: readers see a truncated file. */
int zip_write_finish(struct zip_write *w, struct err *e) MUST_CHECK;
/* Frees *w and sets it to NULL. Fine on NULL. */
void zip_write_close(struct zip_write **w);

#endif
