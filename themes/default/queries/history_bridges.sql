-- The ten bridges with the most clients of each country and transport in the newest 30 complete days.
select page_paths.path, bridge.label, place.path as bridge_path, bridge_parts.clients, bridge_parts.share, bridge_parts.bridges
from bridge_parts
join bridge using (bridge)
join page_paths using (kind, name)
join page_paths as place on place.kind = 'bridge' and place.name = bridge_parts.bridge
where bridge_parts.number <= 10
order by page_paths.path, bridge_parts.number
