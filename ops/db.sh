# What the scripts that run on a database host share; sourced after lib.sh and find_host.
#
# unit  PostgreSQL's    include  what pg_createcluster is told, whose own settings may leave it out
# and what cluster.sh has

# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # used by those who source this; of lib.sh
# shellcheck source=ops/cluster.sh
. "$here/cluster.sh"
unit=postgresql@$version-main
include=add_include_dir=conf.d
replication_password=$(get replication_password_file)

as_postgres() { (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@"); }
# As the superuser, on the socket; its answer alone.
ask() { as_postgres psql -X -q -A -t -v ON_ERROR_STOP=1 -p "$db_port" "$@"; }
# Nothing can be asked of a cluster that is not there, or of one under another root.
runs() { [ -z "$ROOT" ] && ask -d postgres -c 'SELECT 1' >/dev/null 2>&1; }
is_standby() { [ "$(ask -d postgres -c 'SELECT pg_is_in_recovery()')" = t ]; }

# A release of Debian has one PostgreSQL, unless a source of others was added.
need_postgresql() {
	if [ -z "$ROOT" ] && [ ! -x "/usr/lib/postgresql/$version/bin/postgres" ]; then
		[ "$dry" = yes ] || apt-cache show "postgresql-$version" >/dev/null 2>&1 || read_lists
		offered=$(apt-cache depends postgresql 2>/dev/null |
			sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p')
		[ -z "$offered" ] || apt-cache show "postgresql-$version" >/dev/null 2>&1 ||
			fail "this system has packages of PostgreSQL $offered, none of $version: set pg_version = $offered, on all hosts"
	fi
	need_packages "postgresql-$version"
}

# Patroni starts, stops and restarts PostgreSQL once it has it.
patroni_runs() { [ -z "$ROOT" ] && [ "$(get patroni)" = on ] && pgrep -f "[p]atroni /etc/patroni/" >/dev/null 2>&1; }
# Started by anybody else, it would be out of Patroni's sight.
patroni_alone() {
	[ -n "$ROOT" ] || [ "$(get patroni)" = off ] || [ ! -e "/etc/patroni/$version-main.yml" ] || patroni_runs ||
		fail "Patroni has this database and does not run: systemctl start patroni@$version-main"
}
in_patronis_hands() {
	case $1 in
	restart) say "a setting needs a restart: patronictl -c /etc/patroni/$version-main.yml restart waybill" ;;
	reload) step "reload PostgreSQL" ask -d postgres -c 'SELECT pg_reload_conf()' >/dev/null ;;
	esac
}
# cluster start|stop|restart|reload: by systemd where that runs, else by Debian's own tool.
cluster() {
	if patroni_runs; then
		in_patronis_hands "$1"
	elif [ -n "$ROOT" ] || [ -d /run/systemd/system ]; then
		service "$1" "$unit"
	else
		step "pg_ctlcluster $version main $1" pg_ctlcluster "$version" main "$1"
	fi
}
cluster_enabled() {
	if patroni_runs; then
		:
	elif [ -n "$ROOT" ] || [ -d /run/systemd/system ]; then
		! install_file "$conf/postgresql-service.conf" 644 root:root \
			/etc/systemd/system/postgresql@.service.d/waybill.conf || service daemon-reload
		enabled "$unit"
	else
		runs || cluster start
	fi
}

# The other database hosts' addresses.
peers() { hosts db | awk -v self="$host" '$1 != self { print $3 }'; }
# The standbys' password, where postgres reads it. ':' and '\' are escaped in such a file.
put_replication_pass() {
	[ -s "$ROOT$replication_password" ] || return 0
	head -n 1 "$ROOT$replication_password" | sed "s/[\\\\:]/\\\\&/g;s/^/*:*:*:$replicator:/" >"$work/replication.pgpass"
	owner=postgres:postgres
	[ -z "$ROOT" ] && ! id postgres >/dev/null 2>&1 && owner=root:root
	install_file "$work/replication.pgpass" 600 $owner $replication_pass || :
}
