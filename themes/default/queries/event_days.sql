-- The 60 days around each sudden change: the clients of the bridges that can be compared, and the range in which they were
-- expected. A day of which that is not known has no row.
select
    event,
    day,
    expected_day.clients,
    expected_day.low as lowest_expected,
    expected_day.high as highest_expected,
    expected_day.clients < expected_day.low as fell,
    expected_day.clients > expected_day.high as rose,
    -- From a week before the change to a month after its first day: what the table shows.
    day >= since - 7 as near
from events
join expected_day using (kind, name)
where day between shown - 59 and shown
order by event, day
