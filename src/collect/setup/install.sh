#!/bin/sh
# Sets this server up for torcollect: an account `torcollect` whose key can do one thing, print what the tors here count
# about their clients. Run it as root. It can be run again: it repairs, and adds tors that are new. If anything fails
# it undoes what it has done.
set -uf
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
unset CDPATH ENV POSIXLY_CORRECT
umask 022

# The collector's public key; tors that are not found by themselves, as lines `NAME USER DIR`; whether to keep the
# statistics of the last 30 days here; whether to wait for the line `keep`.
key='@KEY@'
places='@PLACES@'
spool=@SPOOL@
confirm=@CONFIRM@

program=/usr/lib/torcollect
settings=/etc/torcollect
home=/var/lib/torcollect
unit_folder=/etc/systemd/system
sudoers=/etc/sudoers.d/torcollect
lock=/run/torcollect-setup.lock
newline='
'

say() {
	printf '%s\n' "$*"
}

fail() { # ERROR HINT
	printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
	exit 1
}

# What undoes all that was done: commands, the latest first. They hold only names that this script has chosen.
undo=
work=
locked=
kept=

undoing() {
	undo="$1$newline$undo"
}

finish() {
	status=$?
	trap '' HUP INT TERM PIPE
	trap - EXIT
	if [ -z "$kept" ] && [ -n "$undo" ]; then
		failed=
		eval "$undo"
		if [ -n "$failed" ]; then
			printf 'error: could not undo everything\nhint: what was there before is in %s\n' "$work" >&2
			work=
		fi
		[ "$status" != 0 ] || status=1
	fi
	[ -z "$work" ] || rm -rf "$work"
	[ -z "$locked" ] || rm -f "$lock"
	exit "$status"
}

# One at a time. The lock is a link to nothing, whose text is the process and when it began: made in one step, and of
# one that was killed nobody has to wait.
began() { # PROCESS
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

take_lock() {
	mine=$$-$(began $$)
	if ! ln -s "$mine" "$lock" 2>/dev/null; then
		holder=$(readlink "$lock") || holder=0-0
		[ "$(began "${holder%%-*}")" != "${holder#*-}" ] || [ -z "${holder#*-}" ] ||
			fail "another setup of torcollect runs on this server (process ${holder%%-*})" "wait until it has ended"
		mv "$lock" "$lock.$$" 2>/dev/null && rm -f "$lock.$$"
		ln -s "$mine" "$lock" || fail "cannot make $lock" "see that nothing else makes it and that the disk is not full"
	fi
	locked=yes
}

full="see that the disk is neither full nor read-only, then run it again"

# Changes to files: each is undone exactly, and said only if it changed something.

number=0
changed=
back_up() { # FILE
	number=$((number + 1))
	cp -pP "$1" "$work/$number" 2>/dev/null || fail "cannot keep a copy of $1" "$full"
	undoing "rm -f $1; cp -pP $work/$number $1 || failed=yes"
}

put() { # MODE OWNER FILE; the content is standard input
	changed=
	cat >"$work/content" 2>/dev/null || fail "cannot write in $work" "$full"
	if [ -d "$3" ] && ! [ -L "$3" ]; then
		fail "$3 is a folder" "remove it, then run this again"
	fi
	if [ -f "$3" ] && ! [ -L "$3" ] && [ "$(stat -c '%a %U:%G' "$3")" = "$1 $2" ] && cmp -s "$work/content" "$3"; then
		return
	fi
	# A name with a dot is no file to sudo and systemd.
	undoing "rm -f $3.new"
	{
		cp "$work/content" "$3.new" && chown "$2" "$3.new" && chmod "$1" "$3.new"
	} 2>/dev/null || fail "cannot write $3" "$full"
	case $3 in
	"$sudoers") check_rules "$3.new" ;;
	esac
	if [ -e "$3" ] || [ -L "$3" ]; then
		back_up "$3"
	else
		undoing "rm -f $3"
	fi
	mv -f "$3.new" "$3" 2>/dev/null || fail "cannot write $3" "$full"
	changed=yes
	say "done: wrote $3"
}

