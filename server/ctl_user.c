/*
 * The user and session commands. Ignorant of HTTP; the statements are the pages' own.
 */
#include "server/ctl_user.h"

#include "parse/json_token.h"
#include "server/config.h"
#include "server/password.h"
#include "server/role.h"
#include "server/stmt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { ANSWER = 16 * 1024 * 1024, LINE = 512, ACTOR = 4 };

/* One command at work. */
struct job {
	struct config *cfg;
	struct db *db;
	struct arena arena;
};

static int job_begin(struct job *j, const struct ctl *ctl, struct err *e)
{
	*j = (struct job){ 0 };
	arena_init(&j->arena, ANSWER);
	if (config_load(ctl->config_path, &j->cfg, e) < 0)
		return -1;
	return db_open_few(j->cfg, "waybillctl", &j->db, e);
}

static void job_end(struct job *j)
{
	db_close(&j->db);
	config_free(&j->cfg);
	arena_release(&j->arena);
}

/* Who does it, for the audit log: the tool, and the machine's user. */
static void actor(struct job *j, struct slice v[ACTOR])
{
	const char *name = getenv("SUDO_USER");

	if (name == NULL)
		name = getenv("USER");
	v[0] = (struct slice){ NULL, 0 };
	v[1] = name == NULL ? SLICE("waybillctl")
			    : arena_printf(&j->arena, "waybillctl (%s)", name);
	v[2] = v[3] = (struct slice){ NULL, 0 };
}

/* The sentence in an answer that refuses. */
static int refused(struct slice json, struct arena *a, struct err *e)
{
	struct json_token t;
	struct json j;

	json_init(&j, json, a);
	while (json_next(&j, &t, e) == 0 && t.kind != JSON_END)
		if (t.kind == JSON_KEY && slice_eq(t.text, SLICE("message")) &&
		    json_next(&j, &t, e) == 0)
			return err_set(e, ERR_INPUT, "%.*s",
				       (int)(t.text.n > 0 ? t.text.n - 1 : 0), t.text.p);
	return err_set(e, ERR_INTERNAL, "the answer has no message");
}

/* Runs a statement that answers (status, body). */
static int ask(struct job *j, enum stmt_id id, const struct slice *v, size_t n,
	       struct slice *body_r, struct err *e)
{
	struct stmt_result r;

	if (stmt_run(j->db, id, v, n, &j->arena, &r, e) < 0)
		return -1;
	if (r.rows != 1 || r.columns != 2)
		return err_set(e, ERR_INTERNAL, "the statement gave no answer");
	*body_r = stmt_value(&r, 0, 1);
	if (!slice_starts(stmt_value(&r, 0, 0), SLICE("2")))
		return refused(*body_r, &j->arena, e);
	return 0;
}

/* A line of standard input, without its end. */
static int read_line(char line[LINE], struct err *e)
{
	if (fgets(line, LINE, stdin) == NULL)
		return err_set(e, ERR_INPUT, "no password was given");
	if (strchr(line, '\n') == NULL && !feof(stdin))
		return err_set(e, ERR_INPUT, "the password is too long");
	line[strcspn(line, "\r\n")] = '\0';
	return 0;
}

static int ask_terminal(const char *prompt, char line[LINE], struct err *e)
{
	struct termios was, quiet;
	int r;

	if (tcgetattr(STDIN_FILENO, &was) < 0)
		return err_set(e, ERR_INPUT,
			       "standard input is no terminal: give the password with "
			       "--stdin");
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	(void)fputs(prompt, stderr);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	r = read_line(line, e);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	(void)fputc('\n', stderr);
	return r;
}

/* Asks for a password, and gives its hash. */
static int new_hash(bool from_stdin, char hash[PASSWORD_HASH], struct err *e)
{
	char line[LINE], again[LINE];
	int r;

	if (from_stdin)
		r = read_line(line, e);
	else if ((r = ask_terminal("Password: ", line, e)) == 0 &&
		 (r = ask_terminal("Again: ", again, e)) == 0 && strcmp(line, again) != 0)
		r = err_set(e, ERR_INPUT, "the two are not the same");
	if (r == 0 && (r = password_check(slice_str(line), e)) == 0)
		r = password_hash(slice_str(line), hash, e);
	memset(line, 0, sizeof(line));
	memset(again, 0, sizeof(again));
	return r;
}

static int check_role(const char *role, struct err *e)
{
	if (role != NULL && role_of(slice_str(role)) != ROLE_UNSET)
		return 0;
	return err_set(e, ERR_INPUT, "%s%s%s: scanner, office, supervisor or admin",
		       role == NULL ? "--role is needed" : "'", role == NULL ? "" : role,
		       role == NULL ? "" : "' is no role");
}

/* user add NAME --role ROLE [--stdin] */
static int add(struct job *j, int argc, char **argv, struct err *e)
{
	const char *name, *role = NULL;
	bool from_stdin = false;
	const struct ctl_option options[] = { { "--role", &role, NULL, NULL },
					      { "--stdin", NULL, &from_stdin, NULL } };
	char hash[PASSWORD_HASH];
	struct slice v[3 + ACTOR], body;

	if (ctl_options(argc, argv, options, 2, &name, 1, "NAME --role ROLE [--stdin]",
			e) < 0 ||
	    check_role(role, e) < 0 ||
	    password_user(slice_str(name), &j->arena, &v[0], e) < 0 ||
	    new_hash(from_stdin, hash, e) < 0)
		return -1;
	v[1] = slice_str(hash);
	v[2] = slice_str(role);
	actor(j, v + 3);
	if (ask(j, STMT_USER_ADD, v, 3 + ACTOR, &body, e) < 0)
		return -1;
	(void)printf("user %.*s (%s) was made\n", (int)v[0].n, v[0].p, role);
	return 0;
}

