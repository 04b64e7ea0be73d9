-- The newest seven days.
select day.day, day.complete, cast(sum(bridge_day.clients) as bigint) as clients
from day
join bridge_day using (day)
group by all
order by day.day desc
limit 7