make_folder() { # MODE OWNER FOLDER
	if [ -L "$3" ] || { [ -e "$3" ] && ! [ -d "$3" ]; }; then
		fail "$3 is not a folder" "remove it, then run this again"
	fi
	if ! [ -d "$3" ]; then
		undoing "rm -rf $3"
		{
			mkdir "$3" && chown "$2" "$3" && chmod "$1" "$3"
		} 2>/dev/null || fail "cannot make $3" "$full"
		say "done: made $3"
		return
	fi
	was=$(stat -c '%a %u:%g' "$3")
	[ "$(stat -c '%a %U:%G' "$3")" != "$1 $2" ] || return
	undoing "chown ${was#* } $3; chmod ${was%% *} $3"
	{
		chown "$2" "$3" && chmod "$1" "$3"
	} 2>/dev/null || fail "cannot change $3" "$full"
	say "done: made $3 $2's, mode $1"
}

# sudo

need_sudo() {
	if command -v sudo >/dev/null && command -v visudo >/dev/null; then
		return
	fi
	command -v apt-get >/dev/null || fail "sudo is not installed" "install the package \`sudo\`, then run this again"
	undoing "SUDO_FORCE_REMOVE=yes DEBIAN_FRONTEND=noninteractive apt-get purge -y sudo </dev/null >/dev/null 2>&1 || failed=yes"
	export DEBIAN_FRONTEND=noninteractive
	{
		apt-get install -y --no-install-recommends sudo ||
			{ apt-get update && apt-get install -y --no-install-recommends sudo; }
	} </dev/null >/dev/null 2>"$work/apt" || fail "apt-get could not install sudo" "run \`apt-get install sudo\` and see what it says"
	command -v visudo >/dev/null || fail "apt-get could not install sudo" "run \`apt-get install sudo\` and see what it says"
	say "done: installed the package sudo"
}

check_rules() { # FILE
	visudo -c -f "$1" </dev/null >/dev/null 2>&1 ||
		fail "visudo refuses the rules for torcollect" "run \`visudo -c\` and see what it says; report this if it finds nothing"
}

# The tors of this server, as lines `NAME USER DIR` in $work/instances. A tor's account owns its DataDirectory, and
# anybody may call a process `tor`: so names are taken only if they are plain, and nothing of a tor's is run.

plain_folder() { # DIR
	case $1 in
	*[!A-Za-z0-9._/+@-]* | *//* | */./* | */. | */../* | */.. | / | */) return 1 ;;
	/*) ;;
	*) return 1 ;;
	esac
}

plain_name() { # NAME
	case $1 in
	'' | [.-]* | *[!A-Za-z0-9._-]*) return 1 ;;
	esac
	[ ${#1} -le 64 ]
}

owner() { # DIR
	owner_name=$(stat -c %U "$1")
	case $owner_name in
	'' | UNKNOWN | [!A-Za-z_]* | *[!A-Za-z0-9._-]*) stat -c '#%u' "$1" ;;
	*) echo "$owner_name" ;;
	esac
}

known() { # NAME or DIR
	awk -v word="$1" '$1 == word || $3 == word { found = 1 } END { exit !found }' "$work/instances"
}

# What a tor has that serves others, and a mere client has not.
is_of_a_server() { # DIR
	[ -f "$1/hashed-fingerprint" ] || [ -d "$1/stats" ] || [ -d "$1/keys" ]
}

add_instance() { # NAME DIR
	[ -d "$2" ] || return 0
	if ! folder=$(cd -P -- "$2" 2>/dev/null && pwd -P) || ! plain_folder "$folder"; then
		say "note: a tor's folder has a name that sudo's rules have no safe way to write; it is left out"
		return
	fi
	is_of_a_server "$folder" && ! known "$folder" || return 0
	# The name that it has had so far, else one that no other has.
	name=$(awk -v folder="$folder" '$3 == folder { print $1; exit }' "$work/before")
	plain_name "$name" || name=$(printf %s "$1" | tr -c 'A-Za-z0-9._-' '-' | cut -c 1-48)
	plain_name "$name" || name=tor
	base=$name
	count=1
	while known "$name"; do
		count=$((count + 1))
		name=$base-$count
	done
	echo "$name $(owner "$folder") $folder" >>"$work/instances"
}

value_of() { # OPTION TORRC: the first word after an option's last line
	if [ -f "$2" ]; then
		head -c 1000000 "$2" 2>/dev/null | tr -d '\000\r"' | awk -v option="$1" '
			tolower($1) == option { value = $2 } END { print value }'
	fi
}

add_running() { # PROCESS
	process=/proc/$1
	[ "$(head -c 16 "$process/comm" 2>/dev/null)" = tor ] || return 0
	# An argument a line; a line-break in one makes odd words, and those are refused.
	arguments=$(tr '\000' '\n' <"$process/cmdline" 2>/dev/null | awk '
		{ option = tolower($0); sub(/^-+/, "", option) }
		wanted != "" { print wanted, $0; wanted = ""; next }
		option == "datadirectory" || option == "defaults-torrc" { wanted = option }
		$0 == "-f" { wanted = "torrc" }')
	argument() {
		printf '%s\n' "$arguments" | sed -n "s/^$1 //p" | tail -n 1
	}
	folder=$(argument datadirectory)
	torrc=$(argument torrc)
	[ -n "$folder" ] || folder=$(value_of datadirectory "$process/root${torrc:-/etc/tor/torrc}")
	[ -n "$folder" ] || folder=$(value_of datadirectory "$process/root$(argument defaults-torrc)")
	[ -n "$folder" ] || folder=/var/lib/tor
	if ! plain_folder "$folder"; then
		say "note: the tor of process $1 has a DataDirectory that cannot be used; name it with --instance NAME:USER:DIR"
		return
	fi
	there=$(stat -L -c '%d:%i %u' "$process/root$folder" 2>/dev/null) || return 0
	if [ "$there" != "$(stat -L -c '%d:%i %u' "$folder" 2>/dev/null)" ]; then
		# shellcheck disable=SC2016
		say "note: the tor of process $1 runs in a container (as #${there#* }): name it with --instance NAME:#${there#* }:DIR, where DIR is its DataDirectory as this server sees it"
		return
	fi
	# Whoever else calls a process `tor` adds nobody's folder here.
	[ "${there#* }" = "$(stat -c %u "$process" 2>/dev/null)" ] || return 0
	add_instance "${folder##*/}" "$folder"
}

