/*
 * Packages: names of parts, relationships and what their targets lead to.
 */
#include "parse/opc.h"

#include "tests/unit/mkzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TYPES  "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define STRICT "http://purl.oclc.org/ooxml/officeDocument/relationships/"
#define REL(id, type, target)                                                            \
	"<Relationship Id='" id "' Type='" type "' Target='" target "'/>"

static const struct target {
	const char *target, *want;
} targets[] = {
	{ "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml" },
	{ "./worksheets/sheet1.xml", "xl/worksheets/sheet1.xml" },
	{ "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml" },
	{ "../xl/worksheets/../sheet1.xml", "xl/sheet1.xml" },
	{ "../../../sheet1.xml", "sheet1.xml" },
	{ "worksheets\\sheet1.xml", "xl/worksheets/sheet1.xml" },
	{ "a//b.xml", "xl/a/b.xml" },
	{ "a.xml#top", "xl/a.xml" },
	{ "a&amp;b.xml", "xl/a&b.xml" },
	{ "", "xl" },
	{ "..", "" },
};

struct fixture {
	FILE *file;
	struct zip_dir *dir;
	struct zip_limits limits;
	struct opc package;
	struct arena arena;
};

static void open_package(struct fixture *f, const struct mkzip_entry *entries)
{
	struct err e = { 0 };
	uint64_t size;

	f->file = tmpfile();
	assert_non_null(f->file);
	size = mkzip(f->file, entries);
	assert_int_equal(zip_dir_open(fileno(f->file), 0, size, 100, &f->dir, &e), 0);
	f->limits = (struct zip_limits){ 1 << 20, 100 };
	arena_init(&f->arena, 1 << 20);
	assert_int_equal(opc_open(&f->package, f->dir, &f->limits, &f->arena, &e), 0);
}

static void close_package(struct fixture *f)
{
	arena_release(&f->arena);
	zip_dir_close(&f->dir);
	(void)fclose(f->file);
}

static void targets_resolve(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		char xml[512];
		const struct mkzip_entry entries[] = { { "xl/_rels/book.xml.rels", xml },
						       { NULL, NULL } };
		struct opc_rels rels;
		struct fixture f;
		struct err e = { 0 };
		int n = snprintf(xml, sizeof(xml),
				 "<Relationships>" REL("a", TYPES "styles",
						       "%s") "</Relationships>",
				 targets[i].target);

		assert_true(n > 0 && (size_t)n < sizeof(xml));
		open_package(&f, entries);
		assert_int_equal(opc_rels_read(&f.package, SLICE("xl/book.xml"), &f.arena,
					       &rels, &e),
				 0);
		assert_int_equal(rels.n, 1);
		if (!slice_eq(rels.rel[0].target, slice_str(targets[i].want)))
			fail_msg("\"%s\": \"%.*s\"", targets[i].target,
				 (int)rels.rel[0].target.n, rels.rel[0].target.p);
		close_package(&f);
	}
}

static void types_and_ids(void **state)
{
	static const struct mkzip_entry entries[] = {
		{ "_rels/.rels",
		  "<?xml version='1.0'?><Relationships>" REL("r1", TYPES "officeDocument",
							     "x.xml")
			  REL("r2", STRICT "styles", "/y.xml")
				  REL("r&#51;", "http://other/styles",
				      "z.xml") "<Relationship Id='r4' Type='" TYPES
					       "hyperlink' Target='http://example.org/' "
					       "TargetMode='External'/>" REL(
						       "r5", TYPES "a/b",
						       "q.xml") "</Relationships>" },
		{ NULL, NULL },
	};
	struct opc_rels rels;
	struct fixture f;
	struct err e = { 0 };

	(void)state;
	open_package(&f, entries);
	assert_int_equal(opc_rels_read(&f.package, SLICE(""), &f.arena, &rels, &e), 0);
	assert_int_equal(rels.n, 4);
	assert_true(slice_eq(opc_rel_of_type(&rels, SLICE("officeDocument"))->target,
			     SLICE("x.xml")));
	assert_true(slice_eq(opc_rel_of_type(&rels, SLICE("styles"))->target,
			     SLICE("y.xml")));
	assert_true(slice_eq(opc_rel_of_id(&rels, SLICE("r3"))->target, SLICE("z.xml")));
	assert_null(opc_rel_of_type(&rels, SLICE("hyperlink")));
	assert_null(opc_rel_of_id(&rels, SLICE("r4")));
	assert_null(opc_rel_of_id(&rels, SLICE("R1")));
	close_package(&f);
}

