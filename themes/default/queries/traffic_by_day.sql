-- Traffic of all bridges on every day.
--
-- * day: the day, in UTC
-- * bridges: bridges that told their traffic
-- * sent_bytes: bytes that they sent, in finished intervals, each rounded down to a multiple of 1024
-- * received_bytes: bytes that they received, likewise
select
    day,
    count(*) as bridges,
    cast(sum(sent_bytes) as bigint) as sent_bytes,
    cast(sum(received_bytes) as bigint) as received_bytes
from traffic_day
group by all
order by day
