# What the scripts of ops/ share; they source it. Each sets `usage_file=$0` first and passes its
# options to options().
#
# dry     yes: say what would be done, do nothing       SITE  the site's configuration
# host    which host of the site this one is            work  a folder for this run
#
# ROOT (default: none) is put before every path that is written: for a look at what would come.

# shellcheck shell=sh
here=$(cd "$(dirname "$0")" && pwd)
conf=$here/../conf
program=ops/${0##*/}
dry=no
host=
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
: >"$work/changes"
ROOT=${ROOT:-}

# shellcheck disable=SC2154 # usage_file: whoever sources this sets it
usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "$usage_file"; }
say() { echo "$program: $*"; }
fail() {
	echo "$program: $*" >&2
	exit 1
}
bad() {
	echo "$program: $* (--help tells)" >&2
	exit 2
}

# Where a file is, wherever the script goes later.
absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }

# The options that all have; prints nothing and leaves the rest in $rest.
options() {
	rest=
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			usage
			exit 0
			;;
		--dry-run | -n) dry=yes ;;
		--site)
			[ $# -gt 1 ] || bad "--site needs a file"
			SITE=$2
			shift
			;;
		--host)
			[ $# -gt 1 ] || bad "--host needs a name"
			host=$2
			shift
			;;
		-*) bad "unknown option $1" ;;
		*) rest="$rest $1" ;;
		esac
		shift
	done
	if [ -n "${SITE:-}" ]; then
		SITE=$(absolute "$SITE")
		export SITE
	fi
	"$here/site" check || exit 2
}

get() { "$here/site" get "$1"; }
hosts() { "$here/site" hosts "$@"; }
address_of() { hosts | awk -v name="$1" '$1 == name { print $3 }'; }
need_root() { [ "$dry" = yes ] || [ -n "$ROOT" ] || [ "$(id -u)" -eq 0 ] || fail "must be root"; }

# Which of the site's hosts this is: the one whose address is ours, or --host.
find_host() {
	role=$1
	if [ -z "$host" ]; then
		mine=" $(ip -o -4 addr show 2>/dev/null | awk '{ sub("/.*", "", $4); print $4 }' | tr '\n' ' ')"
		host=$(hosts "$role" | while read -r name _ address _; do
			case $mine in *" $address "*) echo "$name" ;; esac
		done)
		[ -n "$host" ] || bad "no address of this machine is one of the site's $role hosts: --host NAME"
	fi
	hosts "$role" | grep -q "^$host " || bad "'$host' is no $role host of the site"
}

# step WHAT COMMAND...: does it, or says that it would.
step() {
	what=$1
	shift
	echo "$what" >>"$work/changes"
	if [ "$dry" = yes ]; then
		say "would: $what"
	else
		say "$what"
		"$@"
	fi
}

# install_file FROM MODE OWNER PATH: PATH becomes a copy of FROM, if it is not that already.
# Returns 0 when it changed (or would), or when a run changed it that ended before it had done what
# follows from that (a reload). A boot empties $begun, and reads all files anew.
begun=$ROOT/run/waybill-setup/${0##*/}
install_file() {
	if cmp -s "$1" "$ROOT$4"; then
		grep -qsxF "$4" "$begun" || return 1
		echo "$4" >>"$work/changes"
		say "$ROOT$4 was written by a run that did not end"
		return 0
	fi
	echo "$4" >>"$work/changes"
	if [ "$dry" = yes ]; then
		say "would: write $ROOT$4"
		# Of what all may read, what would be different
		case $2 in
		644 | 755) diff -u "$ROOT$4" "$1" 2>/dev/null | sed '1,2d;/^[+-]/!d' | head -n 20 ;;
		esac
		return 0
	fi
	say "wrote $ROOT$4"
	mkdir -p "$(dirname "$ROOT$4")" "${begun%/*}" || exit 1
	echo "$4" >>"$begun" || exit 1
	# Beside it and renamed: nobody reads half a file.
	if [ -z "$ROOT" ]; then
		install -m "$2" -o "${3%:*}" -g "${3#*:}" "$1" "$4.new" || exit 1
	else
		install -m "$2" "$1" "$ROOT$4.new" || exit 1
	fi
	mv "$ROOT$4.new" "$ROOT$4" || exit 1
}

# render TEMPLATE [KEY=VALUE...]: of this host, to $work/TEMPLATE.
render() {
	template=$1
	shift
	"$here/site" render "$conf/$template" --host "$host" "$@" >"$work/$template" || exit 1
}
# put TEMPLATE MODE OWNER PATH [KEY=VALUE...]: renders and installs; returns as install_file.
put() {
	put_what="$1 $2 $3 $4"
	template=$1
	shift 4
	render "$template" "$@"
	# shellcheck disable=SC2086 # four words
	install_file "$work/"$put_what
}

# quoted FILE CHARACTERS: its first line, with a backslash before each of these, in $work/quoted.
quoted() { head -n 1 "$1" | sed "s/[$2]/\\\\&/g" >"$work/quoted"; }

# closed PATH MODE: a secret that was copied (600; 640 for its group, too) may have come open to all.
closed() {
	case $2 in 640) more=037 ;; *) more=077 ;; esac
	[ -z "$(find "$ROOT$1" -maxdepth 0 -perm /$more 2>/dev/null)" ] ||
		step "close $1 to others" chmod "$2" "$ROOT$1"
}

