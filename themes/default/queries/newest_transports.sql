-- The newest complete day by pluggable transport, the change as on the day's page, and the 30 days that end there. What compares
-- days leaves those out that are not complete. Of a day of which bridges told their transports, a transport that none of them named is a zero.
with newest as (
    select coalesce(max(day) filter (where complete), max(day)) as day from day
),
calendar as (
    select cast(unnest(generate_series(day - 29, day, interval 1 day)) as date) as day from newest
),
clients as (
    select day, transport, cast(sum(clients) as bigint) as clients
    from transport_day semi join calendar using (day)
    group by day, transport
),
told as (
    select day from day semi join clients using (day) where complete
),
counted as (
    select calendar.day, transport.transport,
           case when told.day is not null then coalesce(clients.clients, 0) end as clients
    from calendar
    cross join transport
    left join told on told.day = calendar.day
    left join clients on clients.day = calendar.day and clients.transport = transport.transport
),
histories as (
    select transport, list(clients order by day) as history from counted group by transport
),
-- The bridges that told transports on both days.
paired as (
    select transport_day.bridge
    from transport_day cross join newest
    semi join day on day.day = transport_day.day and day.complete
    where transport_day.day in (newest.day, newest.day - 7)
    group by transport_day.bridge
    having count(distinct transport_day.day) = 2
),
compared as (
    select
        transport_day.transport,
        coalesce(sum(transport_day.clients) filter (where transport_day.day = newest.day), 0) as counted,
        sum(transport_day.clients) filter (where transport_day.day = newest.day - 7) as before
    from transport_day
    semi join paired using (bridge)
    cross join newest
    where transport_day.day in (newest.day, newest.day - 7)
    group by transport_day.transport
)
select
    transport,
    case transport when '<OR>' then 'no transport' when '<??>' then 'without a name' end as note,
    clients.clients,
    counted / nullif(before, 0) - 1 as change,
    coalesce(change < -0.2 and before - counted >= 40, false) as fell,
    coalesce(change > 0.5 and counted - before >= 40, false) as rose,
    history,
    case when fell or rose then 29 end as mark
from clients
semi join newest using (day)
join histories using (transport)
left join compared using (transport)
join transport using (transport)
order by clients.clients desc, transport
