-- What codes and names mean, for those that occur; who has what; how the collection went.

create table country as
select
    code as country,
    coalesce(known.name, upper(code)) as name,
    known.note,
    case when regexp_full_match(code, '[a-z0-9]+') then code else 'unknown' end as slug
from (select distinct country as code from country_day union select country from request_country_day) as occurring
left join setting.country as known on known.country = occurring.code
order by country;

create table transport as
with named as (
    select distinct transport,
        case transport
            when '<OR>' then 'no-transport'
            when '<??>' then 'unnamed-transport'
            else trim(regexp_replace(lower(transport), '[^a-z0-9_]+', '-', 'g'), '-')
        end as slug
    from transport_day
)
select
    transport,
    -- Two names that would share a slug, or have none, are told apart by their hash.
    case when slug = '' or count(*) over (partition by slug) > 1
         then concat_ws('-', nullif(slug, ''), substr(md5(transport), 1, 6)) else slug end as slug,
    case transport
        when '<OR>' then 'no pluggable transport: clients that speak plain Tor to the bridge'
        when '<??>' then 'a pluggable transport that did not say its name'
    end as note
from named
order by transport;

create table organization as
select organization, name from setting.organization
where case when (select scope from setting.rule) is null
           then (select organizations from setting.rule)
           else organization = (select scope from setting.rule) end
order by organization;

create table assignment as
select assigned.organization, named_bridge.bridge, assigned.from_day, assigned.until_day
from work.assigned
join work.named_bridge using (private_bridge)
semi join organization on organization.organization = assigned.organization
where private_bridge in (select private_bridge from work.visible)
order by all;

-- Exact times and sizes stay private. A collection belongs to the day before it, and is seen if that is.
create table collection as
select
    dense_rank() over (order by collection.run) as run,
    case when setting.private then collection.server else server_day.server end as server,
    collection.plugin || '/' || collection.source as source,
    case when setting.private then collection.started else date_trunc('day', collection.started) end as started,
    case when setting.private then collection.finished else date_trunc('day', collection.finished) end as finished,
    collection.status,
    collection.error,
    case when setting.private then collection.bytes end as bytes
from warehouse.collection
cross join setting.rule as setting
left join (
    select distinct visible.day, named_bridge.private_server, named_bridge.server
    from work.named_bridge join work.visible using (private_bridge)
) as server_day on server_day.private_server = collection.server
               and server_day.day = cast(collection.finished as date) - 1
where setting.private or server_day.server is not null
order by run, server, source;

create table publication as
select
    (select cast(newest_run as date) from work.newest) as newest_run,
    (select min(day) from day) as first_day,
    (select max(day) from day) as last_day,
    exists (select 1 from warehouse.collection where plugin = 'sample') as sample,
    setting.scope as organization,
    setting.minimum_clients,
    setting.delay
from setting.rule as setting;

drop schema work cascade;
