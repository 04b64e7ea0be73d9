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
# statistics of the last 30 days here; with what word to say `ready` and wait for the line `keep`, if at all.
key='@KEY@'
places='@PLACES@'
spool=@SPOOL@
confirm='@CONFIRM@'

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
made=
made_now=

undoing() {
	undo="$1$newline$undo"
}

finish() {
	status=$?
	trap '' HUP INT TERM PIPE
	trap - EXIT
	if [ -z "$kept" ] && [ -n "$undo" ]; then
		failed=
		left=
		# Else they would go on writing into what is removed here.
		[ -z "$made_now" ] || end_processes
		eval "$undo"
		if [ -n "$failed" ]; then
			printf 'error: could not undo everything\nhint: what was there before is in %s\n' "$work" >&2
			work=
		fi
		if [ -n "$left" ]; then
			printf 'error: could not remove:%s\nhint: remove it by hand\n' "$left" >&2
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
		undoing "rm -rf $3 || left=\"\$left $3\""
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

is_account() { # USER
	case $1 in
	'#' | '#'*[!0-9]*) return 1 ;;
	'#'*) ;;
	'' | [!A-Za-z_]* | *[!A-Za-z0-9._-]*) return 1 ;;
	*) id "$1" >/dev/null 2>&1 ;;
	esac
}

known() { # NAME or DIR, be it left out
	awk -v word="$1" '$1 == word || $3 == word { found = 1 } END { exit !found }' "$work/instances" "$work/left-out"
}

# What a bridge has; a mere client has `keys`, too.
is_of_a_bridge() { # DIR
	[ -f "$1/hashed-fingerprint" ] || [ -f "$1/stats/bridge-stats" ]
}

name_for() { # FOLDER
	name=$(printf %s "${1##*/}" | tr -c 'A-Za-z0-9._-' '-' | cut -c 1-48)
	plain_name "$name" || name=tor
}

add_instance() { # NAME DIR [UID]: only if it is of that account
	[ -d "$2" ] || return 0
	if ! folder=$(cd -P -- "$2" 2>/dev/null && pwd -P) || ! plain_folder "$folder"; then
		say "note: a tor's folder has a name that sudo's rules have no safe way to write; it is left out"
		return
	fi
	is_of_a_bridge "$folder" && ! known "$folder" || return 0
	# The name that it has had so far, else one that no other has.
	name=$(awk -v folder="$folder" '$3 == folder { print $1; exit }' "$work/before")
	plain_name "$name" || name_for "/$1"
	base=$name
	count=1
	while known "$name"; do
		count=$((count + 1))
		name=$base-$count
	done
	case $(stat -c %u "$folder") in
	0)
		say "note: the folder of the tor $name is root's and is left out; to add it: --instance $name:root:$folder"
		return
		;;
	"${3-}") ;;
	*) [ -z "${3-}" ] || return 0 ;;
	esac
	echo "$name $(owner "$folder") $folder" >>"$work/instances"
}

# How long a file of somebody else's may take to be read: he can make it a pipe into which nobody writes.
patience=5

value_of() { # OPTION TORRC: the first word after an option's last line
	if [ -f "$2" ]; then
		timeout $patience head -c 1000000 "$2" 2>/dev/null | tr -d '\000\r"' | awk -v option="$1" '
			tolower($1) == option { value = $2 } END { print value }'
	fi
}

# An account that no person has.
is_of_a_service() { # UID
	[ "$1" != 0 ] || return 1
	[ "$1" -ge 1000 ] || return 0
	case $(getent passwd "$1" 2>/dev/null || awk -F : -v uid="$1" '$3 == uid { print; exit }' /etc/passwd) in
	*/nologin | */false) ;;
	*) return 1 ;;
	esac
}

