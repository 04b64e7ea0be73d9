-- All countries with clients in the newest seven complete days.
with newest as (
    select day from day where complete order by day desc limit 7
)
select country, country.name, cast(sum(clients) as bigint) as clients
from country_day
join country using (country)
semi join newest using (day)
group by country, country.name
order by clients desc, country
