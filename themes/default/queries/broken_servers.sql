-- The servers that failed when they were asked last, and those that were asked and have not answered for two days or more.
from servers
where failed or (days_asked is not null and (last_answer is null or days_before > 1))
order by last_answer nulls first, server
