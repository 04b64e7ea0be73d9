-- What all bridges sent and received each day.
--
-- * day: the day, in UTC
-- * sent: bytes sent
-- * received: bytes received
select day, cast(sum(sent_bytes) as bigint) as sent, cast(sum(received_bytes) as bigint) as received
from traffic_day
group by day
order by day