find_instances() {
	: >"$work/instances"
	cat "$settings/instances" >"$work/before" 2>/dev/null
	printf '%s' "$places" >"$work/places"
	while read -r name user folder; do
		[ -d "$folder" ] || fail "there is no folder $folder for the instance $name" "give \`NAME:USER:DIR\`, where DIR is a tor's DataDirectory as this server sees it"
		case $user in
		'#'*) ;;
		*) id "$user" >/dev/null 2>&1 || fail "there is no account $user for the instance $name" "give \`NAME:#UID:DIR\` where the account has no name" ;;
		esac
		echo "$name $user $folder" >>"$work/instances"
	done <"$work/places"
	while read -r name user folder rest; do
		case $name in
		'' | '#'*) continue ;;
		esac
		plain_name "$name" && plain_folder "$folder" && [ -z "$rest" ] || continue
		if known "$name" || known "$folder"; then
			continue
		fi
		if [ -d "$folder" ]; then
			echo "$name $(owner "$folder") $folder" >>"$work/instances"
		else
			say "done: dropped the instance $name, whose folder $folder is gone"
		fi
	done <"$work/before"
	add_instance default /var/lib/tor
	set +f
	set -- /var/lib/tor-instances/*
	for folder in "$@"; do
		add_instance "${folder##*/}" "$folder"
	done
	set -- /proc/[0-9]*
	set -f
	for folder in "$@"; do
		add_running "${folder#/proc/}"
	done
	[ -s "$work/instances" ] || fail "no tor that is a bridge or relay was found" "start tor once, or name it with \`--instance NAME:USER:DIR\`"
	while read -r name user folder; do
		say "instance: $name $user $folder"
	done <"$work/instances"
}

# The account. sshd refuses one that is locked with `!` when it runs without PAM; `*` is no password either.

account() { # FIELD
	awk -F : -v field="$1" '$1 == "torcollect" { print $field }' /etc/passwd
}

password() {
	awk -F : '$1 == "torcollect" { print $2 }' /etc/shadow
}

set_account() { # OPTION VALUE
	if command -v usermod >/dev/null; then
		usermod "$1" "$2" torcollect </dev/null 2>/dev/null
		return
	fi
	case $1 in
	-p) printf 'torcollect:%s\n' "$2" | chpasswd -e >/dev/null 2>&1 ;;
	-s) sed -i "/^torcollect:/s|:[^:]*\$|:$2|" /etc/passwd ;;
	-d) sed -i "/^torcollect:/s|:[^:]*\\(:[^:]*\\)\$|:$2\\1|" /etc/passwd ;;
	esac
}

