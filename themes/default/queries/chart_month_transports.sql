-- The chart of each month: clients by pluggable transport on its complete days, the month's largest first and, of more than six,
-- all beyond the fifth together. A transport that no bridge named on a day on which others are is a zero.
with counted as (
    select cast(date_trunc('month', day) as date) as month, day, transport, clients
    from transport_days semi join day on day.day = transport_days.day and day.complete
),
ranked as (
    select month, transport,
           row_number() over (partition by month order by sum(clients) desc, transport) as rank,
           count(*) over (partition by month) as transports
    from counted
    group by month, transport
),
named as (
    select month, transport,
           case when transports > 6 and rank > 5 then 6 else rank end as rank,
           case when transports > 6 and rank > 5 then '<others>'
                when transport = '<OR>' then '<OR>'
                when transport = '<??>' then '<??>'
                else transport end as name
    from ranked
)
select day.month, day.day, named.name as transport, cast(coalesce(sum(counted.clients), 0) as bigint) as clients
from (select distinct month, day from counted) as day
join named using (month)
left join counted on counted.day = day.day and counted.transport = named.transport
group by day.month, day.day, named.rank, named.name
order by day.day, named.rank, named.name
