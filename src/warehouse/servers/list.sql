-- How each server of the settings fares. Reads: warehouse.*, setting_server
with attempt as (
    select server, max(finished) as finished, arg_max(status, (finished, source)) as status,
           arg_max(error, (finished, source)) filter (where status = 'failed') as error
    from warehouse.collection
    group by server
),
-- What each source heard last from each server.
heard as (
    select server, arg_max(extract, finished) as extract
    from warehouse.collection
    where extract is not null
    group by server, plugin, source
),
standing as (
    select heard.server, count(distinct sighting.bridge) as bridges,
           max(cast(report.ends - report.seconds / 2 * interval 1 second as date)) as newest_day
    from heard
    join warehouse.sighting using (extract)
    left join warehouse.report on report.bridge = sighting.bridge
    group by heard.server
)
select
    setting_server.server,
    setting_server.sources,
    strftime(attempt.finished, '%Y-%m-%dT%H:%M:%SZ') as last_collection,
    coalesce(attempt.status, 'never') as status,
    case when attempt.status = 'failed' then attempt.error end as reason,
    coalesce(standing.bridges, 0) as bridges,
    standing.newest_day
from setting_server
left join attempt using (server)
left join standing using (server)
order by setting_server.server