make_account() {
	if [ -z "$(account 1)" ]; then
		! grep -q '^torcollect:' /etc/group || fail "there is a group torcollect without an account" "remove it with \`groupdel torcollect\`"
		if command -v useradd >/dev/null; then
			undoing "userdel torcollect >/dev/null 2>&1 || failed=yes"
			useradd --system --user-group --home-dir $home --no-create-home --shell /bin/sh torcollect \
				</dev/null >/dev/null 2>&1
		else
			undoing "deluser torcollect >/dev/null 2>&1; delgroup torcollect >/dev/null 2>&1"
			addgroup -S torcollect </dev/null >/dev/null 2>&1 &&
				adduser -S -D -H -h $home -s /bin/sh -G torcollect torcollect </dev/null >/dev/null 2>&1
		fi || fail "cannot make the account torcollect" "$full"
		set_account -p '*' || fail "cannot set the password of the account torcollect" "$full"
		say "done: made the account torcollect"
		return
	fi
	old_password=$(password)
	case $old_password in
	'' | '!'*)
		undoing 'set_account -p "$old_password"'
		set_account -p '*' || fail "cannot unlock the account torcollect" "$full"
		say "done: unlocked the account torcollect, which still has no password"
		;;
	esac
	old_shell=$(account 7)
	case $old_shell in
	/bin/sh | /bin/dash | /bin/ash | /bin/bash) ;;
	*)
		undoing 'set_account -s "$old_shell"'
		set_account -s /bin/sh || fail "cannot change the shell of the account torcollect" "$full"
		say "done: gave the account torcollect a shell"
		;;
	esac
	old_home=$(account 6)
	if [ "$old_home" != $home ]; then
		undoing 'set_account -d "$old_home"'
		set_account -d $home || fail "cannot change the home of the account torcollect" "see that no process of it runs"
		say "done: made $home the home of the account torcollect; keys in its old home no longer count"
	fi
}

