-- Who reported an interval first: what another server, or the same place under another name, says of it later is left out.
-- One row for each of the facts that extracts have; `extract` is the oldest that has it.
create table claim (
    kind text not null,                -- report, request, traffic
    bridge text not null,
    ends timestamp not null,
    server text not null,
    instance text not null,
    extract bigint not null,
    primary key (kind, ends, bridge, server, instance)
);

-- Failures in a row that the command of `on_failure` has been told of, by their first run.
create table told (
    plugin text not null,
    source text not null,
    server text not null,
    first_run bigint not null,
    primary key (plugin, source, server, first_run)
);

-- Where each bridge stands. A place counts as long as the newest extract of its server shows the bridge, and that server
-- is still asked: it is gone when others were asked a day after it was asked last. Of the places that count, the one where the
-- bridge was seen first is its own, so that no other server can take it away by naming it; if none counts, the newest is.
create view place as
with asked as (
    select *, max(last_run) over (partition by plugin) as newest_run
    from (
        select plugin, source, server, max(run) as last_run,
               arg_max(extract, finished) filter (where extract is not null and status <> 'failed') as newest
        from collection
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
    group by all
)
select bridge, server, instance, last_seen, last_extract
from stood
qualify row_number() over (
    partition by bridge
    order by counts desc, case when counts then first_extract end, last_seen desc, last_extract desc, instance
) = 1;

-- All facts are derived again, so that the claims are those of all extracts.
delete from derivation;
delete from problem;
delete from sighting;
delete from report;
delete from country_count;
delete from transport_count;
delete from request;
delete from request_country_count;
delete from traffic;
