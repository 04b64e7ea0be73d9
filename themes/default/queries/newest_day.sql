-- The newest complete day, the newest of all if none is complete; and the 30 days that end there.
with newest as (
    select coalesce(max(day) filter (where complete), max(day)) as day from day
),
calendar as (
    select cast(unnest(generate_series(day - 29, day, interval 1 day)) as date) as day from newest
),
clients as (
    select day, cast(sum(clients) as bigint) as clients from bridge_day semi join calendar using (day) group by day
),
countries as (
    select day, count(distinct country) as countries
    from country_day semi join calendar using (day)
    where country not in ('other', '??')
    group by day
),
traffic as (
    select day, cast(sum(sent_bytes) as bigint) as sent_bytes, cast(sum(received_bytes) as bigint) as received_bytes
    from traffic_day semi join calendar using (day)
    group by day
),
-- Days that are not complete are gaps.
history as (
    select
        list(clients.clients order by calendar.day) as clients_history,
        list(day.bridges_reporting order by calendar.day) as bridges_history,
        list(countries.countries order by calendar.day) as countries_history,
        list(traffic.sent_bytes order by calendar.day) as sent_history
    from calendar
    left join day on day.day = calendar.day and day.complete
    left join clients on clients.day = day.day
    left join countries on countries.day = day.day
    left join traffic on traffic.day = day.day
)
select
    day.day,
    day.complete,
    day.bridges_reporting,
    day.bridges_expected,
    clients.clients,
    traffic.sent_bytes,
    traffic.received_bytes,
    coalesce(countries.countries, 0) as countries,
    case when day.complete and week.complete then clients.clients / nullif(before.clients, 0) - 1 end as change,
    coalesce(change < -0.2 and before.clients - clients.clients >= 40, false) as fell,
    coalesce(change > 0.5 and clients.clients - before.clients >= 40, false) as rose,
    history.*,
    case when fell or rose then 29 end as mark
from day
semi join newest using (day)
cross join history
left join clients on clients.day = day.day
left join countries on countries.day = day.day
left join traffic on traffic.day = day.day
left join day as week on week.day = day.day - 7
left join clients as before on before.day = day.day - 7
order by day.day
