-- The newest seven days, and the change from the same weekdays of the week before.
with clients as (
    select day.day, day.complete, day.bridges_reporting, day.bridges_expected, cast(sum(bridge_day.clients) as bigint) as clients
    from day
    join bridge_day using (day)
    group by all
    order by day.day desc
    limit 7
),
-- A change is that of the bridges that reported on both days: one that is missing is no change in its clients.
counted as (
    select bridge, day, clients from bridge_day semi join day on day.day = bridge_day.day and day.complete where clients is not null
),
compared as (
    select counted.day, sum(counted.clients) as counted, sum(week.clients) as before
    from counted
    join counted as week on week.bridge = counted.bridge and week.day = counted.day - 7
    group by counted.day
)
select
    clients.*,
    compared.counted / nullif(compared.before, 0) - 1 as change,
    coalesce(change < -0.2 and compared.before - compared.counted >= 40, false) as fell,
    coalesce(change > 0.5 and compared.counted - compared.before >= 40, false) as rose
from clients
left join compared on compared.day = clients.day
order by clients.day desc
