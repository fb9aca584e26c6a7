/*
 * Parts and relationships of a package. Ignorant of what the parts hold, and of
 * content types: a relationship's type says what its target is.
 */
#include "parse/opc.h"

#include "parse/xlsx_rich.h"

#include <stdlib.h>

enum { MAX_RELS = 65536 };

/* The next byte of a part's name as it is compared. */
static char take_name_byte(struct slice *s)
{
	static const char digits[] = "0123456789abcdef";
	char c = *slice_take(s, 1).p;

	if (c == '%' && s->n >= 2 && s->p[0] != '\0' && s->p[1] != '\0') {
		const char *high = strchr(digits, slice_lower(s->p[0]));
		const char *low = strchr(digits, slice_lower(s->p[1]));
		if (high != NULL && low != NULL) {
			(void)slice_take(s, 2);
			c = (char)((high - digits) << 4 | (low - digits));
		}
	}
	/* Some writers put the other slash between folders. */
	return c == '\\' ? '/' : slice_lower(c);
}

/* A part's name as it is compared, and its entry. */
struct opc_name {
	struct slice name;
	const struct zip_entry *entry;
};

static int fold(struct slice name, struct arena *a, struct slice *folded_r, struct err *e)
{
	char *to = arena_alloc(a, name.n + 1);

	if (to == NULL)
		return err_set(e, ERR_LIMIT, "more names than are kept");
	*folded_r = (struct slice){ to, 0 };
	while (name.n > 0)
		to[folded_r->n++] = take_name_byte(&name);
	/* Some writers begin with what only a target has. */
	if (folded_r->n > 0 && to[0] == '/')
		(void)slice_take(folded_r, 1);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct slice x = ((const struct opc_name *)a)->name;
	const struct slice y = ((const struct opc_name *)b)->name;
	int c = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);

	return c != 0 ? c : (x.n > y.n) - (x.n < y.n);
}

int opc_open(struct opc *p, const struct zip_dir *dir, const struct zip_limits *limits,
	     struct arena *a, struct err *e)
{
	size_t n = zip_dir_count(dir);

	*p = (struct opc){ .dir = dir, .limits = limits };
	p->names = arena_alloc(a, (n + 1) * sizeof(*p->names));
	if (p->names == NULL)
		return err_set(e, ERR_LIMIT, "more names than are kept");
	for (; p->n < n; p->n++) {
		struct opc_name *to = &p->names[p->n];

		to->entry = zip_dir_at(dir, p->n);
		if (fold(to->entry->name, a, &to->name, e) < 0)
			return -1;
	}
	qsort(p->names, n, sizeof(*p->names), by_name);
	return 0;
}

/* Part 2, 6.2.2.3: no two parts have equal names. */
int opc_check(const struct opc *p, struct err *e)
{
	for (size_t i = 1; i < p->n; i++) {
		struct slice name = p->names[i].name;

		if (by_name(&p->names[i - 1], &p->names[i]) == 0)
			return err_set(
				e, ERR_INPUT,
				"two parts of the workbook have one name, \"%.*s\"",
				(int)(name.n < 80 ? name.n : 80), name.p);
	}
	return 0;
}

/* As by_name(), of a name that is not folded. */
static int compare(struct slice name, struct slice folded)
{
	while (name.n > 0 && folded.n > 0) {
		int a = (unsigned char)take_name_byte(&name);
		int b = (unsigned char)*slice_take(&folded, 1).p;

		if (a != b)
			return a - b;
	}
	return (name.n > 0) - (folded.n > 0);
}

const struct zip_entry *opc_part(const struct opc *p, struct slice name)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t i = low + (high - low) / 2;
		int c = compare(name, p->names[i].name);

		if (c == 0)
			return p->names[i].entry;
		if (c < 0)
			high = i;
		else
			low = i + 1;
	}
	return NULL;
}

int opc_read(void *from, char *to, size_t size, size_t *n_r, struct err *e)
{
	return zip_stream_read(from, to, size, n_r, e);
}

int opc_xml_open(const struct opc *p, const struct zip_entry *part, struct opc_xml *o,
		 struct err *e)
{
	*o = (struct opc_xml){ NULL, NULL };
	if (zip_stream_open(p->dir, part, p->limits, &o->stream, e) < 0)
		return -1;
	if (xml_open(opc_read, o->stream, &xlsx_xml_limits, &o->x, e) < 0) {
		opc_xml_close(o);
		return -1;
	}
	return 0;
}

void opc_xml_close(struct opc_xml *o)
{
	xml_close(&o->x);
	zip_stream_close(&o->stream);
}

int opc_unescape(struct slice s, struct arena *a, struct slice *text_r, struct err *e)
{
	char *text = arena_alloc(a, s.n + 1);

	if (text == NULL)
		return err_set(e, ERR_LIMIT, "more names than are kept");
	*text_r = (struct slice){ text, 0 };
	return xml_unescape(s, text, &text_r->n, e);
}

/* What stands before the last slash of a part's name, the slash included. */
static struct slice folder(struct slice part)
{
	while (part.n > 0 && part.p[part.n - 1] != '/')
		part.n--;
	return part;
}

/* RFC 3986, 5.2.4, on a name without a leading slash; in place. */
static size_t remove_dot_segments(char *p, size_t n)
{
	struct slice rest = { p, n };
	size_t used = 0;

	while (rest.n > 0) {
		struct slice step = slice_split(&rest, '/');
		bool last = rest.n == 0;

		if (slice_eq(step, SLICE("..")))
			used = used > 0 ? folder((struct slice){ p, used - 1 }).n : 0;
		if (slice_eq(step, SLICE("..")) || slice_eq(step, SLICE(".")) ||
		    step.n == 0)
			continue;
		memmove(p + used, step.p, step.n);
		used += step.n;
		if (!last)
			p[used++] = '/';
	}
	return used;
}

