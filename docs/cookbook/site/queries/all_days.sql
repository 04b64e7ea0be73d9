-- Every complete day and its clients.
select day, cast(sum(clients) as bigint) as clients
from bridge_day
semi join day on day.day = bridge_day.day and day.complete
group by day
order by day desc
