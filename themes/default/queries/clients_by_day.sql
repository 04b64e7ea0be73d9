-- Clients of all bridges on every day.
--
-- * day: the day, in UTC
-- * complete: whether every server has been heard for this day; the numbers of others can still grow
-- * bridges_expected: bridges from which a report was expected
-- * bridges_reporting: bridges that reported
-- * clients: unique IP addresses in 24 hours, each bridge's rounded up to a multiple of 8, summed over bridges: who uses two
--   bridges counts twice
-- * ipv4: those of them that came over IPv4
-- * ipv6: those of them that came over IPv6
select
    day.day,
    day.complete,
    day.bridges_expected,
    day.bridges_reporting,
    cast(sum(bridge_day.clients) as bigint) as clients,
    cast(sum(bridge_day.ipv4) as bigint) as ipv4,
    cast(sum(bridge_day.ipv6) as bigint) as ipv6
from day
left join bridge_day using (day)
where day.bridges_expected > 0
group by all
order by day.day
