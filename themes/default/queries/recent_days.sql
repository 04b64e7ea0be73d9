-- The newest seven days, against the same weekdays of the week before if both are complete.
with clients as (
    select day.day, day.complete, day.bridges_reporting, day.bridges_expected, cast(sum(bridge_day.clients) as bigint) as clients
    from day
    join bridge_day using (day)
    group by all
)
select
    clients.*,
    case when clients.complete and before.complete then clients.clients / nullif(before.clients, 0) - 1 end as change,
    coalesce(change < -0.2 and before.clients - clients.clients >= 40, false) as fell,
    coalesce(change > 0.5 and clients.clients - before.clients >= 40, false) as rose
from clients
left join clients as before on before.day = clients.day - 7
order by clients.day desc
limit 7
