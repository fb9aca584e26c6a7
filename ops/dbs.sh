# What the scripts share that handle the site's databases from anywhere; sourced after lib.sh and
# remote.sh. Nothing here needs more on a host than PostgreSQL's package and nftables.

# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # used by those who source this; of lib.sh
# shellcheck source=ops/cluster.sh
. "$here/cluster.sh"
left_behind=$data/waybill.left-behind
postgres="setpriv --reuid=postgres --regid=postgres --init-groups"

# there HOST: runs the script that comes by standard input, as root.
there() { on "$1" "sh -s"; }
# sql HOST [SECONDS]: runs what comes by standard input, as the superuser; its answer alone.
sql() {
	on "$1" "cd / && timeout ${2:-10} $postgres psql -X -q -A -t -v ON_ERROR_STOP=1 -p $db_port -d postgres"
}
answer() { echo "$2" | sql "$1" 2>/dev/null || :; } # HOST SQL

# away (no way in by ssh), down (PostgreSQL does not answer there), standby, behind (a primary of
# old, which may have what the others lack, and the reverse) or primary
state_of() {
	case $(answer "$1" "SELECT pg_is_in_recovery()") in
	t) if on "$1" "[ -e $left_behind ]" </dev/null; then echo behind; else echo standby; fi ;;
	f) echo primary ;;
	*) if on "$1" true </dev/null >/dev/null 2>&1; then echo down; else echo away; fi ;;
	esac
}
in_state() { # STATE [BUT-NOT]: the hosts that look_around() found so
	while read -r name state; do
		[ "$state" != "$1" ] || [ "$name" = "${2:-}" ] || echo "$name"
	done <"$work/states"
}
look_around() {
	for name in $(names db); do
		echo "$name $(state_of "$name")"
	done >"$work/states"
}