/* A target (part 2, 6.5.3) against the part that it stands in. */
static int resolve(struct slice part, struct slice target, struct arena *a,
		   struct slice *name_r, struct err *e)
{
	bool rooted = target.n > 0 && (target.p[0] == '/' || target.p[0] == '\\');
	struct slice base = rooted ? SLICE("") : folder(part);
	struct slice path = slice_split(&target, '#');
	char *name = arena_alloc(a, base.n + path.n + 1);

	if (name == NULL)
		return err_set(e, ERR_LIMIT, "more names than are kept");
	if (base.n > 0)
		memcpy(name, base.p, base.n);
	for (size_t i = 0; i < path.n; i++)
		name[base.n + i] = path.p[i] == '\\' ? '/' : path.p[i];
	name_r->p = name;
	name_r->n = remove_dot_segments(name, base.n + path.n);
	return 0;
}

/* The last step of a type of office documents: ECMA-376 part 4 (transitional) or
 * part 1 (strict), 15.2 and following. */
static struct slice short_type(struct slice type)
{
	static const struct slice roots[] = {
		SLICE_INIT("http://schemas.openxmlformats.org/officeDocument/2006/"
			   "relationships/"),
		SLICE_INIT("http://purl.oclc.org/ooxml/officeDocument/relationships/"),
	};

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		if (slice_starts(type, roots[i]))
			return slice_from(type, roots[i].n);
	return SLICE("");
}

static int read_rel(const struct xml_token *t, struct slice part, struct arena *a,
		    struct opc_rel *rel, struct err *e)
{
	struct slice target = { NULL, 0 }, type = { NULL, 0 };

	if (opc_unescape(xml_attr_raw(t, SLICE("Id")), a, &rel->id, e) < 0 ||
	    opc_unescape(xml_attr_raw(t, SLICE("Type")), a, &type, e) < 0 ||
	    opc_unescape(xml_attr_raw(t, SLICE("Target")), a, &target, e) < 0)
		return -1;
	rel->type = short_type(type);
	return resolve(part, target, a, &rel->target, e);
}

/* Room for one more, doubling; what was outgrown stays in the arena until its end. */
static int add_rel(struct opc_rels *rels, const struct opc_rel *rel, struct arena *a,
		   struct err *e)
{
	bool full = rels->n == 0 || (rels->n >= 8 && (rels->n & (rels->n - 1)) == 0);
	struct opc_rel *grown;

	if (full) {
		grown = rels->n < MAX_RELS
				? arena_alloc(a, sizeof(*rel) *
							 (rels->n == 0 ? 8 : rels->n * 2))
				: NULL;
		if (grown == NULL)
			return err_set(e, ERR_LIMIT, "more relationships than are kept");
		if (rels->n > 0)
			memcpy(grown, rels->rel, rels->n * sizeof(*rel));
		rels->rel = grown;
	}
	rels->rel[rels->n++] = *rel;
	return 0;
}

/* Part 2, 6.5.3.3: Relationships = Relationship* */
static int read_rels(struct xml *x, struct slice part, struct arena *a,
		     struct opc_rels *rels, struct err *e)
{
	struct xml_token t;
	struct opc_rel rel;
	int got;

	while ((got = xml_next(x, &t, e)) == PARSE_MORE) {
		if (t.kind != XML_START || !slice_eq(t.name, SLICE("Relationship")) ||
		    slice_eq(xml_attr_raw(&t, SLICE("TargetMode")), SLICE("External")))
			continue;
		if (read_rel(&t, part, a, &rel, e) < 0 || add_rel(rels, &rel, a, e) < 0)
			return -1;
	}
	return got < 0 ? -1 : 0;
}

int opc_rels_read(const struct opc *p, struct slice part, struct arena *a,
		  struct opc_rels *rels_r, struct err *e)
{
	struct slice in = folder(part), file = slice_from(part, in.n), name;
	const struct zip_entry *entry;
	struct opc_xml o;
	int got;

	*rels_r = (struct opc_rels){ NULL, 0 };
	name = arena_printf(a, "%.*s_rels/%.*s.rels", (int)in.n, in.n > 0 ? in.p : "",
			    (int)file.n, file.n > 0 ? file.p : "");
	if (name.p == NULL)
		return err_set(e, ERR_LIMIT, "more names than are kept");
	entry = opc_part(p, name);
	if (entry == NULL)
		return 0;
	if (opc_xml_open(p, entry, &o, e) < 0)
		return err_prefix(e, "\"%.80s\"", name.p);
	got = read_rels(o.x, part, a, rels_r, e);
	opc_xml_close(&o);
	return got < 0 ? err_prefix(e, "\"%.80s\"", name.p) : 0;
}

const struct opc_rel *opc_rel_of_type(const struct opc_rels *rels, struct slice type)
{
	for (size_t i = 0; i < rels->n; i++)
		if (slice_eq(rels->rel[i].type, type))
			return &rels->rel[i];
	return NULL;
}

const struct opc_rel *opc_rel_of_id(const struct opc_rels *rels, struct slice id)
{
	for (size_t i = 0; i < rels->n; i++)
		if (slice_eq(rels->rel[i].id, id))
			return &rels->rel[i];
	return NULL;
}