others=0
add_running() { # PROCESS
	process=/proc/$1
	[ "$(head -c 16 "$process/comm" 2>/dev/null)" = tor ] || return 0
	uid=$(stat -c %u "$process" 2>/dev/null) || return 0
	if is_of_a_service "$uid"; then
		patience=5
	else
		# A person can start as many as he likes.
		others=$((others + 1))
		[ $others != 9 ] || say "note: there are more processes called tor of accounts that are no service's; nobody looks at them"
		[ $others -le 8 ] || return 0
		patience=1
	fi
	# An argument a line; a line-break in one makes odd words, and those are refused.
	arguments=$(timeout $patience head -c 100000 "$process/cmdline" 2>/dev/null | tr '\000' '\n' | awk '
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
	[ "${there#* }" = "$uid" ] || return 0
	if [ $patience = 5 ]; then
		add_instance "${folder##*/}" "$folder" "$uid"
	elif is_of_a_bridge "$folder" && ! known "$folder"; then
		name_for "$folder"
		user=$(owner "$folder")
		say "note: the tor of process $1 is of the account $user, which is no service's, and is left out; to add it: --instance $name:$user:$folder"
	fi
}

find_instances() {
	: >"$work/instances"
	: >"$work/left-out"
	cat "$settings/instances" >"$work/before" 2>/dev/null
	printf '%s' "$places" >"$work/places"
	while read -r name user folder; do
		[ -d "$folder" ] || fail "there is no folder $folder for the instance $name" "give \`NAME:USER:DIR\`, where DIR is a tor's DataDirectory as this server sees it"
		is_account "$user" || fail "there is no account $user for the instance $name" "give \`NAME:#UID:DIR\` where the account has no name"
		echo "$name $user $folder" >>"$work/instances"
	done <"$work/places"
	# First what is left out, wherever it stands: no other may take its place.
	while read -r name user folder rest; do
		case $name in
		'#'?*) name=${name#?} ;;
		*) continue ;;
		esac
		plain_name "$name" && plain_folder "$folder" && [ -z "$rest" ] || continue
		if ! known "$folder"; then
			echo "$name $user $folder" >>"$work/left-out"
			say "note: the tor $name in $folder is left out, because $settings/instances has it as a comment"
		fi
	done <"$work/before"
	while read -r name user folder rest; do
		case $name in
		'' | '#'*) continue ;;
		esac
		plain_name "$name" && plain_folder "$folder" && [ -z "$rest" ] || continue
		if known "$name" || known "$folder"; then
			continue
		fi
		if ! [ -d "$folder" ]; then
			say "done: dropped the instance $name, whose folder $folder is gone"
		elif is_account "$user"; then
			echo "$name $user $folder" >>"$work/instances"
		else
			say "done: dropped the account $user of the instance $name, which is gone"
			add_instance "$name" "$folder"
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
	[ -s "$work/instances" ] || fail "no tor that is a bridge was found" "start tor once, or name it with \`--instance NAME:USER:DIR\`"
	while read -r name user folder; do
		say "instance: $name $user $folder"
	done <"$work/instances"
}

@ACCOUNT@

# sshd refuses an account that is locked with `!` when it runs without PAM; `*` is no password either.

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

# One that was here before stays as it is, or is not used: it has its own purpose.
check_foreign_account() {
	itself="the account torcollect, which was here before,"
	remedy="or remove the account with \`userdel torcollect\` if it is of no use, then run this again"
	[ "$(account 3)" != 0 ] || fail "$itself is root" "remove it from /etc/passwd, then run this again"
	case $(account 7) in
	*/nologin | */false)
		fail "$itself has the shell $(account 7)" "give it another with \`usermod -s /bin/sh torcollect\`, $remedy"
		;;
	esac
	[ "$(account 6)" = $home ] ||
		fail "$itself has the home $(account 6)" "make $home its home with \`usermod -d $home torcollect\`, $remedy"
	for folder in $home $home/.ssh; do
		! [ -e $folder ] || [ "$(stat -c %u $folder)" = 0 ] ||
			fail "$itself could change its own keys: $folder is not root's" "make it root's with \`chown root $folder\`, $remedy"
	done
}

# The mark by which a later run and a purge know the account as one that a setup has made.
mark=$settings/made-account

make_account() {
	if [ -z "$(account 1)" ]; then
		! grep -q '^torcollect:' /etc/group || fail "there is a group torcollect without an account" "remove it with \`groupdel torcollect\`"
		undoing "remove_account || left=\"\$left the account torcollect\""
		made=yes
		made_now=yes
		if command -v useradd >/dev/null; then
			useradd --system --user-group --home-dir $home --no-create-home --shell /bin/sh torcollect \
				</dev/null >/dev/null 2>&1
		else
			addgroup -S torcollect </dev/null >/dev/null 2>&1 &&
				adduser -S -D -H -h $home -s /bin/sh -G torcollect torcollect </dev/null >/dev/null 2>&1
		fi || fail "cannot make the account torcollect" "$full"
		set_account -p '*' || fail "cannot set the password of the account torcollect" "$full"
		say "done: made the account torcollect"
		return
	fi
	if [ "$(cat $mark 2>/dev/null)" = "$(account 3)" ]; then
		made=yes
	else
		check_foreign_account
	fi
	old_password=$(password)
	case $old_password in
	'' | '!'*)
		undoing 'set_account -p "$old_password"'
		set_account -p '*' || fail "cannot unlock the account torcollect" "$full"
		say "done: unlocked the account torcollect, which still has no password"
		;;
	esac
	[ -n "$made" ] || return 0
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

