-- The bridges that a sudden change is about, the one that changed most first: their clients on its most extreme day, and before,
-- which is the mean of the same weekday in the four weeks before. A bridge that told without naming the country or the transport
-- had none from there; but where no bridge named the country, it may be among the other countries, and that is not known.
with asked as (
    select event, kind, name, bridge, place, week, extreme_day - 7 * week as day
    from (select *, unnest(bridges) as bridge, generate_subscripts(bridges, 1) as place from events)
    cross join (select unnest([0, 1, 2, 3, 4]) as week)
),
fact as (
    select 'country' as kind, country as name, bridge, day, clients from country_day
    union all
    select 'transport', transport, bridge, day, clients from transport_day
),
told as (
    select 'country' as kind, bridge, day from bridge_day where state = 'reported'
    union all
    select 'transport', bridge, day from bridge_day where clients = 0
    union all
    select 'transport', bridge, day from transport_day
),
counted as (
    select
        asked.*,
        case
            when fact.clients is not null then fact.clients
            when not exists (from told where told.kind = asked.kind and told.bridge = asked.bridge and told.day = asked.day) then null
            when kind = 'country'
             and exists (from country_day as merged where merged.day = asked.day and merged.country = 'other')
             and not exists (from country_day as listed where listed.day = asked.day and listed.country = asked.name) then null
            else 0
        end as clients
    from asked
    left join fact using (kind, name, bridge, day)
    semi join day on day.day = asked.day and day.complete
)
select
    event,
    bridge.label,
    page_paths.path,
    cast(round(avg(counted.clients) filter (where week > 0)) as bigint) as before,
    any_value(counted.clients) filter (where week = 0) as clients
from counted
join bridge using (bridge)
join page_paths on page_paths.kind = 'bridge' and page_paths.name = counted.bridge
group by event, place, bridge.label, page_paths.path
order by event, place, bridge.label
