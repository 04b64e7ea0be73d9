-- How the mean of a month changed against the month before (`months` is 1) and the same month of the year before (12): of all
-- clients, of each country and of each transport. It is that of the bridges that told the number in both months, each by the mean
-- of the complete days on which it told it, so that a bridge that came, went or was silent is no change in its clients.
with fact as (
    select 'all' as kind, 'all' as name, bridge, day, clients from bridge_day where clients is not null
    union all
    select 'country', country, bridge, day, clients from country_day
    union all
    select 'transport', transport, bridge, day, clients from transport_day
),
counted as (
    select kind, name, bridge, cast(date_trunc('month', fact.day) as date) as month, sum(clients) as clients
    from fact semi join day on day.day = fact.day and day.complete
    group by all
),
told as (
    select kind, bridge, cast(date_trunc('month', fact.day) as date) as month, count(distinct fact.day) as days
    from fact semi join day on day.day = fact.day and day.complete
    group by all
),
-- Decimals, so that sums are the same in any order.
own as (
    select kind, name, bridge, month, cast(clients / days as decimal(18, 3)) as mean from counted join told using (kind, bridge, month)
),
paired as (
    select now.kind, now.bridge, now.month, months, past.month as past_month,
           count(*) over (partition by now.kind, now.month, months) as bridges
    from told as now
    cross join unnest([1, 12]) as lags(months)
    join told as past on past.kind = now.kind and past.bridge = now.bridge and past.month = now.month - to_months(months)
),
sums as (
    select paired.kind, name, paired.month, months, bridges, mean as counted, 0 as before
    from paired join own using (kind, bridge, month)
    union all
    select paired.kind, name, paired.month, months, bridges, 0, mean
    from paired join own on own.kind = paired.kind and own.bridge = paired.bridge and own.month = paired.past_month
)
select
    month,
    months,
    kind,
    name,
    bridges,
    sum(counted) / nullif(sum(before), 0) - 1 as change,
    coalesce(change < -0.2 and sum(before) - sum(counted) >= 40, false) as fell,
    coalesce(change > 0.5 and sum(counted) - sum(before) >= 40, false) as rose
from sums
group by month, months, kind, name, bridges
order by month, months, kind, name
