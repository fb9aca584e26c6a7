/*
 * Reads the JSON that HTTP clients get, so that both tell the same story. Members it
 * does not know are passed over.
 */
#include "server/ctl_report.h"

#include "parse/json_token.h"
#include "server/ctl.h"

enum text { SHEET, FORMAT, MESSAGE, ERROR, TEXTS };
enum count {
	TOTAL,
	INSERTED,
	UPDATED,
	UNCHANGED,
	DUPLICATE,
	REJECTED,
	UNREADABLE,
	COUNTS
};

static const struct {
	const char *key;
	enum text text;
} text_keys[] = {
	{ "sheet", SHEET },
	{ "format", FORMAT },
	{ "message", MESSAGE },
	{ "error", ERROR },
};

static const struct {
	const char *key, *line;
} count_keys[COUNTS] = {
	[TOTAL] = { "rows_total", "rows" },
	[INSERTED] = { "inserted", "inserted" },
	[UPDATED] = { "updated", "updated" },
	[UNCHANGED] = { "unchanged", "unchanged" },
	[DUPLICATE] = { "duplicate", "repeated in the file (the last one counts)" },
	[REJECTED] = { "rejected", "rejected" },
	[UNREADABLE] = { "unreadable", "of them cannot be read" },
};

struct report {
	struct slice text[TEXTS], count[COUNTS]; /* counts as JSON writes them */
	bool dry_run;
	struct json warnings, rejects; /* standing before the array */
	bool has_warnings, has_rejects;
};

static void keep_text(struct report *r, struct slice key, struct slice value)
{
	for (size_t i = 0; i < sizeof(text_keys) / sizeof(text_keys[0]); i++)
		if (slice_eq(key, slice_str(text_keys[i].key)))
			r->text[text_keys[i].text] = value;
}

static void keep_count(struct report *r, struct slice key, struct slice value)
{
	for (size_t i = 0; i < COUNTS; i++)
		if (slice_eq(key, slice_str(count_keys[i].key)))
			r->count[i] = value;
}

/* One member of the answer, whose key was just read. */
static int read_member(struct json *j, struct slice key, struct report *r, struct err *e)
{
	struct json before = *j;
	struct json_token t;

	if (slice_eq(key, SLICE("warnings"))) {
		r->warnings = before;
		r->has_warnings = true;
		return json_skip(j, e);
	}
	if (slice_eq(key, SLICE("rejects"))) {
		r->rejects = before;
		r->has_rejects = true;
		return json_skip(j, e);
	}
	if (json_next(j, &t, e) < 0)
		return -1;
	if (t.kind == JSON_OBJECT || t.kind == JSON_ARRAY) {
		*j = before;
		return json_skip(j, e);
	}
	if (t.kind == JSON_STRING)
		keep_text(r, key, t.text);
	if (t.kind == JSON_NUMBER)
		keep_count(r, key, t.text);
	if (t.kind == JSON_TRUE && slice_eq(key, SLICE("dry_run")))
		r->dry_run = true;
	return 0;
}

static int read_report(struct slice json, struct arena *a, struct report *r,
		       struct err *e)
{
	struct json j;
	struct json_token t;

	json_init(&j, json, a);
	if (json_next(&j, &t, e) < 0)
		return -1;
	if (t.kind != JSON_OBJECT)
		return err_set(e, ERR_INTERNAL, "the import's answer is no object");
	while (json_next(&j, &t, e) == 0) {
		if (t.kind == JSON_OBJECT_END)
			return 0;
		if (t.kind != JSON_KEY || read_member(&j, t.text, r, e) < 0)
			break;
	}
	return err_set(e, ERR_INTERNAL, "the import's answer cannot be read");
}

/* The string or number members of one object of a list, by the keys asked for. */
static int read_item(struct json *j, const char *const *keys, struct slice *values,
		     size_t n, struct err *e)
{
	struct json_token t;

	for (size_t i = 0; i < n; i++)
		values[i] = SLICE("");
	while (json_next(j, &t, e) == 0 && t.kind == JSON_KEY) {
		struct slice key = t.text;
		struct json before = *j;

		if (json_next(j, &t, e) < 0)
			return -1;
		for (size_t i = 0; i < n; i++)
			if ((t.kind == JSON_STRING || t.kind == JSON_NUMBER) &&
			    slice_eq(key, slice_str(keys[i])))
				values[i] = t.text;
		if (t.kind == JSON_OBJECT || t.kind == JSON_ARRAY) {
			*j = before;
			if (json_skip(j, e) < 0)
				return -1;
		}
	}
	return e->kind == ERR_NONE ? 0 : -1;
}

