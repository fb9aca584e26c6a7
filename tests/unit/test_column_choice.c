/* Columns that a person chose: how they are said, and what that makes of a heading row.
 */
#include "parse/column_choice.h"

#include <stdio.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct said {
	const char *name, *text, *json; /* json NULL: refused */
	const char *error;
} said[] = {
	{ "a pair", "city=Town", "[\"city=Town\"]", NULL },
	{ "all behind the first =", "city=A=B, \"C\"", "[\"city=A=B, \\\"C\\\"\"]",
	  NULL },
	{ "spaces around", " CITY = Town ", "[\"city=Town\"]", NULL },
	{ "kept out", "extra=Status", "[\"extra=Status\"]", NULL },
	{ "an object", "{\"city\": \"Town\", \"extra\": [\"A\", \"B\"]}",
	  "[\"city=Town\",\"extra=A\",\"extra=B\"]", NULL },
	{ "what it writes", "[\"city=Town\",\"extra=A=1\"]",
	  "[\"city=Town\",\"extra=A=1\"]", NULL },
	{ "remarks are joined", "{\"remarks\": [\"A\", \"B\"]}",
	  "[\"remarks=A\",\"remarks=B\"]", NULL },
	{ "an empty object", "{}", "[]", NULL },
	{ "no such field", "colour=Town", NULL, "columns: \"colour\" is no field" },
	{ "no heading", "city=", NULL,
	  "columns: say which heading city is, as in city=Heading" },
	{ "no pair", "city", NULL,
	  "columns: say which heading city is, as in city=Heading" },
	{ "a field twice", "{\"city\": [\"A\", \"B\"]}", NULL,
	  "columns: field city is chosen twice" },
	{ "a heading twice", "[\"city=A\", \"extra=A\"]", NULL,
	  "columns: heading \"A\" is chosen twice" },
	{ "cut short", "{\"city\": ", NULL, "" },
	{ "more behind", "{} {}", NULL, "" },
	{ "a number", "{\"city\": 7}", NULL,
	  "columns: send field=heading, or a JSON object of fields and their headings" },
};

static void reads_what_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(said); i++) {
		struct column_choice c = { .n = 0 };
		struct err e = { 0 };
		struct arena a;
		struct buf b;
		int got;

		arena_init(&a, 1 << 20);
		buf_init(&b, 1 << 20);
		got = column_choice_add(&c, slice_str(said[i].text), &a, &e);
		if ((got == 0) != (said[i].json != NULL))
			fail_msg("%s: %d %s", said[i].name, got, e.text);
		if (got < 0) {
			assert_int_equal(e.kind, ERR_INPUT);
			if (said[i].error[0] != '\0')
				assert_string_equal(e.text, said[i].error);
		} else {
			assert_int_equal(column_choice_json(&c, &b, &e), 0);
			if (!slice_eq(buf_slice(&b), slice_str(said[i].json)))
				fail_msg("%s: %.*s", said[i].name, (int)b.n, b.p);
		}
		buf_release(&b);
		arena_release(&a);
	}
}