/* More relationships than the first allocation holds. */
static void many(void **state)
{
	static char xml[40000];
	const struct mkzip_entry entries[] = { { "_rels/.rels", xml }, { NULL, NULL } };
	struct opc_rels rels;
	struct fixture f;
	struct err e = { 0 };
	size_t n = 0;

	(void)state;
	n += (size_t)snprintf(xml, sizeof(xml), "<Relationships>");
	for (int i = 0; i < 300; i++)
		n += (size_t)snprintf(
			xml + n, sizeof(xml) - n,
			"<Relationship Id='r%d' Type='t' Target='p%d.xml'/>", i, i);
	(void)snprintf(xml + n, sizeof(xml) - n, "</Relationships>");
	open_package(&f, entries);
	assert_int_equal(opc_rels_read(&f.package, SLICE(""), &f.arena, &rels, &e), 0);
	assert_int_equal(rels.n, 300);
	assert_true(slice_eq(opc_rel_of_id(&rels, SLICE("r0"))->target, SLICE("p0.xml")));
	assert_true(
		slice_eq(opc_rel_of_id(&rels, SLICE("r299"))->target, SLICE("p299.xml")));
	close_package(&f);
}

static void part_names(void **state)
{
	static const struct mkzip_entry entries[] = {
		{ "xl/A.xml", "" },       { "xl/", "" },
		{ "/xl/rooted.xml", "" }, { "xl\\back.xml", "" },
		{ "xl/m%C3%A9.xml", "" }, { "xl/blatt \xC3\xA4.xml", "" },
		{ NULL, NULL },
	};
	static const struct {
		const char *name, *found;
	} names[] = {
		{ "xl/a.xml", "xl/A.xml" },
		{ "xl/A.xml", "xl/A.xml" },
		{ "xl/", "xl/" },
		{ "xl", NULL },
		{ "XL/a.XML", "xl/A.xml" },
		{ "xl/rooted.xml", "/xl/rooted.xml" },
		{ "xl/back.xml", "xl\\back.xml" },
		{ "xl/m%c3%a9.xml", "xl/m%C3%A9.xml" },
		{ "xl/m\xC3\xA9.xml", "xl/m%C3%A9.xml" },
		{ "xl/blatt%20%C3%A4.xml", "xl/blatt \xC3\xA4.xml" },
		{ "xl/%61.xml", "xl/A.xml" },
		{ "xl/a.xm", NULL },
		{ "xl/a.xmlx", NULL },
		{ "xl/a%zz.xml", NULL },
		{ "xl/a.xml%", NULL },
		{ "", NULL },
	};
	struct fixture f;

	(void)state;
	open_package(&f, entries);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct zip_entry *got =
			opc_part(&f.package, slice_str(names[i].name));

		if (names[i].found == NULL
			    ? got != NULL
			    : got == NULL ||
				      !slice_eq(got->name, slice_str(names[i].found)))
			fail_msg("\"%s\": \"%.*s\"", names[i].name,
				 got == NULL ? 4 : (int)got->name.n,
				 got == NULL ? "none" : got->name.p);
	}
	close_package(&f);
}

/* Two workbooks hid in one file: which was read hung on the case of a name. */
static void equal_names(void **state)
{
	static const char *const names[] = { "xl/a.xml", "XL/A.xml", "/xl/a.xml",
					     "xl\\a.xml", "xl/%61.xml" };
	struct mkzip_entry entries[] = {
		{ "xl/a.xml", "" }, { "xl/b.xml", "" }, { NULL, "" }, { NULL, NULL }
	};
	struct fixture f;

	(void)state;
	for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
		struct err e = { 0 };

		entries[2].name = names[i];
		open_package(&f, entries);
		assert_int_equal(opc_check(&f.package, &e), -1);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_non_null(strstr(e.text, "\"xl/a.xml\""));
		close_package(&f);
	}
	entries[2].name = "xl/a.xmlx";
	{
		struct err e = { 0 };

		open_package(&f, entries);
		assert_int_equal(opc_check(&f.package, &e), 0);
		close_package(&f);
	}
}

static void damaged(void **state)
{
	static const struct mkzip_entry entries[] = {
		{ "xl/_rels/a.xml.rels", "<Relationships><Relationship" },
		{ NULL, NULL },
	};
	struct opc_rels rels;
	struct fixture f;
	struct err e = { 0 };

	(void)state;
	open_package(&f, entries);
	assert_int_equal(
		opc_rels_read(&f.package, SLICE("xl/a.xml"), &f.arena, &rels, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_non_null(strstr(e.text, "\"xl/_rels/a.xml.rels\": XML byte"));
	e = (struct err){ 0 };
	assert_int_equal(
		opc_rels_read(&f.package, SLICE("xl/b.xml"), &f.arena, &rels, &e), 0);
	assert_int_equal(rels.n, 0);
	close_package(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_resolve),
		cmocka_unit_test(types_and_ids),
		cmocka_unit_test(many),
		cmocka_unit_test(part_names),
		cmocka_unit_test(equal_names),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
