-- Clients by pluggable transport and day, the change from the same weekday of the week before, and the 30 days that end there.
-- What compares days leaves those out that are not complete. Of a day of which bridges told their transports, a transport
-- that none of them named is a zero. It fell or rose while a sudden change goes on, and the mark is where the newest of these
-- began. `note` is `none` of clients without a transport, and `unnamed` where its name is not known.
with told as (
    select distinct bridge, day from transport_day semi join day on day.day = transport_day.day and day.complete
),
-- A change is that of the bridges that told transports on both days.
paired as (
    select day.bridge, day.day from told as day join told as week on week.bridge = day.bridge and week.day = day.day - 7
),
clients as (
    select
        transport_day.day,
        transport_day.transport,
        cast(sum(transport_day.clients) as bigint) as clients,
        count(distinct transport_day.bridge) as bridges,
        sum(transport_day.clients) filter (where now.bridge is not null) as as_now,
        sum(transport_day.clients) filter (where later.bridge is not null) as as_before
    from transport_day
    left join paired as now on now.bridge = transport_day.bridge and now.day = transport_day.day
    left join paired as later on later.bridge = transport_day.bridge and later.day = transport_day.day + 7
    group by transport_day.day, transport_day.transport
),
-- All transports on all days, and on 29 days before them, so that every history has 30 values.
calendar as (
    select cast(unnest(generate_series(min(day) - 29, max(day), interval 1 day)) as date) as day from day
),
compared as (
    select
        calendar.day,
        transport.transport,
        clients.clients,
        clients.bridges,
        coalesce(clients.as_now, 0) as counted,
        lag(clients.as_before, 7) over past as before,
        list(case when told.day is not null then coalesce(clients.clients, 0) end) over (past rows 29 preceding) as history,
        max(begun.day) over (past rows 29 preceding) as begun
    from calendar
    cross join transport
    left join (select distinct day from told) as told on told.day = calendar.day
    left join clients on clients.day = calendar.day and clients.transport = transport.transport
    left join (select distinct name, since as day from event where kind = 'transport') as begun
           on begun.name = transport.transport and begun.day = calendar.day
    window past as (partition by transport.transport order by calendar.day)
)
select
    compared.day,
    transport,
    case transport when '<OR>' then 'none' when '<??>' then 'unnamed' end as note,
    page_paths.path,
    compared.clients,
    compared.bridges,
    counted / nullif(before, 0) - 1 as change,
    coalesce(changed_days.direction = 'fell', false) as fell,
    coalesce(changed_days.direction = 'rose', false) as rose,
    changed_days.since,
    changed_days.event,
    history,
    29 - (compared.day - begun) as mark
from compared
join transport using (transport)
join page_paths on page_paths.kind = 'transport' and page_paths.name = transport.transport
left join changed_days on changed_days.kind = 'transport' and changed_days.name = compared.transport and changed_days.day = compared.day
where compared.clients is not null
order by compared.day, compared.clients desc, transport
