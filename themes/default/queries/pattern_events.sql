-- Sample values for the pattern page: sudden changes, one that goes on and one that is over.
select name, label, direction, cast(since as date) as since, cast(until as date) as until, cast(extreme_day as date) as extreme_day,
       clients, low, high
from (values
    ('ir', 'Iran', 'rose', '2026-02-11', null, '2026-02-12', 12480, 3200, 6400),
    ('tm', 'Turkmenistan', 'fell', '2026-01-20', '2026-02-03', '2026-01-21', 40, 160, 320)
) as events(name, label, direction, since, until, extreme_day, clients, low, high)
order by since desc
