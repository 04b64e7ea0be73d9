-- Sample values for the pattern page: the states that a bridge can be in.
select label, state, cast(since as date) as since
from (values
    (1, 'Oak', 'reported', null),
    (2, 'Elm', 'no_geoip', '2026-01-03'),
    (3, 'Ash', 'no_report', null),
    (4, 'Fir', 'unreachable', '2026-02-11')
) as states(number, label, state, since)
order by number
