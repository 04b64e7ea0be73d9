-- How each source of the settings fares. Reads: warehouse.*, setting_source, stored
with newest as (
    select plugin, source, max(run) as run from warehouse.collection group by plugin, source
),
attempt as (
    select plugin, source, max(finished) as finished,
           -- One server that failed is what there is to say.
           arg_min(status, case status when 'failed' then 1 when 'new' then 2 else 3 end) as status,
           any_value(error) filter (where status = 'failed') as error
    from warehouse.collection semi join newest using (plugin, source, run)
    group by plugin, source
)
select
    setting_source.source,
    setting_source.plugin,
    strftime(attempt.finished, '%Y-%m-%dT%H:%M:%SZ') as last_collection,
    coalesce(attempt.status, 'never') as status,
    attempt.error as reason,
    stored.rows
from setting_source
left join attempt using (plugin, source)
left join stored using (source)
order by setting_source.source;
