-- The newest complete day by pluggable transport.
with newest as (
    select coalesce(max(day) filter (where complete), max(day)) as day from day
),
clients as (
    select day, transport, cast(sum(clients) as bigint) as clients from transport_day group by day, transport
)
select clients.transport, transport.note, clients.clients, 
       case when day.complete and week.complete then clients.clients / nullif(before.clients, 0) - 1 end as change,
       coalesce(change < -0.2 and before.clients - clients.clients >= 40, false) as fell
from clients
semi join newest using (day)
join transport using (transport)
join day on day.day = clients.day
left join day as week on week.day = clients.day - 7
left join clients as before on before.transport = clients.transport and before.day = clients.day - 7
order by clients.clients desc, clients.transport
