-- The sudden changes of each country and transport, and for each bridge those that concern it, the newest first.
with concerned as (
    select kind, name, events.* exclude (kind, name, bridges), kind as of_kind, name as of_name from events
    union all
    select 'bridge', unnest(bridges), events.* exclude (kind, name, bridges), kind, name from events
)
select
    place.path,
    concerned.event,
    concerned.since,
    concerned.until,
    concerned.direction,
    concerned.clients,
    concerned.low,
    concerned.high,
    concerned.outside,
    concerned.of_kind,
    case when concerned.of_kind = 'country' then concerned.of_name end as country,
    concerned.label as name,
    page_paths.path as name_path
from concerned
join page_paths as place on place.kind = concerned.kind and place.name = concerned.name
left join page_paths on page_paths.kind = concerned.of_kind and page_paths.name = concerned.of_name
order by place.path, concerned.since desc, concerned.of_kind, concerned.of_name, concerned.direction
