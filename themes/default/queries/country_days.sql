-- Clients by country and day: the share of the day's sum of countries, the change from the same weekday of the week before, and
-- the 30 days that end there. What compares days leaves those out that are not complete. A day on which the country is not
-- listed is null and no zero: its clients, if there were any, are among the other countries. It fell or rose while a sudden
-- change goes on, and the mark is where the newest of these began.
with told as (
    select distinct bridge, day from country_day semi join day on day.day = country_day.day and day.complete
),
-- A change is that of the bridges that told countries on both days: one that is missing is no change in a country.
paired as (
    select day.bridge, day.day from told as day join told as week on week.bridge = day.bridge and week.day = day.day - 7
),
clients as (
    select
        country_day.day,
        country_day.country,
        cast(sum(country_day.clients) as bigint) as clients,
        count(distinct country_day.bridge) as bridges,
        coalesce(sum(country_day.clients) filter (where now.bridge is not null), 0) as as_now,
        coalesce(sum(country_day.clients) filter (where later.bridge is not null), 0) as as_before
    from country_day
    left join paired as now on now.bridge = country_day.bridge and now.day = country_day.day
    left join paired as later on later.bridge = country_day.bridge and later.day = country_day.day + 7
    group by country_day.day, country_day.country
),
-- All countries on all days, and on 29 days before them, so that every history has 30 values.
calendar as (
    select cast(unnest(generate_series(min(day) - 29, max(day), interval 1 day)) as date) as day from day
),
compared as (
    select
        calendar.day,
        country.country,
        clients.clients,
        clients.bridges,
        clients.as_now as counted,
        lag(clients.as_before, 7) over past as before,
        list(case when day.complete then clients.clients end) over (past rows 29 preceding) as history,
        max(begun.day) over (past rows 29 preceding) as begun
    from calendar
    cross join country
    left join day on day.day = calendar.day
    left join clients on clients.day = calendar.day and clients.country = country.country
    left join (select distinct name, since as day from event where kind = 'country') as begun
           on begun.name = country.country and begun.day = calendar.day
    window past as (partition by country.country order by calendar.day)
)
select
    compared.day,
    country,
    country.name,
    country.note,
    page_paths.path,
    compared.clients,
    compared.bridges,
    compared.clients / sum(compared.clients) over (partition by compared.day) as share,
    counted / nullif(before, 0) - 1 as change,
    coalesce(changed_days.direction = 'fell', false) as fell,
    coalesce(changed_days.direction = 'rose', false) as rose,
    changed_days.since,
    changed_days.event,
    history,
    29 - (compared.day - begun) as mark
from compared
join country using (country)
left join page_paths on page_paths.kind = 'country' and page_paths.name = country.country
left join changed_days on changed_days.kind = 'country' and changed_days.name = compared.country and changed_days.day = compared.day
where compared.clients is not null
order by compared.day, compared.clients desc, country
