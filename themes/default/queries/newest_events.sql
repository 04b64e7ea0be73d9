-- The sudden changes that go on, or that were seen in the newest 14 days.
from events where last > (select max(day) from day where complete) - 14 order by since desc, event limit 10
