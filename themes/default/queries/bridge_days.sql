-- Every bridge on every day: its clients and traffic, or why they are not known and since when.
select
    bridge_day.day,
    bridge_day.bridge,
    bridge.label,
    bridge_day.state,
    bridge_day.clients,
    traffic_day.sent_bytes,
    traffic_day.received_bytes,
    bridge_day.tor_version,
    bridge_day.or_inflated,
    max(bridge_day.day) filter (where bridge_day.state = 'reported')
        over (partition by bridge_day.bridge order by bridge_day.day) + 1 as since,
    case when day.complete and week.complete then bridge_day.clients / nullif(before.clients, 0) - 1 end as change,
    coalesce(change < -0.2 and before.clients - bridge_day.clients >= 40, false) as fell
from bridge_day
join bridge using (bridge)
join day on day.day = bridge_day.day
left join traffic_day on traffic_day.bridge = bridge_day.bridge and traffic_day.day = bridge_day.day
left join day as week on week.day = bridge_day.day - 7
left join bridge_day as before on before.bridge = bridge_day.bridge and before.day = bridge_day.day - 7
order by bridge_day.day, bridge_day.clients desc nulls last, bridge.label
