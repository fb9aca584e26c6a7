# How one machine speaks to the site's others, for the scripts that run from wherever the
# administrator is; sourced after lib.sh. $SSH is the command (default: ssh, never asking), $SUDO
# what makes root of vm_user there (default: sudo; empty when that is root already).

# shellcheck shell=sh
# shellcheck disable=SC2154 # of lib.sh
SUDO=${SUDO-sudo}
app_port=$(get app_port)
remote_user=$(get vm_user)

# on HOST COMMAND: as root there; its output and status. Standard input is passed.
on() {
	# shellcheck disable=SC2086 # words of a command
	${SSH:-ssh -o BatchMode=yes -o ConnectTimeout=5 -o ServerAliveInterval=3 -o ServerAliveCountMax=3} "$remote_user@$(address_of "$1")" "$SUDO sh -c '$2'" 8>&-
}
# claim WHAT HOST..., claimed: until we end, however that is, nobody else does WHAT ("deploy",
# "failover") on these hosts; claimed fails when somebody does. A host that does not answer cannot
# tell, and is passed over: meanwhile, something else may be looked at. What we run of ourselves
# (rolling-upgrade-db runs failover-db) need not ask.
claim() {
	: >"$work/claims"
	case " ${WAYBILL_CLAIMED:-} " in *" $1 "*) return 0 ;; esac
	[ "$dry" = no ] || return 0
	WAYBILL_CLAIMED="${WAYBILL_CLAIMED:-} $1"
	export WAYBILL_CLAIMED
	claim_file=/run/waybill-$1.lock
	shift
	mkfifo "$work/open"
	exec 8<>"$work/open"
	for each; do
		: >"$work/claim-$each"
		# It ends when nobody has the pipe open for writing any more; that of a run just before ours, a
		# moment after it.
		{
			on "$each" "exec 9>>$claim_file && flock -w 2 9 && echo \$\$ >$claim_file && echo ours && cat 9>&- >/dev/null || echo theirs" ||
				echo away
		} <"$work/open" >"$work/claim-$each" 2>/dev/null 8>&- &
		echo "$each" >>"$work/claims"
	done
}
claimed() {
	while read -r each; do
		tries=100
		while [ ! -s "$work/claim-$each" ] && [ $tries -gt 0 ]; do
			sleep 0.1
			tries=$((tries - 1))
		done
		[ "$(head -n 1 "$work/claim-$each")" != theirs ] ||
			fail "somebody is at it already: wait for that; if nobody is: on $each, kill \$(cat $claim_file)"
	done <"$work/claims"
}
# ask_lb HOST COMMAND: of HAProxy's socket; the answer.
ask_lb() { on "$1" "echo \"$2\" | socat -t5 - UNIX-CONNECT:/run/haproxy/admin.sock" </dev/null; }
# The names of a role's hosts.
names() { hosts "$1" | cut -d ' ' -f 1; }
# stat_of LB BACKEND SERVER COLUMN: of `show stat`.
stat_of() {
	ask_lb "$1" "show stat" | awk -F , -v b="$2" -v s="$3" -v c="$4" '
		NR == 1 { sub(/^# /, ""); for (i = 1; i <= NF; i++) if ($i == c) at = i }
		$1 == b && $2 == s && at { print $at; exit }'
}
# http HOST PATH: the status that the host's own server answers there; 000: none.
http() {
	on "$1" "curl -s -m 5 -o /dev/null -w %{http_code} http://127.0.0.1:$app_port$2" </dev/null || :
}
# until_true SECONDS COMMAND...: tries until it succeeds; 1 when it never did.
until_true() {
	tries=$(($1 * 2))
	shift
	while ! "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.5
	done
}
