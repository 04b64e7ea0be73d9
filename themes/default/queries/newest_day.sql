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
-- A change is that of the bridges that reported on both days: one that is missing is no change in its clients.
counted as (
    select bridge, day, clients
    from bridge_day semi join calendar using (day) semi join day on day.day = bridge_day.day and day.complete
    where clients is not null
),
compared as (
    select counted.day, sum(counted.clients) as counted, sum(week.clients) as before
    from counted
    join counted as week on week.bridge = counted.bridge and week.day = counted.day - 7
    group by counted.day
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
    compared.counted / nullif(compared.before, 0) - 1 as change,
    coalesce(change < -0.2 and compared.before - compared.counted >= 40, false) as fell,
    coalesce(change > 0.5 and compared.counted - compared.before >= 40, false) as rose,
    history.*,
    case when fell or rose then 29 end as mark
from day
semi join newest using (day)
cross join history
left join clients on clients.day = day.day
left join countries on countries.day = day.day
left join traffic on traffic.day = day.day
left join compared on compared.day = day.day
order by day.day
