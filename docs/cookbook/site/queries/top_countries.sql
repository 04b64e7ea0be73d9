-- The ten countries with the most clients on the newest complete day.
with newest as (
    select max(day) as day from day where complete
)
select country, country.name, cast(sum(clients) as bigint) as clients
from country_day
join country using (country)
semi join newest using (day)
group by country, country.name
order by clients desc, country
limit 10
