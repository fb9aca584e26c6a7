/*
 * A ZIP archive as an OPC package (ECMA-376 part 2): parts by name, and the
 * relationships that lead from one to the next.
 */
#ifndef PARSE_OPC_H
#define PARSE_OPC_H

#include "parse/arena.h"
#include "parse/xml_token.h"
#include "parse/zip_entry.h"

struct opc {
	const struct zip_dir *dir;
	const struct zip_limits *limits; /* of each part that is read */
	struct opc_name *names;          /* private: in the arena, sorted */
	size_t n;
};

struct opc_rel {
	struct slice id;
	struct slice type;   /* its last step: "worksheet"; empty for a type that office
			      * documents (transitional or strict) do not have */
	struct slice target; /* a part's name, resolved: "xl/worksheets/sheet1.xml" */
};

struct opc_rels {
	struct opc_rel *rel; /* in the arena; those outside of the package left out */
	size_t n;
};

/* Indexes the parts by their names, in the arena, which must outlive *p as dir and limits
 * must. ERR_LIMIT: the arena is full. */
int opc_open(struct opc *p, const struct zip_dir *dir, const struct zip_limits *limits,
	     struct arena *a, struct err *e) MUST_CHECK;
/* ERR_INPUT: two parts have equal names, so that readers may differ about what is in the
 * package. */
int opc_check(const struct opc *p, struct err *e) MUST_CHECK;
/* The entry of that part (of several, any), or NULL. Names are equal (part 2, 6.2.2.3)
 * whatever the case of their ASCII letters and their percent-encoding. */
const struct zip_entry *opc_part(const struct opc *p, struct slice name);
/* The relationships of a part; of the package itself for the name "". A part without
 * any has none. ERR_INPUT: damaged; ERR_LIMIT. */
int opc_rels_read(const struct opc *p, struct slice part, struct arena *a,
		  struct opc_rels *rels_r, struct err *e) MUST_CHECK;
/* The first one of that type, or of that id. NULL when there is none. */
const struct opc_rel *opc_rel_of_type(const struct opc_rels *rels, struct slice type);
const struct opc_rel *opc_rel_of_id(const struct opc_rels *rels, struct slice id);

/* A part while it is read as XML. */
struct opc_xml {
	struct zip_stream *stream;
	struct xml *x;
};
int opc_xml_open(const struct opc *p, const struct zip_entry *part, struct opc_xml *o,
		 struct err *e) MUST_CHECK;
void opc_xml_close(struct opc_xml *o);
/* zip_stream_read() of the struct zip_stream that `from` points to. */
int opc_read(void *from, char *to, size_t size, size_t *n_r, struct err *e) MUST_CHECK;
/* A copy of s with its references resolved, in the arena. */
int opc_unescape(struct slice s, struct arena *a, struct slice *text_r,
		 struct err *e) MUST_CHECK;

#endif
