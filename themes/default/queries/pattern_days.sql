-- Sample values for the pattern page: two months of days in three series.
select cast(day as date) as day, series, cast(8 * round(base * (1 + 0.25 * sin(number * 0.9) + number / 90)) as bigint) as clients
from range(60) as numbers(number)
cross join (values ('obfs4', 60), ('snowflake', 42), ('webtunnel', 18)) as kinds(series, base)
cross join lateral (select date '2026-01-01' + cast(number as integer) as day)
where not (number between 33 and 35 and series = 'snowflake')
order by day, base desc
