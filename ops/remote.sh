# How one machine speaks to the site's others, for the scripts that run from wherever the
# administrator is; sourced after lib.sh. $SSH is the command (default: ssh, never asking), $SUDO
# what makes root of vm_user there (default: sudo; empty when that is root already).

# shellcheck shell=sh
SUDO=${SUDO-sudo}
app_port=$(get app_port)
remote_user=$(get vm_user)

# on HOST COMMAND: as root there; its output and status. Standard input is passed.
on() {
	# shellcheck disable=SC2086 # words of a command
	${SSH:-ssh -o BatchMode=yes -o ConnectTimeout=5 -o ServerAliveInterval=3 -o ServerAliveCountMax=3} "$remote_user@$(address_of "$1")" "$SUDO sh -c '$2'"
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