# make_secret PATH OWNER MODE: a random first line, where there is no such file.
make_secret() {
	closed "$1" "$3"
	[ ! -s "$ROOT$1" ] || return 0
	[ "$dry" = no ] || {
		step "make a password in $1" :
		return 0
	}
	od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$work/secret"
	install_file "$work/secret" "$3" "$2" "$1"
}

# need_packages NAME...: installs what is missing.
need_packages() {
	[ -z "$ROOT" ] || return 0
	missing=
	for package; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
			missing="$missing $package"
	done
	# shellcheck disable=SC2086 # a list of words
	[ -z "$missing" ] || step "install$missing" install_packages $missing
}
apt() { env DEBIAN_FRONTEND=noninteractive LANGUAGE=en apt-get -q -y -o DPkg::Lock::Timeout=500 "$@"; }
read_lists() {
	say "apt's lists of packages are empty or old: reading them anew"
	apt update >/dev/null || :
}
try_packages() {
	apt -o Dpkg::Options::=--force-confold -o APT::Install-Recommends=false install "$@" >/dev/null 2>"$work/apt"
}
# Where the lists lack a package, or name one that is gone, they are read anew; else they are not. LANGUAGE,
# because LC_ALL would be that of a cluster which a package makes.
install_packages() {
	status=0
	try_packages "$@" || status=1
	if [ $status -ne 0 ] && grep -Eq 'Unable to (locate|correct|satisfy|fetch)|installation candidate' "$work/apt"; then
		read_lists
		status=0
		try_packages "$@" || status=1
	fi
	cat "$work/apt" >&2
	[ $status -eq 0 ] || fail "apt-get could not install: $*"
}

# systemctl, where systemd runs; elsewhere it says that it did not.
service() {
	if [ -n "$ROOT" ] || [ ! -d /run/systemd/system ]; then
		[ "$dry" = yes ] || say "no systemd here: not done: systemctl $*"
		return 0
	fi
	step "systemctl $*" systemctl "$@"
}
# enabled UNIT: begins it now and at boot, unless it is so already. fresh=yes: it has read its
# files just now, and a reload might meet it before it can take one.
# shellcheck disable=SC2034 # for those who source this
enabled() {
	fresh=yes
	if [ -d /run/systemd/system ] && [ -z "$ROOT" ]; then
		! systemctl -q is-active "$1" || fresh=no
		[ $fresh = yes ] || ! systemctl -q is-enabled "$1" 2>/dev/null || return 0
	fi
	service enable --now "$1"
}

# What every host of the site has: the firewall, the journal's size.
common() {
	need_packages nftables prometheus-node-exporter curl socat
	! put nftables.conf 755 root:root /etc/nftables.conf || service reload-or-restart nftables
	enabled nftables
	! install_file "$conf/journald.conf" 644 root:root /etc/systemd/journald.conf.d/waybill.conf ||
		service restart systemd-journald
}

# What a database host has for its backups and its watch: folders, key, units, and what
# Prometheus reads.
backups() {
	backups_in=$(get backup_dir)
	figures=/var/lib/waybill-backup
	with_key=$(get backup_key_file)
	case $(get backup_second) in *:*) need_packages rsync ;; esac
	for each in "$backups_in 700" "$backups_in/wal 700" "$backups_in/base 700" "$backups_in/stream 700" "$figures 755"; do
		[ -d "$ROOT${each% *}" ] || step "make ${each% *}" postgres_folder "${each% *}" "${each#* }"
	done
	if [ -n "$with_key" ]; then
		need_packages age
		if [ ! -s "$ROOT$with_key" ]; then
			step "make the key $with_key: keep a copy where no fire of the site comes" backup_key "$with_key"
		fi
		closed "$with_key" 640
	fi
	parts=no
	for part in waybill-backup.service waybill-backup.timer waybill-backup-drill.service \
		waybill-backup-drill.timer waybill-backup-wal.service waybill-backup-wal.timer \
		waybill-wal-stream.service waybill-watch-db.service waybill-watch-db.timer; do
		! put $part 644 root:root /etc/systemd/system/$part || parts=yes
	done
	[ $parts = no ] || service daemon-reload
	enabled waybill-backup.timer
	enabled waybill-backup-drill.timer
	enabled waybill-watch-db.timer
	if [ "$(get wal_archive)" = on ]; then
		enabled waybill-backup-wal.timer
		enabled waybill-wal-stream.service
	fi
	# node_exporter reads the links; postgres may write beside the files alone.
	read_by=/var/lib/prometheus/node-exporter
	for each in waybill_backup waybill_wal waybill_drill waybill_database; do
		[ ! -d "$ROOT$read_by" ] || [ -L "$ROOT$read_by/$each.prom" ] ||
			step "link $read_by/$each.prom" ln -s "$figures/$each.prom" "$ROOT$read_by/$each.prom"
	done
}
postgres_folder() { # PATH MODE
	mkdir -p "$ROOT$1"
	[ -n "$ROOT" ] || chown postgres:postgres "$1"
	chmod "$2" "$ROOT$1"
}
backup_key() {
	age-keygen 2>/dev/null >"$work/key" || fail "age-keygen made no key"
	install_file "$work/key" 640 root:postgres "$1"
}

done_saying() {
	[ "$dry" = yes ] || rm -f "$begun"
	changed=$(($(wc -l <"$work/changes")))
	if [ "$changed" -eq 0 ]; then
		say "$host: nothing to change"
	elif [ "$dry" = yes ]; then
		say "$host: $changed changes to make"
	else
		say "$host: done, $changed changes"
	fi
}
