# Where backups are, for the scripts that make and read them; sourced after lib.sh and options(). The
# working folder is / from here on.
#
# Both locations look the same:
#   wal/SEGMENT.gz             the archive (ops/wal)
#   base/STAMP.tar.gz          the cluster's files, base/STAMP.info what is known of them
#   DATABASE-STAMP.sql.gz      the nightly dump, and DATABASE-STAMP.info
#   stream/                    the first location alone: what is not yet in wal/
# .age behind .gz: encrypted with backup_key_file. What is not whole begins with a dot, and what has
# no .info is not finished: that is written last.

# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # read by those who source this; lib.sh's
first=$(get backup_dir)
second=$(get backup_second)
key=$(get backup_key_file)
database=$(get db_name)
version=$(get pg_version)
bin=${PG_BINDIR:-/usr/lib/postgresql/$version/bin}
# Read by node_exporter, through links that setup-db makes
metrics=${WAYBILL_METRICS:-/var/lib/waybill-backup}
marker=.waybill-backups
PGPORT=$(get db_port)
PGUSER=postgres
PATH=$bin:$PATH
export PGPORT PGUSER PATH
umask 077
# Root's home, say, is none that postgres may be in: find and others fail there.
cd /

# A pipe's status is its last command's: the others leave a note.
try() { "$@" || echo "$1 ended with $?" >>"$work/failed"; }
begin() { : >"$work/failed"; }
all_well() { [ ! -s "$work/failed" ]; }
why() { paste -s -d , "$work/failed"; }

# run COMMAND...: in a process of its own that ends at its first failure; its status is in $status.
run() {
	set +e
	(
		set -e
		"$@"
	)
	status=$?
	set -e
}

# seal, unseal NAME: standard input to standard output, as files of that name are
seal() { case $1 in *.age) age -e -i "$key" ;; *) cat ;; esac; }
unseal() {
	case $1 in
	*.age) [ -n "$key" ] || {
		echo "$program: $1 is encrypted: backup_key_file or --key must name its key" >&2
		return 1
	} ;;
	*)
		cat
		return
		;;
	esac
	age -d -i "$key"
}

ask() { psql -X -q -A -t -w -v ON_ERROR_STOP=1 "$@"; }
# Rows of each table of a database, "TABLE N" a line, all at one moment; not of unlogged ones,
# which no backup holds.
count_rows() {
	ask -F ' ' -d "$1" <<-'END'
		BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
		SELECT format('SELECT %L, count(*) FROM %I', relname, relname)
		FROM pg_class WHERE relkind = 'r' AND relpersistence = 'p' AND relnamespace = 'public'::regnamespace
		ORDER BY relname \gexec
		COMMIT;
	END
}
# between BEFORE AFTER: "TABLE LEAST MOST" of two counts
between() {
	awk 'FNR == NR { n[$1] = $2; next }
		{ a = $1 in n ? n[$1] : 0; print $1, a < $2 ? a : $2, a < $2 ? $2 : a }' "$1" "$2"
}
# compare INFO COUNTED: what does not lie between; nothing when all does
compare() {
	awk 'FNR == NR { if ($1 == "rows") { low[$2] = $3; high[$2] = $4 }; next }
		{ seen[$1] = $2 }
		END {
			for (t in low)
				if (!(t in seen))
					print "table " t " is missing"
				else if (seen[t] < low[t] || seen[t] > high[t])
					print t " has " seen[t] " rows, not " (low[t] == high[t] ? low[t] : low[t] " to " high[t])
		}' "$1" "$2"
}
# field INFO NAME: a value of an .info, "NAME VALUE" a line
field() { sed -n "s/^$2 //p" "$1" | head -n 1; }

# --- locations: a folder, or rsync's HOST:PATH, HOST::MODULE, rsync://HOST/MODULE