# The account cannot change its own keys: they are root's, and sshd reads them as the account.
write_key() {
	keys=$home/.ssh/authorized_keys
	line="restrict,command=\"$program/extract\" $key"
	[ ! -L $keys ] || fail "$keys is a symbolic link" "remove it, then run this again"
	blob=${key#* }
	blob=${blob%% *}
	{
		[ ! -f $keys ] || cat $keys
	} | awk -v blob="$blob" -v line="$line" '
		{ mine = 0; for (i = 1; i <= NF; i++) if ($i == blob) mine = 1 }
		mine && written++ { next }
		mine { print line; next }
		{ print }
		END { if (!written) print line }
	' >"$work/keys" || fail "cannot write in $work" "$full"
	put 640 root:torcollect $keys <"$work/keys"
}

write_extract() {
	put 755 root:root $program/extract <<'END_OF_FILE'
@EXTRACT@
END_OF_FILE
}

write_reader() {
	put 755 root:root $program/read-instance <<'END_OF_FILE'
@READ_INSTANCE@
END_OF_FILE
}

write_instances() {
	{
		echo "# NAME USER DIR of each tor; written by torcollect"
		cat "$work/instances"
	} >"$work/text" || fail "cannot write in $work" "$full"
	put 644 root:root $settings/instances <"$work/text"
}

write_sudoers() {
	{
		echo "# written by torcollect: each tor's reader, in its own account, with its own folder only"
		if grep -q ' #' "$work/instances"; then
			# Without it sudo becomes no user that has no name.
			echo "Defaults:torcollect runas_allow_unknown_id"
		fi
		while read -r name user folder; do
			echo "torcollect ALL=($user) NOPASSWD: $program/read-instance $folder"
		done <"$work/instances"
	} >"$work/text" || fail "cannot write in $work" "$full"
	make_folder "$(stat -c %a /etc/sudoers.d 2>/dev/null || echo 750)" root:root /etc/sudoers.d
	put 440 root:root $sudoers <"$work/text"
	# This file was right by itself: what is wrong now is another.
	visudo -c </dev/null >/dev/null 2>&1 ||
		fail "sudo's rules on this server are broken" "run \`visudo -c\`, repair what it names, then run this again"
	sudo -n -l -U torcollect </dev/null 2>/dev/null | grep -q -F "$program/read-instance" ||
		fail "sudo does not read $sudoers" "add the line \`@includedir /etc/sudoers.d\` to /etc/sudoers with \`visudo\`, then run this again"
}

# The spool: statistics of the last 30 days, because tor overwrites its own daily.

write_spool() {
	make_folder 700 torcollect:torcollect $home/spool
	put 755 root:root $program/spool <<'END_OF_FILE'
@SPOOL_SCRIPT@
END_OF_FILE
	if ! command -v systemctl >/dev/null || ! [ -d $unit_folder ]; then
		say "note: there is no systemd here: let cron run $program/spool every hour as torcollect"
		return
	fi
	running=
	if [ -d /run/systemd/system ]; then
		running=yes
		# After the files are as they were.
		undoing "systemctl daemon-reload; systemctl try-restart torcollect-spool.path torcollect-spool.timer"
	fi
	units_changed=
	put 644 root:root $unit_folder/torcollect-spool.service <<'END_OF_FILE'
@SERVICE_UNIT@
END_OF_FILE
	units_changed=$units_changed$changed
	put 644 root:root $unit_folder/torcollect-spool.timer <<'END_OF_FILE'
@TIMER_UNIT@
END_OF_FILE
	units_changed=$units_changed$changed
	{
		cat <<'END_OF_FILE'
@PATH_UNIT@
END_OF_FILE
		while read -r name user folder; do
			echo "PathChanged=$folder/stats"
		done <"$work/instances"
	} >"$work/text" || fail "cannot write in $work" "$full"
	put 644 root:root $unit_folder/torcollect-spool.path <"$work/text"
	units_changed=$units_changed$changed
	units="torcollect-spool.path torcollect-spool.timer"
	# shellcheck disable=SC2086
	if ! systemctl -q is-enabled $units >/dev/null 2>&1; then
		undoing "systemctl -q disable $units >/dev/null 2>&1"
		systemctl -q enable $units </dev/null >/dev/null 2>&1 ||
			fail "cannot enable torcollect-spool.path" "run \`systemctl enable torcollect-spool.path\` and see what it says"
		units_changed=yes
		say "done: enabled torcollect-spool.path and torcollect-spool.timer"
	fi
	# shellcheck disable=SC2086
	if [ -n "$running" ] && { [ -n "$units_changed" ] || ! systemctl -q is-active $units >/dev/null 2>&1; }; then
		systemctl -q is-active torcollect-spool.path >/dev/null 2>&1 ||
			undoing "systemctl stop $units torcollect-spool.service >/dev/null 2>&1"
		{
			systemctl daemon-reload && systemctl restart $units
		} </dev/null >/dev/null 2>&1 ||
			fail "cannot start torcollect-spool.path" "run \`systemctl status torcollect-spool.path\` and see what it says"
		say "done: started torcollect-spool.path and torcollect-spool.timer"
	fi
	if [ -z "$running" ]; then
		say "note: systemd does not run here: nothing fills the spool until it does"
	fi
}

# Reads all tors as the account will.
try_extract() {
	if command -v runuser >/dev/null; then
		runuser -u torcollect -- $program/extract
	elif command -v setpriv >/dev/null; then
		setpriv --reuid torcollect --regid torcollect --clear-groups $program/extract
	else
		sudo -n -u torcollect $program/extract
	fi </dev/null >"$work/extract" 2>/dev/null
	denied=$(awk '$1 == "instance" { name = $2 } $1 == "section" && $3 == "denied" { print name; exit }' "$work/extract")
	[ -z "$denied" ] || fail "the account torcollect cannot read the tor $denied" "see that its line in the instances names the account that owns its folder: \`--instance NAME:USER:DIR\`"
	tail -n 1 "$work/extract" | grep -q '^end ' || fail "the extract cannot be printed" "run \`sudo -u torcollect $program/extract\` and see what it says"
}

main() {
	[ "$(id -u)" = 0 ] || fail "this needs root" "run it with sudo"
	trap finish EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# Who listens may be gone: that is no reason to stop in the middle.
	trap '' PIPE
	take_lock
	work=$(mktemp -d) || fail "cannot make a temporary folder" "$full"
	find_instances
	need_sudo
	make_account
	make_folder 755 root:root $program
	make_folder 755 root:root $settings
	make_folder 755 root:root $home
	make_folder 750 root:torcollect $home/.ssh
	write_extract
	write_reader
	write_instances
	write_sudoers
	if [ "$spool" = yes ] || [ -e $program/spool ]; then
		write_spool
	fi
	write_key
	if [ "$confirm" = no ]; then
		try_extract
		kept=yes
		exit 0
	fi
	say ready
	answer=
	read -r answer
	[ "$answer" = keep ] || exit 3
	kept=yes
	exit 0
}

main
