/*
 * Markup that is no tag; for xml_token.c alone.
 */
#ifndef PARSE_XML_MISC_H
#define PARSE_XML_MISC_H

#include "parse/xml_tag.h"

/* At x->pos stands '<!': skips a comment, enters a CDATA section, refuses the rest. */
enum xml_step xml_exclamation(struct xml *x, struct err *e);
/* At x->pos stands '<?': skips an instruction, or checks and skips the declaration. */
enum xml_step xml_instruction(struct xml *x, struct err *e);
/* The first occurrence of a mark of two bytes from p on; NULL: not in the window. */
const char *xml_find_pair(const struct xml *x, const char *p, const char *mark);

#endif
