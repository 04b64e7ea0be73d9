-- Clients by country and day, with the share of the day's sum of countries and the same weekday of the week before.
with clients as (
    select day, country, cast(sum(clients) as bigint) as clients, count(distinct bridge) as bridges
    from country_day
    group by day, country
)
select
    clients.day,
    clients.country,
    country.name,
    country.note,
    clients.clients,
    clients.bridges,
    clients.clients / sum(clients.clients) over (partition by clients.day) as share,
    case when day.complete and week.complete then clients.clients / nullif(before.clients, 0) - 1 end as change,
    coalesce(change < -0.2 and before.clients - clients.clients >= 40, false) as fell
from clients
join country using (country)
join day on day.day = clients.day
left join day as week on week.day = clients.day - 7
left join clients as before on before.country = clients.country and before.day = clients.day - 7
order by clients.day, clients.clients desc, clients.country
