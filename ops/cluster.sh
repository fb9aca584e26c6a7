# What of the site's database clusters is the same wherever it is asked from; sourced by db.sh (on a
# database host) and dbs.sh (from anywhere), after lib.sh.
#
# version, db_port, folder (settings), data    replicator, replication_pass  the standbys' role

# shellcheck shell=sh
# shellcheck disable=SC2034 # used by those who source this
version=$(get pg_version)
db_port=$(get db_port)
folder=/etc/postgresql/$version/main
data=/var/lib/postgresql/$version/main
replicator=replicator
replication_pass=/etc/waybill/replication.pgpass

# The name of a host's slot on its primary
slot_of() { echo "$1" | tr - _; }
# conninfo NAME ADDRESS: what standby NAME says in its primary_conninfo, and pg_rewind for it
conninfo() {
	echo "host=$2 port=$db_port user=$replicator dbname=postgres passfile=$replication_pass application_name=$1 connect_timeout=3 keepalives_idle=2 keepalives_interval=1 keepalives_count=3"
}
