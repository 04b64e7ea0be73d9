-- The days on which a country or a transport was suddenly changed, and the newest change that it was part of.
select kind, name, day, event, since, direction
from (select *, cast(unnest(generate_series(since, last, interval 1 day)) as date) as day from events)
qualify row_number() over (partition by kind, name, day order by since desc, event) = 1
order by kind, name, day
