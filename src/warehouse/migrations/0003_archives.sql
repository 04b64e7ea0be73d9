-- Archives: their bridges stand under the server '', which is none, each under its hashed fingerprint. What they have told claims
-- no interval, and their files have no content here: an extract of them is done when it has a derivation.

-- Where each bridge stands. A place counts as long as the newest extract of its server shows the bridge, and that server
-- is still asked: it is gone when others were asked a day after it was asked last. Of the places that count, the one where the
-- bridge was seen first is its own, so that no other server can take it away by naming it; if none counts, the newest is.
-- An archive is a place only for a bridge that no server has shown.
create or replace view place as
with asked as (
    select *, max(last_run) over (partition by plugin) as newest_run
    from (
        select plugin, source, server, max(run) as last_run,
               arg_max(extract, finished) filter (where extract is not null and status <> 'failed') as newest
        from collection
        where server <> ''
        group by plugin, source, server
    )
),
seen as (
    select extract, max(finished) as finished from collection where extract is not null group by extract
),
stood as (
    select sighting.bridge, sighting.server, sighting.instance,
           min(sighting.extract) as first_extract,
           max(seen.finished) as last_seen,
           max(sighting.extract) as last_extract,
           bool_or(sighting.extract in (
               select newest from asked where newest is not null and last_run > newest_run - 24 * 60 * 60 * 1000
           )) as counts
    from sighting join seen using (extract)
    where sighting.server <> ''
    group by all
    union all
    select sighting.bridge, sighting.server, sighting.instance, sighting.extract, extract.received, sighting.extract, false
    from sighting join extract on extract.id = sighting.extract
    where sighting.server = ''
)
select bridge, server, instance, last_seen, last_extract
from stood
qualify row_number() over (
    partition by bridge
    order by server <> '' desc, counts desc, case when counts then first_extract end, last_seen desc, last_extract desc, instance
) = 1;
