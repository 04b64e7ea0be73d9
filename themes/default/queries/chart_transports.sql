-- The chart of the overview: clients by day and pluggable transport in the newest 540 days that are complete, the largest
-- transport first and, of more than six, all beyond the fifth together. A complete day without a row is a gap.
with newest as (
    select max(day) as day from day where complete
),
clients as (
    select day, transport, sum(clients) as clients
    from transport_day
    semi join day on day.day = transport_day.day and day.complete
    where day > (select day from newest) - 540
    group by day, transport
),
ranked as (
    select transport,
           row_number() over (order by sum(clients) desc, transport) as rank,
           count(*) over () as transports
    from clients
    group by transport
),
named as (
    select transport,
           case when transports > 6 and rank > 5 then 6 else rank end as rank,
           case when transports > 6 and rank > 5 then '<others>'
                when transport = '<OR>' then '<OR>'
                when transport = '<??>' then '<??>'
                else transport end as name
    from ranked
)
-- A transport that no bridge named on a day on which others are is a zero.
select day.day, named.name as transport, cast(coalesce(sum(clients.clients), 0) as bigint) as clients
from (select distinct day from clients) as day
cross join named
left join clients on clients.day = day.day and clients.transport = named.transport
group by day.day, named.rank, named.name
order by day.day, named.rank, named.name
