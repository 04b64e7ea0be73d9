-- Each bridge with its newest 30 days, oldest first; a day without a report is a gap.
with days as (
    select day from day where complete order by day desc limit 30
)
select bridge.label, max(clients) as most, list(clients order by day) as history
from bridge
cross join days
left join bridge_day using (bridge, day)
group by bridge.bridge, bridge.label
having count(clients) > 0
order by bridge.label
