#!/bin/sh
# Prints rows as CSV: a line with the columns' names, then one line a row. Say on standard error what an operator should
# know, and end with another status than 0 if the rows are not whole: then none of them is taken.
#
# What it is told: TORCOLLECT_LAST_DAY, the newest day that is there already (empty at first), and TORCOLLECT_OPTION_…, the
# source's `options`. It runs in the project's folder.
set -eu

echo "day,free_bytes"
free=$(df -Pk . | awk 'NR == 2 { printf "%.0f\n", $4 * 1024 }')
echo "$(date -u +%Y-%m-%d),$free"
