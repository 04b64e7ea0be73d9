-- The newest complete day; the newest of all if none is complete.
with clients as (
    select day, cast(sum(clients) as bigint) as clients from bridge_day group by day
),
newest as (
    select coalesce(max(day) filter (where complete), max(day)) as day from day
)
select
    day.day,
    day.complete,
    day.bridges_reporting,
    day.bridges_expected,
    clients.clients,
    (select cast(sum(sent_bytes) as bigint) from traffic_day semi join newest using (day)) as sent_bytes,
    (select cast(sum(received_bytes) as bigint) from traffic_day semi join newest using (day)) as received_bytes,
    (select count(distinct country) from country_day semi join newest using (day)
     where country not in ('other', '??')) as countries,
    case when day.complete and week.complete then clients.clients / nullif(before.clients, 0) - 1 end as change,
    coalesce(change < -0.2 and before.clients - clients.clients >= 40, false) as fell
from day
semi join newest using (day)
left join clients on clients.day = day.day
left join day as week on week.day = day.day - 7
left join clients as before on before.day = day.day - 7
order by day.day