is_remote() { case $1 in *:*) return 0 ;; *) return 1 ;; esac; }
# For a mounted folder: one that is not mounted is an empty one.
is_there() {
	is_remote "$1" && return 0
	[ "$1" = "$first" ] && return 0
	[ -e "$1/$marker" ]
}
rsync_() { rsync -t --timeout=60 "$@"; }
# names LOCATION FOLDER: of what is whole there. 1: nobody knows, since it cannot be listed; into a
# file, since a pipe would not tell.
names() {
	if is_remote "$1"; then
		if ! rsync_ --list-only "$1/$2/" >"$work/listed" 2>"$work/said"; then
			# ENOENT: nothing was copied there yet.
			! grep -q ' failed: .*(2)$' "$work/said" || return 0
			echo "$program: $1/$2 cannot be listed: $(head -n 1 "$work/said")" >&2
			return 1
		fi
		sed -n 's/^-[^ ]* *[^ ]* [^ ]* [^ ]* //p' "$work/listed" | grep -v '^\.' || :
	elif [ -d "$1/$2" ]; then
		find "$1/$2" -maxdepth 1 -type f ! -name '.*' -printf '%f\n'
	fi
}
# infos LOCATION FOLDER: the names of what has an .info, oldest first; as names() otherwise
infos() {
	names "$1" "$2" >"$work/names" || return 1
	sed -n 's/\.info$//p' "$work/names" | sort
}
# stamp_of SECONDS: as names have it
stamp_of() { date -u -d "@$1" +%Y%m%dT%H%M%SZ; }
tomorrow() { stamp_of $(($(date +%s) + 86400)); }
# newest_first <NAMES, or lines that begin so; what a wrong clock dated ahead comes last. Equal ones
# stay as they are.
newest_first() {
	awk -v tomorrow="$(tomorrow)" 'match($1, /[0-9]+T[0-9]+Z$/) {
		print (substr($1, RSTART) <= tomorrow), $0 }' | sort -s -r -k 1,2 | cut -d ' ' -f 2-
}
# fetch LOCATION PATH TO
fetch() {
	if is_remote "$1"; then rsync_ "$1/$2" "$3"; else cp "$1/$2" "$3"; fi
}
# at_hand LOCATION PATH FOLDER: prints where the file can be read; a remote one is fetched to FOLDER.
at_hand() {
	if is_remote "$1"; then
		rsync_ "$1/$2" "$3/$(basename "$2")" && echo "$3/$(basename "$2")"
	else
		echo "$1/$2"
	fi
}
# store FILE LOCATION PATH: under its name only when it is whole, and on the disk.
store() {
	if is_remote "$2"; then
		rsync_ --mkpath --fsync "$1" "$2/$3"
		return
	fi
	folder=$2/$(dirname "$3")
	part=$folder/.$(basename "$3").part
	mkdir -p "$folder" || return 1
	if ! cp "$1" "$part" || ! sync "$part" || ! cmp -s "$1" "$part" || ! mv "$part" "$2/$3" || ! sync "$folder"; then
		rm -f "$part"
		return 1
	fi
}
# discard LOCATION FOLDER <NAMES
discard() {
	if is_remote "$1"; then
		sed 's,^,/,' >"$work/discard"
		[ -s "$work/discard" ] || return 0
		mkdir -p "$work/empty"
		rsync_ -r --delete --include-from="$work/discard" --exclude='*' "$work/empty/" "$1/$2/"
	else
		while read -r name; do rm -f "$1/$2/$name"; done
	fi
}

# --- the archive

# gap START END SEGMENT_BYTES <NAMES: the first segment that is missing between START and END, or
# the newest one behind it, whatever their timelines; nothing when none is
gap() {
	awk -v start="$1" -v end="$2" -v bytes="$3" '
	function hex(text,   i, n) {
		for (i = 1; i <= length(text); i++)
			n = n * 16 + index("0123456789ABCDEF", substr(text, i, 1)) - 1
		return n
	}
	function place(name) { return hex(substr(name, 9, 8)) * each + hex(substr(name, 17, 8)) }
	BEGIN { each = 4294967296 / bytes; from = place(start); newest = place(end) }
	/^[0-9A-F]+(\.gz|\.gz\.age)?$/ && length($1) >= 24 {
		at = place($1)
		have[at] = 1
		if (at > newest)
			newest = at
	}
	END {
		for (i = from; i <= newest; i++)
			if (!(i in have)) {
				printf "%s%08X%08X\n", substr(start, 1, 8), int(i / each), i % each
				exit
			}
	}'
}

# --- space

free_kb() { df -Pk "$1" | awk 'NR == 2 { print $4 }'; }
# need_space FOLDER KILOBYTES WHAT
need_space() {
	free=$(free_kb "$1") || return 1
	[ "$free" -ge "$2" ] ||
		fail "$3 needs $(($2 / 1024)) MB in $1, where $((free / 1024)) MB are free"
}

# --- what Prometheus sees

# metric NAME LABELS VALUE HELP: into $work/metrics.
metric() {
	grep -q "^# HELP $1 " "$work/metrics" 2>/dev/null || {
		echo "# HELP $1 $4"
		echo "# TYPE $1 gauge"
	} >>"$work/metrics"
	echo "$1$2 $3" >>"$work/metrics"
}
# before FILE NAME LABELS: the time that was written last, or nothing; nor one that is yet to come
before() {
	[ ! -r "$metrics/$1" ] || awk -v name="$2$3" -v most=$(($(date +%s) + 86400)) \
		'$1 == name && $2 <= most { print $2 }' "$metrics/$1"
}
publish() { # FILE: $work/metrics under that name, at once
	[ -d "$metrics" ] || {
		say "no $metrics here: Prometheus sees nothing of this (setup-db makes it)"
		return 0
	}
	chmod 644 "$work/metrics" && cp -p "$work/metrics" "$metrics/.$1.part" && mv "$metrics/.$1.part" "$metrics/$1"
}

# Of what is sourced the last: by then whoever sourced it can tell Prometheus of it.
ready_or_fail() {
	[ -z "$key" ] || [ "$dry" = yes ] || [ -r "$key" ] || fail "backup_key_file $key cannot be read"
	[ "$(id -u)" -ne 0 ] || fail "there is no user postgres here"
}
