-- The ten transports with the most clients of each bridge in the newest 30 complete days.
select place.path, bridge_parts.name as transport, page_paths.path as transport_path, bridge_parts.clients,
       bridge_parts.bridge_share as share
from bridge_parts
join page_paths as place on place.kind = 'bridge' and place.name = bridge_parts.bridge
join page_paths on page_paths.kind = 'transport' and page_paths.name = bridge_parts.name
where bridge_parts.kind = 'transport' and bridge_parts.bridge_number <= 10
order by place.path, bridge_parts.bridge_number
