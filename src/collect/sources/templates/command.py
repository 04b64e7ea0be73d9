#!/usr/bin/env python3
"""Prints rows as CSV: a line with the columns' names, then one line a row. Say on standard error what an operator should
know, and end with another status than 0 if the rows are not whole: then none of them is taken.

What it is told: TORCOLLECT_LAST_DAY, the newest day that is there already (empty at first), and TORCOLLECT_OPTION_…, the
source's `options`. It runs in the project's folder.
"""

import csv
import datetime
import shutil
import sys

rows = csv.writer(sys.stdout)
rows.writerow(["day", "free_bytes"])
rows.writerow([datetime.datetime.now(datetime.timezone.utc).date(), shutil.disk_usage(".").free])
