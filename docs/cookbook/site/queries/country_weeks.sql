-- The rows of each page: its country's clients by week, the newest first.
select country, cast(date_trunc('week', day) as date) as week, cast(sum(clients) as bigint) as clients
from country_day
where country not in ('other', '??')
group by country, week
order by country, week desc
