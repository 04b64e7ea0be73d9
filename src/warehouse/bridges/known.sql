-- Every bridge that was seen on a server or that the settings name, and the newest day. Reads: warehouse.*, setting_*
create table newest as
select coalesce(
    (select cast(max(finished) as date) from warehouse.collection),
    (select cast(max(ends) as date) from warehouse.report)) as day;

create table known as
with placed as (
    select server, instance, bridge
    from warehouse.place
    where server <> ''
    qualify row_number() over (partition by server, instance order by last_seen desc, last_extract desc, bridge) = 1
),
told as (
    select bridge, min(cast(ends - seconds / 2 * interval 1 second as date)) as first_day,
           max(cast(ends - seconds / 2 * interval 1 second as date)) as last_day
    from warehouse.report
    group by bridge
)
select
    every.server,
    every.instance,
    every.server || '/' || every.instance as bridge,
    coalesce(given.label, suggested.label) as label,
    coalesce(given.publish, refused.bridge is null) as published,
    told.first_day,
    told.last_day
from (
    select server, instance from placed
    union
    select server, instance from setting_bridge
    union
    select server, instance from setting_assignment
) as every
left join placed using (server, instance)
left join setting_bridge as given using (server, instance)
left join warehouse.label as suggested using (server, instance)
left join warehouse.refused as refused on refused.bridge = placed.bridge
left join told on told.bridge = placed.bridge;

-- Who has which bridge when, and whether that is so on the newest day.
create table given as
select
    setting_assignment.*,
    coalesce((select day from newest) between coalesce(from_day, date '0001-01-01') and coalesce(until_day, date '9999-12-31'),
             until_day is null) as has_it
from setting_assignment;
