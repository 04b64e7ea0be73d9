-- Sample values for the pattern page: rows for tables, flags, changes and the map.
select country, name, clients, share, sent_bytes, change, fell, rose,
       [if(clients < 20 and day % 3 = 0, null, cast(round(clients * (1 - change * (29 - day) / 29)) as bigint)) for day in range(30)] as history
from (values
    ('ir', 'Iran', 12480, 0.52, 48200000000, 0.31, false, true),
    ('ru', 'Russia', 6400, 0.267, 21700000000, -0.08, false, false),
    ('tm', 'Turkmenistan', 240, 0.01, 830000000, -0.72, true, false),
    ('us', 'United States', 96, 0.004, 310000000, 0.0, false, false),
    ('??', 'Unknown', 16, 0.0007, null, null, false, false)
) as countries(country, name, clients, share, sent_bytes, change, fell, rose)
order by clients desc
