-- Clients by pluggable transport and day, against the same weekday of the week before, and in the 30 days that end there.
-- What compares days leaves those out that are not complete. Of a day of which bridges told their transports, a transport
-- that none of them named is a zero.
with clients as (
    select day, transport, cast(sum(clients) as bigint) as clients, count(distinct bridge) as bridges
    from transport_day
    group by day, transport
),
-- All transports on all days, and on 29 days before them, so that every history has 30 values.
calendar as (
    select cast(unnest(generate_series(min(day) - 29, max(day), interval 1 day)) as date) as day from day
),
told as (
    select day from day semi join clients using (day) where complete
),
compared as (
    select
        calendar.day,
        transport.transport,
        clients.clients,
        clients.bridges,
        case when told.day is not null then coalesce(clients.clients, 0) end as counted,
        lag(counted, 7) over past as before,
        list(counted) over (past rows 29 preceding) as history
    from calendar
    cross join transport
    left join told on told.day = calendar.day
    left join clients on clients.day = calendar.day and clients.transport = transport.transport
    window past as (partition by transport.transport order by calendar.day)
)
select
    compared.day,
    transport,
    case transport when '<OR>' then 'no transport' when '<??>' then 'without a name' end as note,
    compared.clients,
    compared.bridges,
    counted / nullif(before, 0) - 1 as change,
    coalesce(change < -0.2 and before - counted >= 40, false) as fell,
    coalesce(change > 0.5 and counted - before >= 40, false) as rose,
    history,
    case when fell or rose then 29 end as mark
from compared
join transport using (transport)
where compared.clients is not null
order by compared.day, compared.clients desc, transport