# Stops PostgreSQL there, whatever it takes, and marks its data as a standby's first: whoever
# starts it again, systemd or a boot, gets no second primary. $2: seconds that it may take to
# stop cleanly. 0: it is stopped, and its process is gone.
stop_there() {
	there "$1" <<-END
		cd /
		# Marked before anybody looks: one that starts in between has seen the mark, or is found.
		$postgres touch $left_behind $data/standby.signal || exit 1
		pid=\$(head -n 1 $data/postmaster.pid 2>/dev/null)
		was_postgres() { [ -n "\$pid" ] && grep -qs postgres /proc/\$pid/comm; }
		is_postgres() { was_postgres && ! grep -qs "^State:.[ZX]" /proc/\$pid/status; }
		# A dead process counts in the lock file until its parent has taken note of it.
		gone() {
			tries=100
			while was_postgres && [ \$tries -gt 0 ]; do sleep 0.1; tries=\$((tries - 1)); done
			exit 0
		}
		is_postgres || gone
		grep -qs "^State:.T" /proc/\$pid/status ||
		if [ -d /run/systemd/system ]; then
			timeout ${2:-10} systemctl stop postgresql@$version-main
		else
			timeout ${2:-10} pg_ctlcluster $version main stop -m fast
		fi >/dev/null 2>&1
		is_postgres || gone
		grep -qs "^State:.T" /proc/\$pid/status ||
			timeout 3 pg_ctlcluster --skip-systemctl-redirect $version main stop -m immediate >/dev/null 2>&1
		is_postgres || gone
		kill -STOP \$pid
		kill -9 \$(cat /proc/\$pid/task/*/children) \$pid
		tries=50
		while is_postgres && [ \$tries -gt 0 ]; do sleep 0.1; tries=\$((tries - 1)); done
		! is_postgres && gone
	END
}
start_there() {
	there "$1" <<-END
		cd /
		if [ -d /run/systemd/system ]; then
			systemctl start postgresql@$version-main
		else
			pg_ctlcluster $version main start >/dev/null
		fi
	END
}

# The application hosts refuse to talk to a database that cannot be stopped: its own file, which
# a boot reads too ($FENCES: in another folder). fence_at APP DB, unfence_at APP DB
fence_file() { echo "${FENCES:-/etc/waybill}/fence-$1.nft"; }
fence_at() {
	table=waybill_fence_$(slot_of "$2")
	there "$1" <<-END
		mkdir -p ${FENCES:-/etc/waybill}
		cat >$(fence_file "$2").new <<-'RULES'
			table inet $table
			delete table inet $table
			table inet $table {
				chain output {
					type filter hook output priority filter; policy accept;
					ip daddr $(address_of "$2") tcp dport $db_port reject with tcp reset
				}
			}
		RULES
		mv $(fence_file "$2").new $(fence_file "$2") && nft -f $(fence_file "$2")
	END
}
unfence_at() {
	there "$1" <<-END
		[ -e $(fence_file "$2") ] || exit 0
		rm -f $(fence_file "$2")
		nft delete table inet waybill_fence_$(slot_of "$2") 2>/dev/null || :
	END
}

# say_waits HOST NAMES: whom commits wait for there ('"db2"'; '': nobody), once it reads it.
say_waits() {
	host=$1
	render postgresql-standby.conf standby="$2"
	on "$1" "cat >$folder/conf.d/waybill-standby.conf.new && mv $folder/conf.d/waybill-standby.conf.new $folder/conf.d/waybill-standby.conf" \
		<"$work/postgresql-standby.conf"
}
# commits_wait HOST NAMES: from now on.
commits_wait() { say_waits "$1" "$2" && [ "$(answer "$1" "SELECT pg_reload_conf()")" = t ]; }

# follow HOST PRIMARY: what a standby's own settings say, whether it runs or not.
follow() {
	there "$1" <<-END
		cd /
		file=$data/postgresql.auto.conf
		grep -v "^primary_conninfo\|^primary_slot_name" \$file >\$file.new
		echo "primary_conninfo = '$(conninfo_of "$1" "$2")'" >>\$file.new
		echo "primary_slot_name = '$(slot_of "$1")'" >>\$file.new
		chown postgres:postgres \$file.new && chmod 600 \$file.new && mv \$file.new \$file
		$postgres touch $data/standby.signal
		rm -f $left_behind
	END
}
conninfo_of() { conninfo "$1" "$(address_of "$2")"; } # HOST PRIMARY
# A slot for HOST on PRIMARY.
give_slot() {
	sql "$2" >/dev/null <<-END
		SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
		WHERE slot_name = '$(slot_of "$1")' AND NOT active;
		SELECT pg_create_physical_replication_slot('$(slot_of "$1")', true)
		WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '$(slot_of "$1")');
	END
}
streams_from() { # HOST PRIMARY
	[ "$(answer "$2" "SELECT 1 FROM pg_stat_replication WHERE application_name = '$1' AND state = 'streaming'")" = 1 ]
}
# The names that stream from PRIMARY, as synchronous_standby_names wants them.
streaming() {
	for name in $(names db); do
		[ "$name" = "$1" ] || ! streams_from "$name" "$1" || printf '"%s"\n' "$name"
	done | paste -s -d , -
}
wait_together() { # PRIMARY: commits wait for all that stream, if the site wants that
	[ "$(get synchronous)" = on ] || return 0
	commits_wait "$1" "$(streaming "$1")"
}
# Follows PRIMARY again: rewound to where they parted, unless it only fell behind.
rejoin() {
	stop_there "$1" || {
		say "$1: PostgreSQL cannot be stopped there"
		return 1
	}
	give_slot "$1" "$2" || return 1
	# So that the new timeline is in the control file that pg_rewind reads
	echo CHECKPOINT | sql "$2" 120 || return 1
	# pg_rewind finishes a crash's recovery first, which no standby's signal may stop.
	there "$1" <<-END || return 1
		cd / && rm -f $data/standby.signal
		$postgres /usr/lib/postgresql/$version/bin/pg_rewind -D $data \
			--config-file=$folder/postgresql.conf \
			--source-server="$(conninfo_of "$1" "$2")" >/tmp/pg_rewind.\$\$ 2>&1
		code=\$?
		tail -n 3 /tmp/pg_rewind.\$\$
		rm -f /tmp/pg_rewind.\$\$
		$postgres touch $left_behind $data/standby.signal
		exit \$code
	END
	# As setup-standby has it: whom its commits waited for as a primary is over.
	say_waits "$1" "" || return 1
	follow "$1" "$2" && start_there "$1" && until_true 60 streams_from "$1" "$2"
}
