/*
 * Reading an upload's form. Ignorant of what is in the file.
 */
#include "server/upload_form.h"

#include "server/check.h"
#include "server/import_columns.h"

#include "parse/multipart.h"

#include <errno.h>
#include <unistd.h>

enum {
	BLOCK = 64 * 1024,
	MAX_OPTION = 64 * 1024,
	FIELDS_TEXT = 512,
	ID_DIGITS = 9, /* of an upload's number; the time, as a client's key, has more */
	SHOWN = 60     /* bytes of a field's name */
};

/* What is known while the parts go by. */
struct reading {
	struct upload_form *form;
	struct arena *arena;
	bool in_file;
	bool in_other; /* a file in a field that is not ours: its bytes are passed over */
	bool begun;    /* the file's first byte was seen */
	struct slice field;
	struct buf value;
};

/* A typing error must not load what was only to be checked. */
static int option_switch(const char *name, struct slice v, bool *on_r, struct err *e)
{
	static const struct {
		struct slice text;
		bool on;
	} words[] = {
		{ SLICE_INIT("1"), true },    { SLICE_INIT("true"), true },
		{ SLICE_INIT("on"), true },   { SLICE_INIT("yes"), true },
		{ SLICE_INIT("0"), false },   { SLICE_INIT("false"), false },
		{ SLICE_INIT("off"), false }, { SLICE_INIT("no"), false },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_eq_nocase(v, words[i].text)) {
			*on_r = words[i].on;
			return 0;
		}
	return err_set(e, ERR_INPUT, "field \"%s\" must be true or false", name);
}

static bool is_upload_number(struct slice v)
{
	size_t zeros = 0;

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
		zeros += zeros == i && v.p[i] == '0';
	}
	return v.n > 0 && v.n - zeros <= ID_DIGITS;
}

/* A key is asked for in a path, where a slash would end it, and where a number is that of
 * an upload: somebody else's would be cancelled and undone by it. */
static int check_key(struct slice v, struct err *e)
{
	if (check_label("upload_key", v, 255, e) < 0)
		return -1;
	if (slice_find(v, '/') != NULL)
		return err_set(e, ERR_INPUT, "field \"upload_key\" must hold no slash");
	if (is_upload_number(v))
		return err_set(e, ERR_INPUT,
			       "field \"upload_key\" must not be a number, which would "
			       "be taken for that of another upload: put a letter "
			       "before it");
	return 0;
}

/* A wrong choice is answered by itself, with the fields that there are. */
static void take_columns(struct upload_form *f, struct slice v, struct arena *a)
{
	struct err e = { 0 };

	if (import_columns_option(&f->options, v, a, &e) < 0 &&
	    f->columns.kind == ERR_NONE)
		f->columns = e;
}

/* Whether only case, hyphens and low lines tell name from option. */
static bool is_nearly(struct slice name, struct slice option)
{
	size_t at = 0;

	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '-' || name.p[i] == '_')
			continue;
		while (at < option.n && option.p[at] == '_')
			at++;
		if (at == option.n ||
		    !slice_eq_nocase((struct slice){ name.p + i, 1 },
				     (struct slice){ option.p + at, 1 }))
			return false;
		at++;
	}
	return at == option.n;
}

/* Further fields are the form's own business, unless one was meant for an option: dryrun
 * loads what was only to be checked. */
