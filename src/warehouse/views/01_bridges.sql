-- Which bridges there are, where they stand, and what they are called. Reads: warehouse.*, setting.*
create schema work;

-- Of several bridges that stand in one place, the newest is there still.
create table work.place as
select bridge, server, instance,
       row_number() over (partition by server, instance order by last_seen desc, last_extract desc, bridge) = 1 as is_there
from warehouse.place;

-- When each bridge was seen on a server, when its server was asked, and when its server answered. Archives are no server:
-- nobody was asked.
create table work.seen as
select sighting.bridge, max(collection.finished) as seen
from warehouse.sighting join warehouse.collection using (extract)
where sighting.server <> ''
group by sighting.bridge;

create table work.asked as
select server, finished, status <> 'failed' as answered from warehouse.collection
where server <> '' and plugin in ('tor-bridge', 'sample');

-- Names: those of the configuration, else those that the source suggests, else pseudonyms. A bridge whose publication was
-- once refused stays refused, wherever it goes and whatever is said of servers no more, until it is allowed by name.
create table work.named_bridge as
select
    place.bridge as private_bridge,
    substr(place.bridge, 1, 12) as bridge,
    place.server as private_server,
    coalesce(case when place.is_there then coalesce(given.label, suggested.label) end,
             'bridge-' || substr(place.bridge, 1, 8)) as label,
    coalesce(case when setting.private then nullif(place.server, '') end, given_server.label, suggested_server.label,
             given_server.pseudonym) as server,
    setting.private or coalesce(given.publish, refused.bridge is null) as publish
from work.place
cross join setting.rule as setting
left join setting.bridge as given on given.server = place.server and given.instance = place.instance
left join setting.server as given_server on given_server.server = place.server
left join warehouse.refused as refused on refused.bridge = place.bridge
left join warehouse.label as suggested on suggested.server = place.server and suggested.instance = place.instance
left join warehouse.label as suggested_server on suggested_server.server = place.server and suggested_server.instance = '';
