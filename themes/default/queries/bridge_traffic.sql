-- What each bridge sent and received on complete days. tor fills the time in which it did not run with zeros: of a bridge that told
-- nothing else, a zero says nothing.
select bridge, day, sent_bytes, received_bytes
from traffic_day
join bridge_day using (bridge, day)
semi join day on day.day = traffic_day.day and day.complete
where state in ('reported', 'no_geoip') or sent_bytes + received_bytes > 0
order by bridge, day
