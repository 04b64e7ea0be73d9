-- By what names rows mean a bridge: its place, or its hashed fingerprint.
create table work.bridge_name as
select server || '/' || instance as name, bridge as private_bridge from work.place where server <> '' and is_there
union
select upper(hashed_fingerprint), bridge from warehouse.sighting where hashed_fingerprint is not null;

-- What the public calls the servers that printed rows, and whether it may know of them: not if none of their bridges may be seen,
-- nor if none was ever seen and the settings refuse one.
create table work.named_server as
select
    given.server as private_server,
    coalesce(case when setting.private then given.server end, given.label, suggested.label, given.pseudonym) as server,
    setting.private
        or exists (select 1 from work.named_bridge where private_server = given.server and publish)
        or not exists (select 1 from work.named_bridge where private_server = given.server)
            and not exists (select 1 from setting.bridge where bridge.server = given.server and not coalesce(bridge.publish, true))
        as publish
from setting.server as given
cross join setting.rule as setting
left join warehouse.label as suggested on suggested.server = given.server and suggested.instance = '';
