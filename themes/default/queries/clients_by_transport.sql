-- Clients of all bridges on every day, by the transport that they use.
--
-- * day: the day, in UTC
-- * transport: the transport's name; <OR> is none
-- * clients: as counted and rounded by each bridge, summed over bridges
select day, transport, cast(sum(clients) as bigint) as clients
from transport_day
group by all
order by day, clients desc, transport
