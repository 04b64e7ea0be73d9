-- Places that share a bridge, in the newest extract of each server.
with newest as (
    select max_by(extract, finished) as extract from collection where extract is not null group by plugin, source, server
)
select string_agg(distinct server || '/' || instance, ', ' order by server || '/' || instance) as places
from sighting semi join newest using (extract)
group by bridge
having count(distinct server || '/' || instance) > 1
order by places;
