# Reads site.conf and does one thing with it, for ops/site:
#
#   awk -v mode=check                            -f site.awk site.conf
#   awk -v mode=get -v key=vip                   -f site.awk site.conf
#   awk -v mode=hosts -v role=app                -f site.awk site.conf
#   awk -v mode=render -v self=lb -f site.awk site.conf TEMPLATE
#
# A template's lines are copied with @key@ replaced by a setting, a value of $SET (one
# "KEY=VALUE" per line), of the host itself: @self@, @self_address@, @self_number@ (from 1,
# within its role), @self_memory_mb@, @peers@ (the addresses of the role's other hosts), and
# @self_lb@, @self_app@, @self_db@, @self_mon@, of which the host's own role is "on"; or what
# follows from the whole, by derive() below. Lines that begin with "#@" steer:
#
#   #@ for ROLE      until #@ end: once for each host of a role, with @name@, @address@, @number@
#   #@ for peers     ... for each other host of this host's role
#   #@ if KEY        until #@ end: when the setting is neither empty nor "off"
#   #@ unless KEY    until #@ end: the opposite
#   #@ include NAME  the lines of that file beside the template, as if they stood here
#
# Plain awk: mawk and gawk give the same bytes.

function fail(text) {
	print where ": " text >"/dev/stderr"
	failed = 1
	exit 2
}

function trim(text) {
	sub(/^[ \t]+/, "", text)
	sub(/[ \t]+$/, "", text)
	return text
}

# --- values

function is_number(text, low, high) {
	return text ~ /^[0-9]+$/ && length(text) < 10 && text + 0 >= low && text + 0 <= high
}

function is_address(text,   part, i) {
	if (split(text, part, ".") != 4)
		return 0
	for (i = 1; i <= 4; i++)
		if (!is_number(part[i], 0, 255) || (length(part[i]) > 1 && part[i] ~ /^0/))
			return 0
	return 1
}

function is_network(text,   part) {
	return split(text, part, "/") == 2 && is_address(part[1]) && is_number(part[2], 0, 32)
}

function as_number(address,   part) {
	split(address, part, ".")
	return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4]
}

function in_network(address, network,   part, size) {
	split(network, part, "/")
	size = 2 ^ (32 - part[2])
	return int(as_number(address) / size) == int(as_number(part[1]) / size)
}

function is_size(text) { return text ~ /^[1-9][0-9]*[MG]$/ }
function is_upload(text) { return is_size(text) && in_mb(text) <= 1024 * 1024 }
function is_name(text) { return text ~ /^[a-z][a-z0-9-]*$/ && length(text) <= 63 }

# One that is there, where this machine has zones at all: waybilld would hear it from PostgreSQL.
function is_zone(text) {
	return text ~ /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/ && length(text) <= 64 &&
		!system("cd /usr/share/zoneinfo 2>/dev/null && test -f UTC || exit 0; " \
			"test \"$(head -c 4 -- " text " 2>/dev/null)\" = TZif")
}

# The site has roles of its own, and PostgreSQL keeps some names.
function is_role(text) {
	return text ~ /^[A-Za-z0-9_.\/-]+$/ && text !~ /^(postgres|replicator|public|none|pg_.*)$/
}

function is_endpoint(text,   part) {
	return split(text, part, ":") == 2 && part[1] ~ /^[A-Za-z0-9][A-Za-z0-9.-]*$/ && is_number(part[2], 1, 65535)
}

function is_place(text) {
	return text == "" || text ~ /^\/[A-Za-z0-9_.\/-]*$/ ||
		text ~ /^[A-Za-z0-9_.@:\/-]+:[A-Za-z0-9_.\/-]*$/
}

