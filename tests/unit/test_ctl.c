/*
 * The tool's options: in any order, with a value behind or joined, and every mistake
 * named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/ctl.h"

/* A command "rows" with --sheet NAME, --check and one word. */
static const struct row {
	const char *name;
	const char *argv[6];      /* behind "rows" */
	const char *file, *sheet; /* what is understood */
	bool check;
	const char *error; /* or how the refusal begins */
} rows[] = {
	{ "a word", { "f" }, "f", NULL, false, NULL },
	{ "an option behind", { "f", "--sheet", "s" }, "f", "s", false, NULL },
	{ "an option before", { "--sheet", "s", "f" }, "f", "s", false, NULL },
	{ "joined", { "--sheet=s", "f" }, "f", "s", false, NULL },
	{ "joined to nothing", { "--sheet=", "f" }, "f", "", false, NULL },
	{ "a second =", { "--sheet=a=b", "f" }, "f", "a=b", false, NULL },
	{ "the last one counts",
	  { "--sheet=a", "f", "--sheet", "b" },
	  "f",
	  "b",
	  false,
	  NULL },
	{ "a value like an option",
	  { "--sheet", "--check", "f" },
	  "f",
	  "--check",
	  false,
	  NULL },
	{ "a flag", { "f", "--check" }, "f", NULL, true, NULL },
	{ "behind --", { "--check", "--", "--sheet" }, "--sheet", NULL, true, NULL },
	{ "a dash is a word", { "-" }, "-", NULL, false, NULL },
	{ "no word", { "--check" }, NULL, NULL, false, "'rows' needs more (usage: " },
	{ "two words", { "f", "g" }, NULL, NULL, false, "'g' is one too many (usage: " },
	{ "unknown",
	  { "f", "--shet=s" },
	  NULL,
	  NULL,
	  false,
	  "unknown option '--shet=s' (" },
	{ "a prefix only",
	  { "--sheets", "f" },
	  NULL,
	  NULL,
	  false,
	  "unknown option '--sheets' (" },
	{ "no value",
	  { "f", "--sheet" },
	  NULL,
	  NULL,
	  false,
	  "'--sheet' needs a value (" },
	{ "a flag with one",
	  { "f", "--check=1" },
	  NULL,
	  NULL,
	  false,
	  "'--check' takes no value (" },
};

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void options_are_sorted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		const char *file = NULL, *sheet = NULL;
		bool check = false;
		const struct ctl_option options[] = { { "--sheet", &sheet, NULL, NULL },
						      { "--check", NULL, &check, NULL } };
		char words[7][32] = { "rows" }, *argv[8] = { words[0] };
		struct err e = { 0 };
		int argc = 1, result;

		for (; r->argv[argc - 1] != NULL; argc++) {
			(void)snprintf(words[argc], sizeof(words[argc]), "%s",
				       r->argv[argc - 1]);
			argv[argc] = words[argc];
		}
		result = ctl_options(argc, argv, options, 2, &file, 1, "FILE", &e);
		if (r->error != NULL) {
			if (result == 0 || e.kind != ERR_INPUT ||
			    strncmp(e.text, r->error, strlen(r->error)) != 0)
				fail_msg("%s: %d '%s'", r->name, result, e.text);
			continue;
		}
		if (result < 0 || !same(file, r->file) || !same(sheet, r->sheet) ||
		    check != r->check)
			fail_msg("%s: %d '%s'", r->name, result, e.text);
	}
}

static void control_characters_are_not_printed(void **state)
{
	static const struct {
		struct slice in;
		const char *want;
	} texts[] = {
		{ SLICE_INIT("plain \xC3\xB1"), "plain \xC3\xB1" },
		{ SLICE_INIT("\x1b[2J\n\t\x7f"), "?[2J???" },
		{ SLICE_INIT("a\xC2\x9b"
			     "b\xC2\xA0"
			     "c"),
		  "a?b\xC2\xA0"
		  "c" },
		{ SLICE_INIT("cut \xC2"), "cut \xC2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char got[64] = "";
		FILE *f = tmpfile();
		size_t n;

		assert_non_null(f);
		ctl_print(f, texts[i].in);
		rewind(f);
		n = fread(got, 1, sizeof(got) - 1, f);
		assert_int_equal(n, strlen(texts[i].want));
		assert_string_equal(got, texts[i].want);
		(void)fclose(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_sorted),
		cmocka_unit_test(control_characters_are_not_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
