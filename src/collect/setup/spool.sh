#!/bin/sh
# torcollect: keeps the statistics of the last 30 days, because tor overwrites its own daily and a collector may be late.
# It runs as the account torcollect and reads each tor as `extract` does, which then prints what is kept here, too.
#
#   spool [INSTANCES [SPOOL]]
#
# SPOOL/NAME/IDENTITY/bridge-stats.END and dirreq-stats.END are sections as `extract` prints them; END is when the interval
# ended. IDENTITY is the tor's hashed fingerprint then, or `unknown`: a tor with a new key is another bridge.
set -uf
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
unset CDPATH ENV POSIXLY_CORRECT
umask 077

instances=${1-/etc/torcollect/instances}
spool=${2-/var/lib/torcollect/spool}
case $0 in
*/*) reader=${0%/*}/read-instance ;;
*) reader=./read-instance ;;
esac
me=$(id -un)

# Writes the sections that have an end into new files, and prints the identity and their names. One that is large is no
# tor's, and would make extracts too large.
split_sections() { # FOLDER
	awk -v folder="$1" '
		function finish(file) {
			if (ends != "" && length(body) == bytes + 1 && bytes <= 65536) {
				file = folder "/.new." name "." ends
				printf "%s\n%s", head, body >file
				if (close(file) == 0)
					files = files " " name "." ends
			}
			head = body = ends = ""
		}
		/^section (bridge|dirreq)-stats [0-9]+ [0-9]+$/ { finish(); head = $0; name = $2; bytes = $3; next }
		/^sections? / { finish(); last = $2; next }
		last == "hashed-fingerprint" && length($2) == 40 && $2 ~ /^[0-9A-Fa-f]+$/ { identity = $2 }
		head == "" { next }
		$1 == name "-end" && ($2 $3) ~ /^[0-9]+-[0-9]+-[0-9]+:[0-9]+:[0-9]+$/ && length($2 $3) == 18 {
			ends = $2 $3
			gsub(/[^0-9]/, "", ends)
		}
		{ body = body $0 "\n" }
		END { if (files != "") print (identity == "" ? "unknown" : identity) files }
	'
}

# With a new key tor still has the file of the old one for a day.
is_of_another() { # FOLDER IDENTITY FILE
	set +f
	set -- "$@" "$1"/*/"$3"
	set -f
	new=$1/.new.$3
	own=$1/$2
	shift 3
	for file in "$@"; do
		case ${file%/*} in
		"$own" | */unknown) ;;
		*) ! cmp -s "$new" "$file" || return 0 ;;
		esac
	done
	return 1
}

keep() { # NAME USER DIR
	folder=$spool/$1
	mkdir -p "$folder" || return
	set +f
	rm -f "$folder"/.new.*
	set -f
	if [ "$2" = "$me" ]; then
		"$reader" "$3"
	else
		sudo -n -u "$2" "$reader" "$3"
	fi </dev/null | split_sections "$folder" | while read -r identity files; do
		mkdir -p "$folder/$identity" || break
		for section in $files; do
			# What is kept already stays as old as it is.
			if cmp -s "$folder/.new.$section" "$folder/$identity/$section" ||
				is_of_another "$folder" "$identity" "$section"; then
				rm -f "$folder/.new.$section"
			else
				mv -f "$folder/.new.$section" "$folder/$identity/$section"
			fi
		done
	done
}

# What is older than 30 days, but only four files at a time: a clock that has jumped ahead does not cost everything.
# No more than 70 files, whatever the clock says.
expire() { # FOLDER
	find "$1" -type f -mtime +30 | head -n 4 | while read -r file; do
		rm -f "$file"
	done
	set +f
	# Of no identity: nothing reads it.
	for file in "$1"/*; do
		[ ! -f "$file" ] || rm -f "$file"
	done
	# shellcheck disable=SC2012
	ls -t "$1"/*/* 2>/dev/null | tail -n +71 | while read -r file; do
		rm -f "$file"
	done
	# Of a tor that is gone nothing is left in the end.
	rmdir "$1"/*/ "$1" 2>/dev/null
	set -f
}

while read -r name user dir rest; do
	case $name in
	'' | [#.-]* | *[!A-Za-z0-9._-]*) continue ;;
	esac
	[ -n "$dir" ] && [ -z "$rest" ] && keep "$name" "$user" "$dir"
done <"$instances"

set +f
set -- "$spool"/*/
set -f
for folder in "$@"; do
	[ -d "$folder" ] || continue
	expire "${folder%/}"
done
exit 0
