/*
 * A realistic manifest that nobody's parcels are in: the fifteen documented columns and
 * the submission time, Philippine names, places and phones, dates as dates, money as
 * numbers. The same rows and seed give the same bytes.
 */
#ifndef SERVER_SAMPLE_H
#define SERVER_SAMPLE_H

#include "parse/sink.h"

#include <stdint.h>

enum { SAMPLE_MAX_SEED = 99999, SAMPLE_MAX_ROWS = 100000000 };

struct sample_options {
	uint64_t rows; /* below the heading; a workbook's sheet holds 1,048,575 */
	uint32_t seed; /* waybill numbers of two seeds never meet */
	bool inline_strings;
	bool csv;
};

/* Writes the file. All rows are valid, their numbers differ; most are pending, the
 * first twenty always. ERR_LIMIT: more rows or a larger seed than fit. */
int sample_write(const struct sample_options *o, const struct sink *out,
		 struct err *e) MUST_CHECK;

#endif
