-- The newest complete day by country: the ten with the most clients, the change as on the day's page, and their 30 days that end
-- there. What compares days leaves those out that are not complete; a day on which the country is not listed is null.
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
top as (
    from clients semi join newest using (day) order by clients desc, country limit 10
),
histories as (
    select top.country, list(clients.clients order by calendar.day) as history
    from top
    cross join calendar
    left join day on day.day = calendar.day and day.complete
    left join clients on clients.day = day.day and clients.country = top.country
    group by top.country
),
-- The bridges that told countries on both days.
paired as (
    select country_day.bridge
    from country_day cross join newest
    semi join day on day.day = country_day.day and day.complete
    where country_day.day in (newest.day, newest.day - 7)
    group by country_day.bridge
    having count(distinct country_day.day) = 2
),
compared as (
    select
        country_day.country,
        coalesce(sum(country_day.clients) filter (where country_day.day = newest.day), 0) as counted,
        sum(country_day.clients) filter (where country_day.day = newest.day - 7) as before
    from country_day
    semi join paired using (bridge)
    cross join newest
    where country_day.day in (newest.day, newest.day - 7)
    group by country_day.country
)
select
    country,
    country.name,
    country.note,
    top.clients,
    counted / nullif(before, 0) - 1 as change,
    coalesce(change < -0.2 and before - counted >= 40, false) as fell,
    coalesce(change > 0.5 and counted - before >= 40, false) as rose,
    history,
    case when fell or rose then 29 end as mark
from top
join histories using (country)
join country using (country)
left join compared using (country)
order by top.clients desc, country