/* user passwd NAME [--stdin] */
static int passwd(struct job *j, int argc, char **argv, struct err *e)
{
	bool from_stdin = false;
	const struct ctl_option options[] = { { "--stdin", NULL, &from_stdin, NULL } };
	char hash[PASSWORD_HASH];
	const char *name;
	struct slice v[3 + ACTOR], body;

	if (ctl_options(argc, argv, options, 1, &name, 1, "NAME [--stdin]", e) < 0 ||
	    password_user(slice_str(name), &j->arena, &v[0], e) < 0 ||
	    new_hash(from_stdin, hash, e) < 0)
		return -1;
	v[1] = slice_str(hash);
	v[2] = (struct slice){ NULL, 0 };
	actor(j, v + 3);
	if (ask(j, STMT_USER_PASSWORD, v, 3 + ACTOR, &body, e) < 0)
		return -1;
	(void)printf("%.*s has a new password and no session\n", (int)v[0].n, v[0].p);
	return 0;
}

/* user role NAME ROLE */
static int change_role(struct job *j, int argc, char **argv, struct err *e)
{
	const char *word[2];
	struct slice v[2 + ACTOR], body;

	if (ctl_options(argc, argv, NULL, 0, word, 2, "NAME ROLE", e) < 0 ||
	    check_role(word[1], e) < 0 ||
	    password_user(slice_str(word[0]), &j->arena, &v[0], e) < 0)
		return -1;
	v[1] = slice_str(word[1]);
	actor(j, v + 2);
	if (ask(j, STMT_USER_ROLE, v, 2 + ACTOR, &body, e) < 0)
		return -1;
	(void)printf("%.*s is %s\n", (int)v[0].n, v[0].p, word[1]);
	return 0;
}

/* user disable NAME, user enable NAME */
static int able(struct job *j, int argc, char **argv, struct err *e)
{
	const char *name;
	struct slice v[2 + ACTOR], body;

	if (ctl_options(argc, argv, NULL, 0, &name, 1, "NAME", e) < 0 ||
	    password_user(slice_str(name), &j->arena, &v[0], e) < 0)
		return -1;
	v[1] = slice_str(argv[0]);
	actor(j, v + 2);
	if (ask(j, STMT_USER_ABLE, v, 2 + ACTOR, &body, e) < 0)
		return -1;
	(void)printf("%.*s is %sd\n", (int)v[0].n, v[0].p, argv[0]);
	return 0;
}

/* user list */
static int list(struct job *j, int argc, char **argv, struct err *e)
{
	struct stmt_result r;

	if (ctl_options(argc, argv, NULL, 0, NULL, 0, "", e) < 0 ||
	    stmt_run(j->db, STMT_USER_TABLE, NULL, 0, &j->arena, &r, e) < 0)
		return -1;
	(void)printf("%-24s %-11s %-9s %s\n", "name", "role", "state", "sessions");
	for (size_t i = 0; i < r.rows; i++)
		(void)printf("%-24s %-11s %-9s %s\n", stmt_value(&r, i, 0).p,
			     stmt_value(&r, i, 1).p, stmt_value(&r, i, 2).p,
			     stmt_value(&r, i, 3).p);
	return 0;
}

/* session purge */
static int purge(struct job *j, int argc, char **argv, struct err *e)
{
	struct stmt_result r;
	struct slice v[2];

	if (ctl_options(argc, argv, NULL, 0, NULL, 0, "", e) < 0)
		return -1;
	v[0] = arena_printf(&j->arena, "%u", j->cfg->session_lifetime / 1000);
	v[1] = arena_printf(&j->arena, "%u", j->cfg->session_max / 1000);
	if (stmt_run(j->db, STMT_SESSION_PURGE, v, 2, &j->arena, &r, e) < 0)
		return -1;
	(void)printf("%s sessions that had ended are gone\n", stmt_value(&r, 0, 0).p);
	return 0;
}

typedef int job_fn(struct job *j, int argc, char **argv, struct err *e);

static const struct sub {
	const char *command, *name;
	job_fn *run;
} subs[] = {
	{ "user", "add", add },          { "user", "passwd", passwd },
	{ "user", "role", change_role }, { "user", "disable", able },
	{ "user", "enable", able },      { "user", "list", list },
	{ "session", "purge", purge },
};

static int run(const struct ctl *ctl, int argc, char **argv)
{
	struct err e = { 0 };
	struct job j;
	job_fn *fn = NULL;
	int r = -1;

	for (size_t i = 0; argc > 1 && i < sizeof(subs) / sizeof(subs[0]); i++)
		if (strcmp(subs[i].command, argv[0]) == 0 &&
		    strcmp(subs[i].name, argv[1]) == 0)
			fn = subs[i].run;
	if (fn == NULL) {
		(void)err_set(&e, ERR_INPUT, "%s what? (see waybillctl --help)", argv[0]);
		return ctl_fail(&e);
	}
	if (job_begin(&j, ctl, &e) == 0)
		r = fn(&j, argc - 1, argv + 1, &e);
	job_end(&j);
	return r < 0 ? ctl_fail(&e) : ctl_printed();
}

int ctl_user(const struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv);
}

int ctl_session(const struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv);
}
