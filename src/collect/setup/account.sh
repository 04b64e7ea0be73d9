# shellcheck shell=sh
# The account `torcollect`, and its end.

account() { # FIELD
	awk -F : -v field="$1" '$1 == "torcollect" { print $field }' /etc/passwd
}

# Ends what still runs as the account. A container has uids of its own, and its processes are none of ours.
end_processes() {
	uid=$(account 3)
	case $uid in
	'' | 0 | *[!0-9]*) return ;;
	esac
	here=$(stat -L -c %d:%i /)
	set +f
	# shellcheck disable=SC2046
	set -- $(grep -l -E "^Uid:.*[[:space:]]$uid([[:space:]]|\$)" /proc/[0-9]*/status 2>/dev/null)
	set -f
	for process in "$@"; do
		process=${process%/status}
		if [ "$(stat -L -c %d:%i "$process/root" 2>/dev/null)" = "$here" ]; then
			kill -KILL "${process#/proc/}" 2>/dev/null
		fi
	done
}

# An account whose processes run cannot be removed, and a process takes its time to end.
remove_account() {
	for attempt in 1 2 3 4 5 6 7 8 9 10; do
		end_processes
		if command -v userdel >/dev/null; then
			userdel torcollect
		else
			deluser torcollect
		fi </dev/null >/dev/null 2>&1
		[ -n "$(account 1)" ] || break
		[ "$attempt" = 10 ] || sleep 0.3 2>/dev/null || sleep 1
	done
	[ -z "$(account 1)" ] || return 1
	! grep -q '^torcollect:' /etc/group || groupdel torcollect >/dev/null 2>&1 || delgroup torcollect >/dev/null 2>&1
}
