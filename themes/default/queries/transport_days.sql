-- Clients by pluggable transport and day.
with clients as (
    select day, transport, cast(sum(clients) as bigint) as clients, count(distinct bridge) as bridges
    from transport_day
    group by day, transport
)
select
    clients.day,
    clients.transport,
    transport.note,
    clients.clients,
    clients.bridges,
    case when day.complete and week.complete then clients.clients / nullif(before.clients, 0) - 1 end as change,
    coalesce(change < -0.2 and before.clients - clients.clients >= 40, false) as fell
from clients
join transport using (transport)
join day on day.day = clients.day
left join day as week on week.day = clients.day - 7
left join clients as before on before.transport = clients.transport and before.day = clients.day - 7
order by clients.day, clients.clients desc, clients.transport
