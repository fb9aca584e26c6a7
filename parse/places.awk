# Turns places.txt into the sorted tables that address.c searches.
#
#   awk -f parse/places.awk parse/places.txt >DIR/places_table.h
#
# A key is a name's letters and digits in lower case, with n for its n-tilde: what
# address.c makes of a part of an address. Plain awk: mawk and gawk give the same bytes.

function key(name) {
	gsub(/\303\261|\303\221/, "n", name)
	name = tolower(name)
	gsub(/[^a-z0-9]/, "", name)
	if (name == "" || length(name) >= 28) {
		print FILENAME ":" FNR ": no key for " name >"/dev/stderr"
		failed = 1
	}
	return name
}

function trim(text) {
	gsub(/^ +| +$/, "", text)
	return text
}

BEGIN { provinces = 0 }
/^#/ || /^$/ { next }
{
	colon = index($0, ":")
	n = split(substr($0, 1, colon - 1), names, /[=,]/)
	printed[provinces] = trim(names[1])
	for (i = 1; i <= n; i++)
		province[++keys] = "\t{ \"" key(trim(names[i])) "\", " provinces " },"
	n = split(substr($0, colon + 1), names, /[=,]/)
	for (i = 1; i <= n; i++)
		place[++places] = "\t{ \"" key(trim(names[i])) "\", " provinces " },"
	provinces++
}
END {
	if (failed || provinces > 255)
		exit 1
	print "/* Made from parse/places.txt. */"
	print "static const char *const province_names[] = {"
	for (i = 0; i < provinces; i++)
		print "\t\"" printed[i] "\","
	print "};\n"
	print "static const struct place province_keys[] = {"
	fflush()
	for (i = 1; i <= keys; i++)
		print province[i] | "LC_ALL=C sort -u"
	close("LC_ALL=C sort -u")
	print "};\n"
	print "static const struct place places[] = {"
	fflush()
	for (i = 1; i <= places; i++)
		print place[i] | "LC_ALL=C sort -u"
	close("LC_ALL=C sort -u")
	print "};"
}