# What a value of this kind must be, or "" when it is.
function wrong(kind, text,   part) {
	if (kind ~ /^[0-9]+-[0-9]+$/) {
		split(kind, part, "-")
		return is_number(text, part[1], part[2]) ? "" : "must be a number, " part[1] " to " part[2]
	}
	if (kind == "address")
		return is_address(text) ? "" : "must be an IPv4 address"
	if (kind == "network")
		return is_network(text) ? "" : "must be a network like 192.168.10.0/24"
	if (kind == "port")
		return is_number(text, 1, 65535) ? "" : "must be a port, 1 to 65535"
	if (kind == "some")
		return is_number(text, 1, 999999999) ? "" : "must be a number above 0"
	if (kind == "size")
		return is_size(text) ? "" : "must be a size like 100M or 2G"
	if (kind == "upload")
		return is_upload(text) ? "" : "must be a size like 100M or 2G, 1024G at most"
	if (kind == "zone")
		return is_zone(text) ? "" : "must be a time zone like Asia/Manila, as in /usr/share/zoneinfo"
	if (kind == "switch")
		return text == "on" || text == "off" ? "" : "must be on or off"
	if (kind == "word")
		return text ~ /^[A-Za-z0-9_.\/-]+$/ ? "" : "must be a word"
	if (kind == "role")
		return is_role(text) ? "" : "must be a word, and no role's that is there: postgres, replicator, pg_..."
	if (kind == "path")
		return text ~ /^\/[^ ]*$/ ? "" : "must be a path from the root, without spaces"
	if (kind == "pg")
		return is_number(text, 15, 17) ? "" : "must be 15, 16 or 17"
	if (kind == "file")
		return text ~ /^(\/[^ ]*)?$/ ? "" : "must be a path from the root, without spaces, or nothing"
	if (kind == "endpoint")
		return text == "" || is_endpoint(text) ? "" : "must be HOST:PORT, or nothing"
	if (kind == "place")
		return is_place(text) ? "" : "must be a folder, rsync's HOST:FOLDER or rsync://HOST/MODULE"
	return text == "" || text !~ /["'`$\\]/ ? "" : "must not hold quotes, $ or \\"
}

# key kind default; "-" is none, and a key without one must be set. Numbers of waybilld's have its
# own limits (server/config.c).
function known(   i, n, lines, part) {
	n = split("vip address\nnetwork network\ngateway address\ndns address\ndomain word\n" \
		"app_port port 8080\nworkers 1-128 20\nqueue_workers 0-32 1\ntasks 1-64 4\n" \
		"timezone zone Asia/Manila\nauth switch off\ndatabase_read switch off\nretention_days 0-36500 0\nmax_upload upload 100M\nmaxconn some 18\n" \
		"stats_port port 8404\nstats_user word admin\n" \
		"stats_password_file path /etc/waybill/stats.password\ntls_certificate file -\n" \
		"http_port port 80\nhttps_port port 443\nvrrp_id 1-255 51\nlogin_rate 1-60000 30\n" \
		"pg_version pg 15\ndb_port port 5432\ndb_name word warehousedb\n" \
		"db_user role waybill\nsynchronous switch on\npatroni switch off\npgbouncer switch off\n" \
		"db_password_file path /etc/waybill/db.password\nwal_archive switch on\n" \
		"replication_password_file path /etc/waybill/replication.password\n" \
		"backup_dir path /var/backups/waybill\nbackup_second place -\n" \
		"backup_key_file file -\nbackup_keep_days some 7\nalertmanager endpoint -\n" \
		"vm_first_id some 201\nvm_bridge word vmbr0\n" \
		"vm_storage word local-lvm\nvm_image text -\nvm_user word waybill\nvm_ssh_key text -",
		lines, "\n")
	for (i = 1; i <= n; i++) {
		split(lines[i], part, " ")
		kind[part[1]] = part[2]
		order[i] = part[1]
		if (part[3] != "")
			value[part[1]] = part[3] == "-" ? "" : part[3]
	}
	keys = n
}

function add_host(text,   part, n) {
	n = split(text, part, /[ \t]+/)
	if (n != 3 && n != 6)
		fail("a host is NAME ROLE ADDRESS, perhaps with MEMORY CORES DISK behind")
	if (!is_name(part[1]))
		fail("'" part[1] "' is no host's name: small letters, digits and '-'")
	if (part[2] !~ /^(lb|app|db|mon)$/)
		fail("'" part[2] "' is no role: lb, app, db or mon")
	if (!is_address(part[3]))
		fail("'" part[3] "' is no IPv4 address")
	if (part[1] in host_role)
		fail("host " part[1] " is there already")
	if (part[3] in host_at)
		fail("address " part[3] " is " host_at[part[3]] "'s")
	if (n == 6 && (!is_size(part[4]) || !is_number(part[5], 1, 512) || !is_size(part[6])))
		fail("a host's size is MEMORY CORES DISK, like 4G 2 40G")
	host_line[part[1]] = FNR
	host_role[part[1]] = part[2]
	host_address[part[1]] = part[3]
	host_at[part[3]] = part[1]
	host_size[part[1]] = n == 6 ? part[4] " " part[5] " " part[6] : "2G 2 20G"
	host_number[part[1]] = ++of_role[part[2]]
	host[++hosts] = part[1]
}

function read_setting(line,   at, name) {
	at = index(line, "=")
	if (at == 0)
		fail("this is no \"key = value\"")
	name = trim(substr(line, 1, at - 1))
	line = trim(substr(line, at + 1))
	if (name == "host") {
		add_host(line)
		return
	}
	if (!(name in kind))
		fail("unknown key '" name "'")
	if (name in seen)
		fail("key '" name "' is set on line " seen[name] " already")
	if (wrong(kind[name], line) != "")
		fail("key '" name "': " wrong(kind[name], line))
	seen[name] = FNR
	value[name] = line
}

# What is wrong with the whole stands where it was set, if it was.
function at_line(line) { where = site_file (line ? ":" line : "") }

function check_place(what, address, line) {
	at_line(line)
	if (!in_network(address, value["network"]))
		fail(what " is outside the network, " value["network"])
	if (address ~ /^127\./ && value["network"] !~ /^127\./)
		fail(what " is this machine's alone")
}

# user: a key, or who has this port in any case.
function use_port(role, port, user,   other) {
	port += 0
	other = port_user[role, port]
	port_user[role, port] = user
	if (other == "")
		return
	if (seen[other] > seen[user]) {
		port_user[role, port] = other
		other = user
		user = port_user[role, port]
	}
	at_line(seen[user])
	fail("key '" user "': port " port " is in use on each " role " host: " other)
}

function check_ports(   i, role) {
	split("lb app db", role, " ")
	for (i = 1; i <= 3; i++) {
		use_port(role[i], 22, "ssh")
		use_port(role[i], 9100, "prometheus-node-exporter")
	}
	use_port("lb", 10000, "HAProxy's peers")
	use_port("lb", value["http_port"], "http_port")
	if (value["tls_certificate"] != "")
		use_port("lb", value["https_port"], "https_port")
	use_port("lb", value["stats_port"], "stats_port")
	if (value["pgbouncer"] == "on")
		use_port("app", 6432, "PgBouncer")
	use_port("app", value["app_port"], "app_port")
	if (value["patroni"] == "on") {
		use_port("db", 2379, "etcd")
		use_port("db", 2380, "etcd's votes")
		use_port("db", 8008, "Patroni")
	}
	use_port("db", value["db_port"], "db_port")
}

function check_whole(   i) {
	at_line(0)
	for (i = 1; i <= keys; i++)
		if (!(order[i] in value))
			fail("key '" order[i] "' is not set")
	if (!of_role["lb"] || !of_role["app"] || !of_role["db"])
		fail("a site has at least one host each of lb, app and db")
	check_place("the vip", value["vip"], seen["vip"])
	for (i = 1; i <= hosts; i++)
		check_place("host " host[i], host_address[host[i]], host_line[host[i]])
	at_line(seen["vip"])
	if (value["vip"] in host_at)
		fail("the vip is " host_at[value["vip"]] "'s own address")
	at_line(seen["patroni"])
	if (value["patroni"] == "on" && (of_role["db"] < 2 || (of_role["db"] + of_role["mon"]) % 2 == 0))
		fail("patroni = on takes two db hosts, and an odd number of votes: those of the db and mon hosts")
	at_line(seen["database_read"])
	if (value["database_read"] == "on" && of_role["db"] < 2)
		fail("database_read = on takes a second db host: its standby")
	check_ports()
	at_line(seen["maxconn"] > seen["workers"] ? seen["maxconn"] : seen["workers"])
	# "+ 0": as numbers. As text, 100 is before 20.
	if (value["maxconn"] + 0 > value["workers"] + 0)
		fail("maxconn is above workers: HAProxy would hand a host more than it takes at once")
	at_line(0)
}

# --- templates

function of_self(name) {
	return self != "" && name ~ /^(self|self_(address|number|memory_mb|lb|app|db|mon)|peers)$/
}

# mawk's own way to write a number ends at 2^31; behind it comes 2.14748e+09.
function whole(n) { return sprintf("%.0f", n) }
function in_mb(size) { return (size + 0) * (size ~ /G$/ ? 1024 : 1) }
function least(a, b) { return a < b ? a : b }
function most(a, b) { return a > b ? a : b }

function addresses(role, between,   i, list) {
	for (i = 1; i <= hosts; i++)
		if (host_role[host[i]] == role)
			list = list (list == "" ? "" : between) host_address[host[i]]
	return list
}

# The hosts that have a vote, each as NAME and ADDRESS stand in the form.
function votes(form,   i, list, one) {
	for (i = 1; i <= hosts; i++) {
		if (host_role[host[i]] !~ /^(db|mon)$/)
			continue
		one = form
		sub(/NAME/, host[i], one)
		sub(/ADDRESS/, host_address[host[i]], one)
		list = list (list == "" ? "" : ",") one
	}
	return list
}

# The first db host is the primary on most days: who looks for a standby begins at the other end.
function standbys_first(   i, list) {
	for (i = hosts; i > 0; i--)
		if (host_role[host[i]] == "db")
			list = list (list == "" ? "" : ",") host_address[host[i]]
	return list
}

# What is computed, so that no number stands in two places.
function derive(   memory, each, part) {
	value["max_upload_bytes"] = whole(in_mb(value["max_upload"]) * 1024 * 1024)
	# A browser that was told to come by HTTPS alone keeps a port that is not 80, and has 443 for 80.
	value["https_at"] = value["https_port"] + 0 == 443 ? "" : ":" value["https_port"]
	value["hsts"] = value["http_port"] + 0 == 80 && value["https_at"] == "" ? "on" : "off"
	# While a host reloads, the workers before and after have their connections at once.
	each = value["workers"] + value["tasks"] + value["queue_workers"]
	value["db_connections"] = 2 * each * of_role["app"] + 20
	value["app_connections"] = each
	value["app_pool"] = value["tasks"] + value["queue_workers"] + most(4, int(value["workers"] / 4))
	value["lb_addresses"] = addresses("lb", ", ")
	value["mon_addresses"] = addresses("mon", ", ")
	value["second_folder"] = value["backup_second"] ~ /^\// ? value["backup_second"] : ""
	value["wal_key"] = value["backup_key_file"] == "" ? "-" : value["backup_key_file"]
	value["db_addresses"] = addresses("db", ",")
	value["standbys_first"] = standbys_first()
	value["patroni_addresses"] = addresses("db", ", ")
	value["etcd_hosts"] = votes("ADDRESS:2379")
	value["etcd_cluster"] = votes("NAME=http://ADDRESS:2380")
	if (self == "")
		return
	split(host_size[self], part, " ")
	memory = in_mb(part[1])
	value["pg_shared_mb"] = int(memory / 4)
	value["pg_cache_mb"] = int(memory * 3 / 4)
	value["pg_maintenance_mb"] = most(64, least(1024, int(memory / 16)))
	value["pg_work_mb"] = most(4, least(32, int(memory / 4 / value["db_connections"])))
	value["pg_wal_mb"] = most(1024, least(8192, int(in_mb(part[3]) / 10)))
	value["haproxy_connections"] = most(2000, least(20000, memory * 4))
}

function peers(   i, list) {
	for (i = 1; i <= hosts; i++)
		if (host[i] != self && host_role[host[i]] == host_role[self])
			list = list (list == "" ? "" : " ") host_address[host[i]]
	return list
}

function lookup(name) {
	if (name == "self")
		return self
	if (name == "self_address")
		return host_address[self]
	if (name == "self_number")
		return host_number[self]
	if (name == "self_memory_mb")
		return in_mb(host_size[self])
	if (name == "peers")
		return peers()
	if (name ~ /^self_/)
		return name == "self_" host_role[self] ? "on" : ""
	return value[name]
}

function replaced(line, one,   out, name) {
	while (match(line, /@[a-z][a-z0-9_]*@/)) {
		name = substr(line, RSTART + 1, RLENGTH - 2)
		out = out substr(line, 1, RSTART - 1)
		line = substr(line, RSTART + RLENGTH)
		if (one != "" && name == "name")
			out = out one
		else if (one != "" && name == "address")
			out = out host_address[one]
		else if (one != "" && name == "number")
			out = out host_number[one]
		else if (name in value || of_self(name))
			out = out lookup(name)
		else
			fail("nothing is called @" name "@ here")
	}
	return out line
}

function set_values(   i, n, lines, at) {
	n = split(ENVIRON["SET"], lines, "\n")
	for (i = 1; i <= n; i++) {
		at = index(lines[i], "=")
		if (at > 1)
			value[substr(lines[i], 1, at - 1)] = substr(lines[i], at + 1)
	}
}

function is_on(name) {
	if (!(name in value) && !of_self(name))
		fail("nothing is called " name " here")
	name = lookup(name)
	return name != "" && name != "off"
}

function flush_loop(   i, j) {
	for (i = 1; i <= hosts; i++)
		if (host_role[host[i]] == (loop == "peers" ? host_role[self] : loop) &&
		    (loop != "peers" || host[i] != self))
			for (j = 1; j <= looped; j++)
				print replaced(line_of[j], host[i])
	loop = ""
	looped = 0
}

function steer(verb, name) {
	if (verb == "for") {
		if (name !~ /^(lb|app|db|mon|peers)$/ || loop != "" || (name == "peers" && self == ""))
			fail("for what?")
		if (!skipping)
			loop = name
		opened[++depth] = skipping ? "skip" : "for"
	} else if (verb == "if" || verb == "unless") {
		opened[++depth] = verb
		if (skipping || is_on(name) != (verb == "if"))
			opened[depth] = "skip"
	} else if (verb == "end" && depth > 0) {
		if (opened[depth] == "for")
			flush_loop()
		if (opened[depth] == "skip")
			skipping--
		depth--
		return
	} else if (verb == "include") {
		if (!skipping)
			include(name)
		return
	} else {
		fail("'" verb "' is no for, if, unless, include or end")
	}
	if (opened[depth] == "skip")
		skipping++
}

function include(name,   path, line, got, n, from) {
	from = where
	path = FILENAME
	sub(/[^\/]*$/, name, path)
	while ((got = (getline line < path)) > 0) {
		where = path ":" ++n
		template_line(line)
	}
	where = from
	if (got < 0)
		fail(name " cannot be read")
	close(path)
}

function template_line(line,   part) {
	if (line ~ /^[ \t]*#@ /) {
		split(trim(line), part, /[ \t]+/)
		steer(part[2], part[3])
	} else if (!skipping && loop != "") {
		line_of[++looped] = line
	} else if (!skipping) {
		print replaced(line, "")
	}
}

# --- both files

BEGIN {
	known()
	site_file = ARGV[1]
}

FNR == 1 { file++ }
{ where = FILENAME ":" FNR }

file == 1 {
	line = $0
	sub(/(^|[ \t])#.*$/, "", line)
	line = trim(line)
	if (line != "")
		read_setting(line)
	next
}

file == 2 && FNR == 1 {
	check_whole()
	set_values()
	if (self != "" && !(self in host_role))
		fail("no host is called " self)
	derive()
	where = FILENAME ":" FNR
}

{ template_line($0) }

END {
	if (failed)
		exit 2
	if (file == 2) {
		if (depth > 0) {
			where = FILENAME
			fail("a #@ for, if or unless has no end")
		}
		exit 0
	}
	check_whole()
	if (mode == "get") {
		if (!(key in kind)) {
			print "no key is called '" key "'" >"/dev/stderr"
			exit 2
		}
		print value[key]
	}
	for (i = 1; i <= hosts; i++)
		if (mode == "hosts" && (role == "" || host_role[host[i]] == role))
			print host[i], host_role[host[i]], host_address[host[i]], host_size[host[i]]
}
