-- Each server as it was when it was asked last, with its traffic of the last 30 days.
with last as (select max(day) as last_day from host_days)
select
    server,
    'host/' || trim(regexp_replace(lower(server), '[^a-z0-9]+', '-', 'g'), '-') || '-' || substr(md5(server), 1, 4) || '.html' as path,
    max(day) as day,
    cast(sum(sent_bytes) filter (where day > last_day - 30) as bigint) as sent_bytes,
    cast(sum(received_bytes) filter (where day > last_day - 30) as bigint) as received_bytes,
    arg_max(busy, day) filter (where busy is not null) as busy,
    arg_max(memory, day) filter (where memory is not null) as memory,
    arg_max(disk, day) filter (where disk is not null) as disk
from host_days cross join last
group by server
order by server
