-- The newest complete day by country: the ten with the most clients, and their 30 days that end there. What compares days
-- leaves those out that are not complete; a day on which the country is not listed is null.
with newest as (
    select coalesce(max(day) filter (where complete), max(day)) as day from day
),
calendar as (
    select cast(unnest(generate_series(day - 29, day, interval 1 day)) as date) as day from newest
),
clients as (
    select day, country, cast(sum(clients) as bigint) as clients
    from country_day semi join calendar using (day)
    group by day, country
),
compared as (
    select
        top.country,
        top.clients,
        max(before.clients) filter (where calendar.day = top.day) as counted,
        max(before.clients) filter (where calendar.day = top.day - 7) as before,
        list(before.clients order by calendar.day) as history
    from (from clients semi join newest using (day) order by clients desc, country limit 10) as top
    cross join calendar
    left join day on day.day = calendar.day and day.complete
    left join clients as before on before.day = day.day and before.country = top.country
    group by top.country, top.clients
)
select
    country,
    country.name,
    country.note,
    compared.clients,
    counted / nullif(before, 0) - 1 as change,
    coalesce(change < -0.2 and before - counted >= 40, false) as fell,
    coalesce(change > 0.5 and counted - before >= 40, false) as rose,
    history,
    case when fell or rose then 29 end as mark
from compared
join country using (country)
order by compared.clients desc, country