static int check_other(struct slice name, struct err *e)
{
	static const struct slice options[] = {
		SLICE_INIT("upload_key"), SLICE_INIT("uploaded_by"),
		SLICE_INIT("sheet"),      SLICE_INIT("batch"),
		SLICE_INIT("strict"),     SLICE_INIT("dry_run"),
		SLICE_INIT("async"),      SLICE_INIT("keep"),
		SLICE_INIT("kept"),       SLICE_INIT("columns"),
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (is_nearly(name, options[i])) {
			struct slice given = slice_take(&name, SHOWN);

			return err_set(e, ERR_INPUT,
				       "field \"%.*s\" is not known: write it \"%.*s\"",
				       (int)given.n, given.p, (int)options[i].n,
				       options[i].p);
		}
	return 0;
}

static int option_set(struct upload_form *f, struct slice name, struct slice v,
		      struct arena *a, struct err *e)
{
	struct import_options *o = &f->options;

	if (slice_eq(name, SLICE("upload_key"))) {
		o->upload_key = v;
		return check_key(v, e);
	}
	if (slice_eq(name, SLICE("uploaded_by"))) {
		o->uploaded_by = v;
		return check_label("uploaded_by", v, 100, e);
	}
	if (slice_eq(name, SLICE("sheet"))) {
		o->sheet = v;
		return check_label("sheet", v, 255, e);
	}
	if (slice_eq(name, SLICE("batch")))
		return option_switch("batch", v, &o->batch, e);
	if (slice_eq(name, SLICE("strict")))
		return option_switch("strict", v, &o->strict, e);
	if (slice_eq(name, SLICE("dry_run")))
		return option_switch("dry_run", v, &o->dry_run, e);
	if (slice_eq(name, SLICE("async"))) {
		f->has_async = true;
		return option_switch("async", v, &f->async, e);
	}
	if (slice_eq(name, SLICE("keep")))
		return option_switch("keep", v, &f->keep, e);
	if (slice_eq(name, SLICE("kept"))) {
		f->kept = v;
		return check_label("kept", v, 64, e);
	}
	if (slice_eq(name, SLICE("columns"))) {
		take_columns(f, v, a);
		return 0;
	}
	return check_other(name, e);
}

static int read_query(const struct request *req, struct upload_form *f, struct err *e)
{
	struct slice rest = req->url.query, name, value;
	int got;

	while ((got = url_pair_next(&rest, req->arena, &name, &value, e)) == PARSE_MORE)
		if (option_set(f, name, value, req->arena, e) < 0)
			return -1;
	return got < 0 ? -1 : 0;
}

/* Some browsers send a whole path, with either kind of slash. */
static struct slice base_name(struct slice name)
{
	size_t from = name.n;

	while (from > 0 && name.p[from - 1] != '/' && name.p[from - 1] != '\\')
		from--;
	return slice_from(name, from);
}

static int part_begin(struct reading *r, const struct multipart_item *item, struct err *e)
{
	r->in_file = slice_eq(item->name, SLICE("waybill_file"));
	r->in_other = !r->in_file && item->filename.n > 0;
	r->begun = false;
	r->value.n = 0;
	r->field = arena_dup(r->arena, item->name);
	if (r->in_other) {
		struct slice field = r->field;

		r->form->other = slice_take(&field, SHOWN);
	}
	if (!r->in_file)
		return 0;
	if (r->form->has_file)
		return err_set(e, ERR_INPUT,
			       "the form holds more than one file; send one at a time");
	r->form->options.file_name = arena_dup(r->arena, base_name(item->filename));
	return check_label("file name", r->form->options.file_name, 255, e);
}

static int part_end(struct reading *r, const struct multipart_item *item, struct err *e)
{
	struct slice value;

	if (r->in_file) {
		if (!r->begun)
			r->form->start = item->offset;
		r->form->size = item->offset - r->form->start;
		/* A form sent without choosing a file has an empty one without a name. */
		r->form->has_file = r->form->size > 0 || r->form->options.file_name.n > 0;
		return 0;
	}
	if (r->in_other)
		return 0;
	value = arena_dup(r->arena, buf_slice(&r->value));
	if (value.p == NULL)
		return err_set(e, ERR_LIMIT, "the form holds too much beside the file");
	return option_set(r->form, r->field, value, r->arena, e);
}

static int take_value(struct reading *r, struct slice data, struct err *e)
{
	struct slice field = r->field;
	struct err why = { .kind = ERR_NONE };

	if (buf_add(&r->value, data, &why) == 0)
		return 0;
	field = slice_take(&field, SHOWN);
	if (why.kind != ERR_LIMIT)
		return err_set(e, why.kind, "%s", why.text);
	return err_set(e, ERR_LIMIT,
		       "field \"%.*s\" holds more than %d bytes of text; a file comes "
		       "with its file name, in the field \"waybill_file\"",
		       (int)field.n, field.p, MAX_OPTION);
}

static int take_item(struct reading *r, const struct multipart_item *item, struct err *e)
{
	switch (item->event) {
	case MULTIPART_PART:
		return part_begin(r, item, e);
	case MULTIPART_PART_END:
		return part_end(r, item, e);
	case MULTIPART_DATA:
	default:
		break;
	}
	if (r->in_file && !r->begun) {
		r->form->start = item->offset;
		r->begun = true;
	}
	return r->in_file || r->in_other ? 0 : take_value(r, item->data, e);
}

static int read_block(struct reading *r, struct multipart *m, struct slice in,
		      struct err *e)
{
	struct multipart_item item;
	bool got = true;

	while (got) {
		int done = multipart_feed(m, &in, &item, &got, e);

		if (done != PARSE_MORE)
			return done;
		if (got && take_item(r, &item, e) < 0)
			return -1;
	}
	return PARSE_MORE;
}

static int read_body(struct reading *r, struct multipart *m, int fd, struct err *e)
{
	static char block[BLOCK];
	uint64_t at = 0;
	int done = PARSE_MORE;

	while (done == PARSE_MORE) {
		ssize_t n = pread(fd, block, sizeof(block), (off_t)at);

		if (n < 0)
			return err_set(e, ERR_INTERNAL,
				       "cannot read the spooled body: %s",
				       strerror(errno));
		if (n == 0)
			return err_set(e, ERR_INPUT,
				       "the form ends before its closing boundary; send "
				       "it again");
		at += (uint64_t)n;
		done = read_block(r, m, (struct slice){ block, (size_t)n }, e);
	}
	return done < 0 ? -1 : 0;
}

int upload_form_read(const struct request *req, int fd, struct upload_form *form,
		     struct err *e)
{
	static const struct multipart_limits limits = { .max_parts = 64,
							.max_part_head = 8192 };
	struct reading r = { .form = form, .arena = req->arena };
	struct slice type = http_head_field(&req->head, SLICE("Content-Type"));
	struct multipart *m;
	int got;

	*form = (struct upload_form){ .has_file = false };
	if (read_query(req, form, e) < 0)
		return -1;
	if (!slice_eq_nocase(request_media_type(req), SLICE("multipart/form-data")))
		return err_set(e, ERR_UNSUPPORTED,
			       "send the file as multipart/form-data in the field "
			       "\"waybill_file\"");
	if (multipart_open(type, &limits, &m, e) < 0)
		return -1;
	buf_init(&r.value, MAX_OPTION);
	got = read_body(&r, m, fd, e);
	buf_release(&r.value);
	multipart_close(&m);
	if (got == 0 && form->has_file && form->kept.n > 0)
		return err_set(e, ERR_INPUT,
			       "\"kept\" names a file that the server has, and "
			       "\"waybill_file\" brings another: send one of both");
	return got;
}

void upload_form_bad_columns(const struct upload_form *form, struct response *res)
{
	char fields[FIELDS_TEXT];
	size_t n = 0;

	for (int f = 0; f <= FIELD_EXTRA; f++)
		n += (size_t)snprintf(fields + n, sizeof(fields) - n, "%s%s",
				      f == 0 ? "" : ", ", field_name((enum field)f));
	response_error(res, 422, "bad_columns", "%s; the fields are %s",
		       form->columns.text, fields);
}
