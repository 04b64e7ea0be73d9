-- Sample values for the pattern page: what is marked in charts, and notes.
select cast(day as date) as day, about, text
from (values
    ('2026-01-20', 'Oak', 'moved to another server'),
    ('2026-02-03', null, 'the newest day of three was lost')
) as marks(day, about, text)
order by day