/* "  Rows of totals are left out. (3)" */
static void print_warning(const struct slice *v)
{
	(void)printf("  ");
	ctl_print(stdout, v[0]);
	if (v[1].n > 0)
		(void)printf(" (%.*s)", (int)v[1].n, v[1].p);
	(void)printf("\n");
}

/* "  row 17, COD 'abc': not a number" */
static void print_reject(const struct slice *v)
{
	(void)printf("  row ");
	ctl_print(stdout, v[0]);
	if (v[1].n > 0) {
		(void)printf(", ");
		ctl_print(stdout, v[1]);
	}
	if (v[2].n > 0) {
		(void)printf(" '");
		ctl_print(stdout, v[2]);
		(void)printf("'");
	}
	(void)printf(": ");
	ctl_print(stdout, v[3]);
	(void)printf("\n");
}

/* A list of objects under a title; nothing for an empty one. */
static int print_list(struct json j, const char *title, const char *const *keys, size_t n,
		      void (*print)(const struct slice *v), struct err *e)
{
	struct slice values[4];
	struct json_token t;
	bool titled = false;

	if (json_next(&j, &t, e) < 0)
		return -1;
	if (t.kind != JSON_ARRAY)
		return 0;
	while (json_next(&j, &t, e) == 0 && t.kind == JSON_OBJECT) {
		if (read_item(&j, keys, values, n, e) < 0)
			return -1;
		if (!titled)
			(void)printf("%s\n", title);
		titled = true;
		print(values);
	}
	return e->kind == ERR_NONE ? 0 : -1;
}

static void print_counts(const struct report *r)
{
	for (size_t i = 0; i < COUNTS; i++) {
		if (r->count[i].n == 0 ||
		    (i == UNREADABLE && slice_eq(r->count[i], r->count[REJECTED])))
			continue;
		(void)printf("%10.*s %s\n", (int)r->count[i].n, r->count[i].p,
			     count_keys[i].line);
	}
}

static bool is_none(struct slice count)
{
	return count.n == 0 || slice_eq(count, SLICE("0"));
}

static int print_report(const struct report *r, struct err *e)
{
	static const char *const warning_keys[] = { "message", "count" };
	static const char *const reject_keys[] = { "row", "column", "text", "reason" };
	const char *rows = r->text[ERROR].n > 0
				   ? "Rows that cannot be read, then repeated ones"
				   : "Rows left out";

	if (r->text[FORMAT].n > 0) {
		ctl_print(stdout, r->text[FORMAT]);
		(void)printf("%s", r->text[SHEET].n > 0 ? ", sheet " : "");
		ctl_print(stdout, r->text[SHEET]);
		(void)printf("\n");
	}
	if (r->dry_run)
		(void)printf(
			"dry run: nothing was loaded; this is what would have been\n");
	print_counts(r);
	if (r->has_warnings &&
	    print_list(r->warnings, "Warnings", warning_keys, 2, print_warning, e) < 0)
		return -1;
	if (r->has_rejects &&
	    print_list(r->rejects, rows, reject_keys, 4, print_reject, e) < 0)
		return -1;
	return 0;
}

int ctl_report(struct slice json, struct arena *a, struct err *e)
{
	struct report r = { .dry_run = false };

	if (read_report(json, a, &r, e) < 0)
		return -1;
	return r.text[ERROR].n > 0 && is_none(r.count[UNREADABLE]) ? 0
								   : print_report(&r, e);
}

struct slice ctl_report_message(struct slice json, struct arena *a)
{
	struct report r = { .dry_run = false };
	struct err e = { 0 };

	if (read_report(json, a, &r, &e) < 0)
		return SLICE("");
	return r.text[MESSAGE].n > 0 ? r.text[MESSAGE] : r.text[ERROR];
}
