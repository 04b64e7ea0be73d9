-- What operators say of days; what codes and names mean, for those that occur; who has what; how the collection went.

-- A note is seen on a day that is; one about a bridge or a server where that, or a bridge on it, is seen: by an organization
-- only while it has the bridge. A note about a country names it also where its clients are merged into `other`: it is what
-- the operator chose to say, and tells nothing that was counted. `server`, `bridge`, `country`: one at most, none for all.
create table work.noted as
select named_bridge.private_server, place.instance, place.is_there, named_bridge.server, named_bridge.bridge,
       assigned.from_day, assigned.until_day
from work.named_bridge
join work.place on place.bridge = named_bridge.private_bridge
cross join setting.rule as setting
left join work.assigned on assigned.organization = setting.scope and assigned.private_bridge = named_bridge.private_bridge
where named_bridge.private_bridge in (select private_bridge from work.visible)
  and (setting.scope is null or assigned.organization is not null);

create table note as
select distinct
    given.day,
    case when given.private and noted.bridge is null then given.server
         when given.instance is null then noted.server end as server,
    noted.bridge,
    given.country,
    given.text
from (select * from setting.note cross join setting.rule) as given
left join (
    select private_server, instance, server, bridge, from_day, until_day from work.noted where is_there
    union
    select private_server, null, server, null, from_day, until_day from work.noted
) as noted on noted.private_server = given.server and noted.instance is not distinct from given.instance
          and given.day between coalesce(from_day, date '0001-01-01') and coalesce(until_day, date '9999-12-31')
where given.private or given.day in (select day from day) and (given.server is null or noted.server is not null)
order by all;

create table country as
select
    code as country,
    coalesce(known.name, upper(code)) as name,
    known.note,
    case when regexp_full_match(code, '[a-z0-9]+') then code else 'unknown' end as slug
from (
    select country as code from country_day
    union select country from request_country_day
    union select country from note where country is not null
) as occurring
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
-- Only what can be seen of it: no hand-over that is still to come, or not published yet.
where exists (
    select 1 from work.visible
    where visible.private_bridge = assigned.private_bridge
      and visible.day between coalesce(from_day, date '0001-01-01') and coalesce(until_day, date '9999-12-31'))
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
               and (collection.server <> '' or collection.plugin = 'collector')
where setting.private or server_day.server is not null
order by run, server, source;

create table publication as
select
    (select cast(newest_run as date) from work.newest) as newest_run,
    (select min(day) from day) as first_day,
    (select max(day) from day) as last_day,
    exists (select 1 from warehouse.collection where plugin = 'sample') as sample,
    setting.scope as organization,
    (select own.name from organization as own where own.organization = setting.scope) as organization_name,
    setting.minimum_clients,
    setting.delay
from setting.rule as setting;
