-- Every bridge on every day: its clients and traffic, or why they are not known and since when; the change from the same weekday
-- of the week before, and the clients of the 30 days that end there. What compares days leaves those out that are not complete.
with calendar as (
    select bridge, cast(unnest(generate_series(min(day) - 29, max(day), interval 1 day)) as date) as day
    from bridge_day
    group by bridge
),
compared as (
    select
        calendar.bridge,
        calendar.day,
        case when day.complete then bridge_day.clients end as counted,
        lag(counted, 7) over past as before,
        list(counted) over (past rows 29 preceding) as history
    from calendar
    left join day on day.day = calendar.day
    left join bridge_day on bridge_day.bridge = calendar.bridge and bridge_day.day = calendar.day
    window past as (partition by calendar.bridge order by calendar.day)
)
select
    bridge_day.day,
    bridge_day.bridge,
    bridge.label,
    page_paths.path,
    bridge_day.state,
    bridge_day.clients,
    traffic_day.sent_bytes,
    traffic_day.received_bytes,
    bridge_day.tor_version,
    bridge_day.or_inflated,
    max(bridge_day.day) filter (where bridge_day.state = 'reported')
        over (partition by bridge_day.bridge order by bridge_day.day) + 1 as since,
    counted / nullif(before, 0) - 1 as change,
    coalesce(change < -0.2 and before - counted >= 40, false) as fell,
    coalesce(change > 0.5 and counted - before >= 40, false) as rose,
    compared.history,
    case when fell or rose then 29 end as mark
from bridge_day
join bridge using (bridge)
join page_paths on page_paths.kind = 'bridge' and page_paths.name = bridge.bridge
join compared on compared.bridge = bridge_day.bridge and compared.day = bridge_day.day
-- tor fills the time in which it did not run with zeros: of a bridge that told nothing else, a zero says nothing.
left join traffic_day on traffic_day.bridge = bridge_day.bridge and traffic_day.day = bridge_day.day
                     and (bridge_day.state in ('reported', 'no_geoip') or sent_bytes + received_bytes > 0)
order by bridge_day.day, bridge_day.clients desc nulls last, bridge.label
