# Turns the .sql files named on the command line into one C table, so that the
# programs carry their statements and C holds no SQL.
#
#   awk -v header=DIR/sql_table.h -f sql/embed.awk sql/migrate/*.sql sql/query/*.sql >DIR/sql_table.c
#
# sql/query/NAME.sql becomes STMT_NAME. Its first line may be a mark:
#   -- reads   changes nothing, so that a lost connection leaves no doubt
#   -- plain   not prepared on connect: DDL, COPY, and what names a temporary table
# Lines that hold nothing but a comment stay behind. sql/migrate/NNNN_NAME.sql becomes
# migration NNNN, whole; the numbers begin at 1 without a gap. Its first line may be
#   -- at rest   not beside servers that work: it is refused while any is connected
# Plain awk: mawk and gawk give the same bytes. SQL is ASCII, because the two disagree
# about anything else.

function fail(text) {
	print FILENAME ":" FNR ": " text >"/dev/stderr"
	failed = 1
	exit 1
}

# One line as a C string literal; '?' is escaped because "??(" is a trigraph in C11.
function literal(line,   i, c, out) {
	out = ""
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		if (c == "\\" || c == "\"" || c == "?")
			out = out "\\" c
		else if (c == "\t")
			out = out "\\t"
		else
			out = out c
	}
	return "\t\"" out "\\n\"\n"
}

function count_params(line,   n) {
	while (match(line, /\$[0-9]+/)) {
		n = substr(line, RSTART + 1, RLENGTH - 1) + 0
		if (n > params[queries])
			params[queries] = n
		line = substr(line, RSTART + RLENGTH)
	}
}

FNR == 1 {
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.sql$/, "", name)
	migrating = FILENAME ~ /(^|\/)migrate\//
	if (name !~ /^[a-z0-9_]+$/)
		fail("a file's name is lower case letters, digits and '_'")
	if (migrating) {
		if (name !~ /^[0-9][0-9][0-9][0-9]_/ || substr(name, 1, 4) + 0 != migrations + 1)
			fail("migrations are named NNNN_name.sql, from 0001 without a gap")
		migration_name[++migrations] = substr(name, 6)
		at_rest[migrations] = $0 ~ /^-- at rest/ ? "true" : "false"
	} else {
		query_name[++queries] = name
		kind[queries] = "SQL_WRITES"
		params[queries] = 0
		if ($0 ~ /^-- reads/)
			kind[queries] = "SQL_READS"
		if ($0 ~ /^-- plain/)
			kind[queries] = "SQL_PLAIN"
	}
}

/[^\t -~]/ { fail("SQL is ASCII without control characters") }

migrating { migration_text[migrations] = migration_text[migrations] literal($0); next }
/^[ \t]*(--.*)?$/ { next }
{
	query_text[queries] = query_text[queries] literal($0)
	count_params($0)
}

function write_header(   i) {
	print "/* Made by sql/embed.awk: not for editing. */" >header
	print "#ifndef SQL_TABLE_H\n#define SQL_TABLE_H\n\n#include <stdbool.h>\n\nenum stmt_id {" >header
	for (i = 1; i <= queries; i++)
		print "\tSTMT_" toupper(query_name[i]) "," >header
	print "\tSTMT_COUNT\n};\n" >header
	print "enum sql_kind { SQL_WRITES, SQL_READS, SQL_PLAIN };\n" >header
	print "struct sql_query {\n\tconst char *name, *text;\n\tenum sql_kind kind;" >header
	print "\tunsigned params; /* the highest $n */\n};" >header
	print "extern const struct sql_query sql_query[STMT_COUNT];\n" >header
	print "/* Migration 1 is the first. */" >header
	print "struct sql_migration {\n\tconst char *name, *text;\n\tbool at_rest;\n};" >header
	print "enum { SQL_MIGRATIONS = " migrations + 0 " };" >header
	print "extern const struct sql_migration sql_migration[SQL_MIGRATIONS];\n\n#endif" >header
}

END {
	if (failed)
		exit 1
	if (queries == 0 || migrations == 0) {
		print "sql/embed.awk: no statements or no migrations" >"/dev/stderr"
		exit 1
	}
	write_header()
	print "/* Made by sql/embed.awk: not for editing. */\n#include \"sql_table.h\"\n"
	print "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n"
	print "const struct sql_query sql_query[STMT_COUNT] = {"
	for (i = 1; i <= queries; i++)
		print "\t{ \"" query_name[i] "\",\n" query_text[i] "\t, " kind[i] ", " params[i] " },"
	print "};\n\nconst struct sql_migration sql_migration[SQL_MIGRATIONS] = {"
	for (i = 1; i <= migrations; i++)
		print "\t{ \"" migration_name[i] "\",\n" migration_text[i] "\t, " at_rest[i] " },"
	print "};"
}