write_mark() {
	[ -n "$made" ] || return 0
	account 3 >"$work/text" || fail "cannot write in $work" "$full"
	put 644 root:root $mark <"$work/text"
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
	put 640 "root:$group" $keys <"$work/keys"
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
		echo "# NAME USER DIR of each tor; written by torcollect, whose setup adds tors that are new"
		echo "# To leave one out write \`#\` before its NAME, without a space after it, and run the setup again."
		cat "$work/instances"
		sed 's/^/#/' "$work/left-out"
	} >"$work/text" || fail "cannot write in $work" "$full"
	put 644 root:root $settings/instances <"$work/text"
}

# Of these settings those that this sudo knows, with commas between them.
known_to_sudo() { # SETTING…
	settled=
	for setting in "$@"; do
		echo "Defaults $setting" >"$work/setting"
		case $(visudo -c -f "$work/setting" </dev/null 2>&1 && echo accepted) in
		*unknown*) ;;
		*accepted) settled="$settled, $setting" ;;
		esac
	done
	echo "${settled#, }"
}

write_sudoers() {
	# A tor's account has no shell, a reader runs other programs and has no terminal, and what it prints is nobody else's
	# business: not a log's, not a mail's.
	harmless=$(known_to_sudo '!requiretty' '!noexec' '!runas_check_shell' '!log_output' '!log_input' '!use_pty' \
		'!mail_always' '!mail_all_cmnds' '!intercept' '!log_subcmds')
	{
		echo "# written by torcollect: each tor's reader, in its own account, with its own folder only"
		if grep -q ' #' "$work/instances" && [ -n "$(known_to_sudo runas_allow_unknown_id)" ]; then
			# Without it sudo becomes no user that has no name.
			echo "Defaults:torcollect runas_allow_unknown_id"
		fi
		if [ -n "$harmless" ]; then
			echo "Defaults:torcollect $harmless"
			# Those of a command win over others wherever these stand.
			echo "Defaults!$program/read-instance $harmless"
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
	read -r name user folder <"$work/instances"
	# Not `sudo -l`, for which the settings of a command do not hold.
	as_account sudo -n -u "$user" $program/read-instance "$folder" </dev/null 2>/dev/null | grep -q '^sections ' ||
		fail "sudo does not read $sudoers" "add the line \`@includedir /etc/sudoers.d\` to /etc/sudoers with \`visudo\`, then run this again"
}

as_account() { # COMMAND…
	if command -v runuser >/dev/null; then
		runuser -u torcollect -- "$@"
	elif command -v setpriv >/dev/null; then
		setpriv --reuid torcollect --regid "$group" --clear-groups "$@"
	else
		# shellcheck disable=SC2016
		su -s /bin/sh torcollect -c 'exec "$@"' sh "$@"
	fi
}

# The spool: statistics of the last 30 days, because tor overwrites its own daily.

write_spool() {
	make_folder 700 "torcollect:$group" $home/spool
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
	# Without drop-ins: what they print could look like anything.
	as_account $program/extract $settings/instances $home/spool '' </dev/null >"$work/extract" 2>/dev/null
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
	# For the operator's own programs, which the extract runs only if root alone can change them.
	make_folder 755 root:root $settings/extract.d
	write_mark
	make_folder 755 root:root $home
	group=$(id -gn torcollect)
	make_folder 750 "root:$group" $home/.ssh
	write_extract
	write_reader
	write_instances
	write_sudoers
	if [ "$spool" = yes ] || [ -e $program/spool ]; then
		write_spool
	fi
	write_key
	if [ -z "$confirm" ]; then
		try_extract
		kept=yes
		exit 0
	fi
	say "ready $confirm"
	answer=
	read -r answer
	[ "$answer" = keep ] || exit 3
	kept=yes
	exit 0
}

main
