-- Sudden changes of countries and transports as they were known when each month ended, so that later days change no month: those
-- that began in it or lasted into it. `until` is null where the month's newest day is outside of what was expected; `day` is the
-- day of the month that was farthest outside.
with outside as (
    select
        event.kind, event.name, event.since, event.direction, event.known,
        expected_day.day, expected_day.clients, expected_day.low, expected_day.high,
        if(event.direction = 'fell', greatest(expected_day.low, 8) / greatest(expected_day.clients, 8),
                                     expected_day.clients / expected_day.high) as factor
    from event
    join expected_day on expected_day.kind = event.kind and expected_day.name = event.name
                     and expected_day.day between event.since and coalesce(event.until, date '9999-12-31')
    where if(event.direction = 'fell', expected_day.clients < expected_day.low, expected_day.clients > expected_day.high)
),
ended as (
    select cast(date_trunc('month', day) as date) as month, max(day) filter (complete) as newest from day group by all
),
seen as (
    select ended.month, ended.newest, outside.*
    from ended
    join outside on outside.known <= last_day(ended.month) and outside.day <= last_day(ended.month)
),
monthly as (
    select month, newest, kind, name, since, direction,
           max(day) as latest,
           arg_max({day: day, clients: clients, low: low, high: high}, {now: day >= month, factor: factor, day: day}) as extreme
    from seen
    group by month, newest, kind, name, since, direction
    having greatest(max(day), max(known)) >= month
)
select
    monthly.month,
    monthly.kind,
    monthly.name,
    coalesce(country.name, monthly.name) as label,
    page_paths.path,
    monthly.direction,
    monthly.since,
    case when monthly.latest < monthly.newest then monthly.latest end as until,
    extreme.day,
    extreme.clients,
    extreme.low,
    extreme.high
from monthly
join page_paths on page_paths.kind = monthly.kind and page_paths.name = monthly.name
left join country on monthly.kind = 'country' and country.country = monthly.name
order by monthly.month, monthly.since, monthly.kind, monthly.name, monthly.direction
