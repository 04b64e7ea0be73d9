-- How the clients of countries and transports are divided among bridges in the newest 30 complete days: the mean of the days on which
-- the bridge told of all countries, or of all transports. Shares are those of the means, in the name and in the bridge.
with newest as (
    select day from day where complete order by day desc limit 30
),
listed as (
    select 'country' as kind, country as name, bridge, day, clients from country_day semi join newest using (day)
    union all
    select 'transport', transport, bridge, day, clients from transport_day semi join newest using (day)
),
told as (
    select kind, bridge, count(distinct day) as days from listed group by all
),
means as (
    select kind, name, bridge, cast(sum(clients) / any_value(days) as decimal(18, 3)) as clients
    from listed join told using (kind, bridge)
    group by all
)
select
    kind,
    name,
    bridge,
    cast(round(clients) as bigint) as clients,
    clients / nullif(sum(clients) over of_name, 0) as share,
    clients / nullif(sum(clients) over of_bridge, 0) as bridge_share,
    row_number() over (partition by kind, name order by means.clients desc, bridge) as number,
    row_number() over (partition by kind, bridge order by means.clients desc, name) as bridge_number,
    count(*) over of_name as bridges
from means
window of_name as (partition by kind, name), of_bridge as (partition by kind, bridge)
order by kind, name, number
