-- Every bridge today, the one with the most clients in the newest 30 complete days first: its state on the newest complete day and
-- since when, what it sent and received a day in these 30 days, and its users at the least on the newest day.
with newest as (
    select max(day) as day from day where complete
),
spoken as (
    select bridge, max(day) filter (where state = 'reported') + 1 as since,
           arg_max(tor_version, day) filter (where tor_version is not null) as tor_version
    from bridge_day
    where day <= (select day from newest)
    group by bridge
),
traffic as (
    select bridge, avg(sent_bytes) as sent_bytes, avg(received_bytes) as received_bytes
    from bridge_traffic
    where day in (select day from day where complete order by day desc limit 30)
    group by bridge
)
select
    page_paths.path,
    bridge.bridge,
    bridge.label,
    bridge.server,
    bridge.first_day,
    bridge.last_day,
    histories.* exclude (name),
    bridge_day.state,
    coalesce(bridge_day.or_inflated, false) as or_inflated,
    spoken.since,
    spoken.tor_version,
    traffic.sent_bytes,
    traffic.received_bytes,
    request_day.directory_requests,
    cast(floor(request_day.estimated_users) as bigint) as estimated_users
from bridge
cross join newest
left join histories on histories.kind = 'bridge' and histories.name = bridge.bridge
join page_paths on page_paths.kind = 'bridge' and page_paths.name = bridge.bridge
left join bridge_day on bridge_day.bridge = bridge.bridge and bridge_day.day = newest.day
left join spoken on spoken.bridge = bridge.bridge
left join traffic on traffic.bridge = bridge.bridge
left join request_day on request_day.bridge = bridge.bridge and request_day.day = newest.day
order by histories.month_clients desc nulls last, bridge.label, bridge.bridge
