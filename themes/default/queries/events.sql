-- Sudden changes of countries and pluggable transports, the newest first: each with a name that stands in addresses, the day on
-- which it was farthest outside, and 60 days of the clients that can be compared, of which the marked one is its first.
with newest as (
    select max(day) as day from day where complete
),
named as (
    select
        concat_ws('-', event.since, kind, coalesce(country.slug, transport.slug), direction) as event,
        coalesce(country.name, event.name) as label,
        event.*,
        coalesce(event.until, newest.day) as last,
        least(newest.day, event.since + 30) as shown
    from event
    cross join newest
    left join country on event.kind = 'country' and country.country = event.name
    left join transport on event.kind = 'transport' and transport.transport = event.name
),
extremes as (
    select named.event, max(expected_day.day) as day
    from named
    join expected_day using (kind, name, clients, low, high)
    where expected_day.day between named.since and named.last
    group by named.event
),
histories as (
    select event, list(expected_day.clients order by number desc) as history
    from named
    cross join range(60) as numbers(number)
    left join expected_day on expected_day.kind = named.kind and expected_day.name = named.name
                          and expected_day.day = named.shown - cast(number as integer)
    group by event
)
select
    named.* replace (cast(named.outside as double) as outside),
    page_paths.path,
    extremes.day as extreme_day,
    history,
    59 - (shown - since) as mark,
    -- What the chart writes at the first day.
    [{day: since, text: label}] as marks,
    -- The year, where it is another one than that of the event above.
    case when lag(year(since)) over (order by since desc, event) is distinct from year(since) then year(since) end as year
from named
join histories using (event)
join page_paths on page_paths.kind = named.kind and page_paths.name = named.name
left join extremes using (event)
order by since desc, event
