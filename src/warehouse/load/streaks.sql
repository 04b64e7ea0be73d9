-- Servers, by source, whose failures in a row have become as many as (3) with the runs from (1) to (2), and were fewer
-- before. Only runs that asked the server count.
with asked as (
    select plugin, source, server, run, error,
           max(run) filter (where status <> 'failed') over (partition by plugin, source, server) as last_success,
           max(finished) filter (where status <> 'failed') over (partition by plugin, source, server) as last_answer
    from collection
    where run <= $2
)
select server, source, arg_max(error, run), count(*), epoch_us(any_value(last_answer))
from asked
where last_success is null or run > last_success
group by plugin, source, server
having max(run) = $2 and count(*) >= $3 and count(*) filter (where run < $1) < $3
order by server, source
