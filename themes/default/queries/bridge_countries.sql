-- The ten countries with the most clients of each bridge in the newest 30 complete days. Each is rounded up on its own.
select place.path, country.country, country.name, page_paths.path as country_path, bridge_parts.clients, bridge_parts.bridge_share as share
from bridge_parts
join country on country.country = bridge_parts.name
join page_paths as place on place.kind = 'bridge' and place.name = bridge_parts.bridge
left join page_paths on page_paths.kind = 'country' and page_paths.name = bridge_parts.name
where bridge_parts.kind = 'country' and bridge_parts.bridge_number <= 10
order by place.path, bridge_parts.bridge_number
