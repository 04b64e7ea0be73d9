#!/bin/sh
# Takes a collector's key off this server, and with the last key all that torcollect has installed here. Run it as root;
# running it again does no harm.
set -uf
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 077

key='@KEY@'
home=/var/lib/torcollect
keys=$home/.ssh/authorized_keys
program=/usr/lib/torcollect
settings=/etc/torcollect
units=/etc/systemd/system

fail() { # ERROR HINT
	printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
	exit 1
}

remove() { # FILE or FOLDER
	if [ -e "$1" ] || [ -L "$1" ]; then
		rm -rf "$1" || fail "cannot remove $1" "see that the disk is not read-only, then run it again"
		echo "done: removed $1"
	fi
}

@ACCOUNT@

[ "$(id -u)" = 0 ] || fail "this needs root" "run it with sudo"
trap '' PIPE

# An account that was here before the first setup keeps its home and its own keys.
made=
[ "$(cat $settings/made-account 2>/dev/null)" != "$(account 3)" ] || made=yes

blob=${key#* }
blob=${blob%% *}
if [ -f $keys ] && ! [ -L $keys ]; then
	if grep -q -F -- "$blob" $keys; then
		grep -v -F -- "$blob" $keys >$keys.new
		chown "$(stat -c %u:%g $keys)" $keys.new && chmod 640 $keys.new && mv -f $keys.new $keys ||
			fail "cannot write $keys" "see that the disk is not full, then run it again"
		echo "done: took the key off $keys"
	fi
	if [ -n "$made" ]; then
		others='^[^#]*[^#[:space:]]'
	else
		others="^[^#]*$program/extract"
	fi
	if grep -q "$others" $keys; then
		echo "note: other collectors have keys here, so everything else stays"
		exit 0
	fi
fi

if command -v systemctl >/dev/null && [ -e $units/torcollect-spool.path ]; then
	systemctl -q disable torcollect-spool.path torcollect-spool.timer </dev/null >/dev/null 2>&1
	if [ -d /run/systemd/system ]; then
		systemctl stop torcollect-spool.path torcollect-spool.timer torcollect-spool.service </dev/null >/dev/null 2>&1
	fi
fi
for unit in service path timer; do
	remove $units/torcollect-spool.$unit
done
[ ! -d /run/systemd/system ] || systemctl daemon-reload </dev/null >/dev/null 2>&1
remove /etc/sudoers.d/torcollect
remove $program
if [ -n "$made" ] && [ -n "$(account 1)" ]; then
	# Before its home, where its processes write.
	remove_account || fail "cannot remove the account torcollect" "see that none of its processes runs, then run it again"
	echo "done: removed the account torcollect"
fi
if [ -n "$made" ] || [ -z "$(account 1)" ]; then
	remove $home
else
	remove $home/spool
	[ ! -f $keys ] || grep -q '[^[:space:]]' $keys || remove $keys
	rmdir $home/.ssh 2>/dev/null
	echo "note: the account torcollect was here before, and stays"
fi
if [ -n "$(ls -A $settings/extract.d 2>/dev/null)" ]; then
	echo "note: the programs in $settings/extract.d go with it"
fi
# Last, because of the mark in it.
remove $settings
exit 0