static void has_a_limit(void **state)
{
	struct column_choice c = { .n = 0 };
	struct err e = { 0 };
	struct arena a;
	int got = 0;

	(void)state;
	arena_init(&a, 1 << 20);
	for (unsigned i = 0; got == 0 && i <= COLUMN_CHOICE_MAX; i++)
		got = column_choice_add(&c, arena_printf(&a, "extra=H%u", i), &a, &e);
	assert_int_equal(got, -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_int_equal(c.n, COLUMN_CHOICE_MAX);
	arena_release(&a);
}

static void finds_a_heading(void **state)
{
	struct column_choice c = { .n = 0 };
	struct err e = { 0 };
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	assert_int_equal(column_choice_add(&c, SLICE("city=TOWN"), &a, &e), 0);
	assert_int_equal(column_choice_add(&c, SLICE("extra=Town"), &a, &e), 0);
	assert_int_equal(column_choice_find(&c, SLICE("Town")), 1);
	assert_int_equal(column_choice_find(&c, SLICE("TOWN")), 0);
	assert_int_equal(column_choice_find(&c, SLICE("town")), 0);
	assert_int_equal(column_choice_find(&c, SLICE("Towns")), 2);
	arena_release(&a);
}

/* A file, what is chosen, and what becomes of its columns: '|' between them, "!" before
 * a shadowed one, "*" before a chosen one. */
static const struct find {
	const char *name, *file, *chosen, *want;
	const char *error;
} finds[] = {
	{ "headings that mean nothing", "Ref,Naam\nJT1,Ana\n",
	  "{\"waybill_number\":\"Ref\",\"receiver_name\":\"Naam\"}",
	  "*waybill_number|*receiver_name", NULL },
	{ "the number alone", "Ref,Naam\nJT1,Ana\n", "waybill_number=Ref",
	  "*waybill_number|extra", NULL },
	{ "below a title", "July,\nRef,Naam\nJT1,Ana\n", "waybill_number=Ref",
	  "*waybill_number|extra", NULL },
	{ "against what a heading says", "Waybill,COD,COD Amount\nJT1,1,2\n",
	  "cod_amount=COD", "waybill_number|*cod_amount|!cod_amount", NULL },
	{ "kept out, so that another comes up", "Waybill,COD,COD Amount\nJT1,1,2\n",
	  "extra=COD Amount", "waybill_number|cod_amount|*extra", NULL },
	{ "the second of its name", "Waybill,COD,COD\nJT1,1,2\n", "cod_amount=COD (2)",
	  "waybill_number|!cod_amount|*cod_amount", NULL },
	{ "a column without a heading", "City, ,COD\nCebu,JT1,2\n",
	  "waybill_number=Column B", "city|*waybill_number|cod_amount", NULL },
	{ "several remarks are joined", "Waybill,A,B,Remarks\nJT1,1,2,3\n",
	  "{\"remarks\":[\"A\",\"B\"]}", "waybill_number|*remarks|*remarks|remarks",
	  NULL },
	{ "a street stays one", "Waybill,Road\nJT1,1\n", "street=Road",
	  "waybill_number|*street", NULL },
	{ "a trap, chosen", "Waybill,Sender City\nJT1,Cebu\n", "city=Sender City",
	  "waybill_number|*city", NULL },
	{ "a column without a heading", ",Receiver,City\nJT1,Ana,Cebu\n",
	  "waybill_number=Column A", "*waybill_number|receiver_name|city", NULL },
	{ "one behind all headings", "Receiver,City\nAna,Cebu,JT1\n",
	  "waybill_number=Column C", "receiver_name|city|*waybill_number", NULL },
	{ "one below a title", "July\n,Receiver,City\nJT1,Ana,Cebu\n",
	  "waybill_number=Column A", "*waybill_number|receiver_name|city", NULL },
	{ "one that has a heading", "Ref,Receiver\nJT1,Ana\n", "waybill_number=Column A",
	  NULL,
	  "no column is headed \"Column A\"; the headings in row 1 are \"Ref\", "
	  "\"Receiver\"" },
	{ "a column of a file without headings", "JT1,Ana,Cebu\nJT2,Ben,Davao\n,,Sum\n",
	  "waybill_number=Column A", NULL,
	  "no column is headed \"Column A\"; the headings in row 1 are \"JT1\", "
	  "\"Ana\", \"Cebu\"" },
	{ "a column that no sheet has", "Receiver,City\nAna,Cebu\n",
	  "waybill_number=Column XFE", NULL,
	  "no column is headed \"Column XFE\"; the headings in row 1 are \"Receiver\", "
	  "\"City\"" },
	{ "no such heading", "Waybill,City\nJT1,Cebu\n", "weight=Mass", NULL,
	  "no column is headed \"Mass\"; the headings in row 1 are \"Waybill\", "
	  "\"City\"" },
	{ "the number kept out", "Waybill,City\nJT1,Cebu\n", "extra=Waybill", NULL,
	  "no column for the waybill number; the headings in row 1 are \"Waybill\", "
	  "\"City\"" },
};

static struct table *open_csv(const char *text, FILE **f)
{
	struct err e = { 0 };
	struct table *t;

	*f = tmpfile();
	assert_non_null(*f);
	assert_int_equal(fputs(text, *f) >= 0 && fflush(*f) == 0, 1);
	assert_int_equal(
		table_open(fileno(*f), 0, strlen(text), &table_limits_default, &t, &e),
		0);
	return t;
}

static void check_columns(const struct find *want, const struct columns *c)
{
	char got[400];
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s%s%s",
				      i == 0 ? "" : "|", c->column[i].shadowed ? "!" : "",
				      c->column[i].chosen ? "*" : "",
				      field_name(c->column[i].field));
	if (strcmp(got, want->want) != 0)
		fail_msg("%s: %s", want->name, got);
}

static void maps_as_chosen(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(finds); i++) {
		struct column_choice chosen = { .n = 0 };
		struct err e = { 0 };
		struct columns c;
		struct slice sheet;
		struct arena a;
		struct table *t;
		FILE *f;
		int got;

		arena_init(&a, 1 << 20);
		t = open_csv(finds[i].file, &f);
		assert_int_equal(
			column_choice_add(&chosen, slice_str(finds[i].chosen), &a, &e),
			0);
		got = columns_find_chosen(t, SLICE(""), &chosen, &a, &c, &sheet, &e);
		if ((got == 0) != (finds[i].want != NULL))
			fail_msg("%s: %d %s", finds[i].name, got, e.text);
		if (got == 0)
			check_columns(&finds[i], &c);
		else
			assert_string_equal(e.text, finds[i].error);
		table_close(&t);
		(void)fclose(f);
		arena_release(&a);
	}
}

static void a_key_is_of_the_set_of_headings(void **state)
{
	static const struct {
		const char *file;
		bool same;
	} rows[] = {
		{ "Waybill,City\nJT1,Cebu\n", true },
		{ "x,y\nCITY, way-bill *\nCebu,JT1\n", true },
		{ "Waybill,City,COD\nJT1,Cebu,1\n", false },
		{ "Waybill,City,City\nJT1,Cebu,1\n", false },
	};
	char key[COLUMNS_KEYS][SHA256_HEX], first[SHA256_HEX];
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool found = false;
		struct columns c;
		struct slice sheet;
		struct arena a;
		size_t n;
		FILE *f;
		struct table *t = open_csv(rows[i].file, &f);

		arena_init(&a, 1 << 20);
		assert_int_equal(columns_near(t, SLICE(""), &a, &c, &sheet, &e), 0);
		if (i == 0)
			memcpy(first, c.key, sizeof(first));
		assert_int_equal(strcmp(first, c.key) == 0, rows[i].same);
		assert_int_equal(columns_keys(t, SLICE(""), key, &n, &e), 0);
		for (size_t k = 0; k < n; k++)
			found = found || strcmp(key[k], c.key) == 0;
		assert_true(found);
		table_close(&t);
		(void)fclose(f);
		arena_release(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_said),
		cmocka_unit_test(has_a_limit),
		cmocka_unit_test(finds_a_heading),
		cmocka_unit_test(maps_as_chosen),
		cmocka_unit_test(a_key_is_of_the_set_of_headings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
