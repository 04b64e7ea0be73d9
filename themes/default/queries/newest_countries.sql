-- The newest complete day by country: the ten with the most clients.
with newest as (
    select coalesce(max(day) filter (where complete), max(day)) as day from day
),
clients as (
    select day, country, cast(sum(clients) as bigint) as clients from country_day group by day, country
)
select clients.country, country.name, country.note, clients.clients, 
       case when day.complete and week.complete then clients.clients / nullif(before.clients, 0) - 1 end as change,
       coalesce(change < -0.2 and before.clients - clients.clients >= 40, false) as fell
from clients
semi join newest using (day)
join country using (country)
join day on day.day = clients.day
left join day as week on week.day = clients.day - 7
left join clients as before on before.country = clients.country and before.day = clients.day - 7
order by clients.clients desc, clients.country
limit 10
