-- Servers, by source, that have failed as often in a row as (2) or more, the last time in the run (1), of which nobody has
-- been told. Only runs that asked the server count.
with asked as (
    select plugin, source, server, run, error,
           max(run) filter (where status <> 'failed') over (partition by plugin, source, server) as last_success,
           max(finished) filter (where status <> 'failed') over (partition by plugin, source, server) as last_answer
    from collection
    where run <= $1
),
failing as (
    select plugin, source, server, arg_max(error, run) as reason, count(*) as failures, min(run) as first_run,
           max(run) as last_run, any_value(last_success) as last_success, any_value(last_answer) as last_answer
    from asked
    where last_success is null or run > last_success
    group by plugin, source, server
)
select plugin, source, server, reason, failures, epoch_us(last_answer), first_run
from failing
where last_run = $1 and failures >= $2
  and not exists (select 1 from told
                  where told.plugin = failing.plugin and told.source = failing.source and told.server = failing.server
                    and (failing.last_success is null or told.first_run > failing.last_success))
order by server, source
