-- Bridges of which the newest complete day knows no clients, and since when that is so.
with newest as (
    select coalesce(max(day) filter (where complete), max(day)) as day from day
),
spoken as (
    select bridge, max(day) filter (where state = 'reported') as day from bridge_day where day <= (select day from newest) group by bridge
)
select bridge.bridge, bridge.label, page_paths.path, bridge_day.state, spoken.day + 1 as since
from bridge_day
semi join newest using (day)
join bridge using (bridge)
join page_paths on page_paths.kind = 'bridge' and page_paths.name = bridge.bridge
left join spoken using (bridge)
where bridge_day.state <> 'reported'
order by bridge.label
