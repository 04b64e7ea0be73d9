-- What operators say of each country, and of each bridge or its server, the ten newest.
with named as (
    select 'country' as kind, country as name, day, null as about, text from note where country is not null
    union all
    select 'bridge', bridge, day, null, text from note where bridge is not null
    union all
    select 'bridge', bridge.bridge, note.day, note.server, note.text from note join bridge using (server) where note.bridge is null
)
select page_paths.path, named.day, named.about, named.text
from named join page_paths using (kind, name)
qualify row_number() over (partition by page_paths.path order by named.day desc, named.about nulls first, named.text) <= 10
order by page_paths.path, named.day desc, named.about nulls first, named.text
