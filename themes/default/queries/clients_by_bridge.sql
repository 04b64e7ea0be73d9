-- Clients of every bridge on every day.
--
-- * day: the day, in UTC
-- * bridge: the name under which the bridge is published
-- * state: reported, no_geoip (countries are not known), no_report, or unreachable (its server was not reached)
-- * clients: unique IP addresses in 24 hours, rounded up to a multiple of 8: 8 means 1 to 8
-- * ipv4: those of them that came over IPv4
-- * ipv6: those of them that came over IPv6
select bridge_day.day, bridge.label as bridge, bridge_day.state, bridge_day.clients, bridge_day.ipv4, bridge_day.ipv6
from bridge_day
join bridge using (bridge)
order by bridge_day.day, bridge.label
